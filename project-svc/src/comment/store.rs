//! Queries of comments.

use chrono::{DateTime, Utc};
use kernel::{CommentId, ProjectId, TaskId, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::access::{Standing, Thing, find};
use crate::entity::comment;
use crate::tenant::Tenant;

/// Of a comment on a task: its own columns but for the project's, which is the task's.
const COLUMNS: &str = "m.id, m.task_id, m.author_id, m.body, m.version, m.created_at, m.updated_at, m.deleted_at, \
    p.id as project_id";

/// A comment on a task that is still there.
#[derive(FromQueryResult)]
pub(crate) struct CommentRow {
    #[sea_orm(nested)]
    pub(crate) comment: comment::Model,
    pub(crate) project_id: ProjectId,
}

impl Thing for CommentRow {
    type Id = CommentId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: CommentId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let from = "comments m join tasks t on t.id = m.task_id join projects p on p.id = t.project_id
            where m.id = $1 and m.deleted_at is null and t.deleted_at is null and p.deleted_at is null";
        find(db, COLUMNS, from, id, caller).await
    }
}

/// A page of a task's comments, the oldest first.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    task: TaskId,
    after: Option<(DateTime<Utc>, CommentId)>,
    limit: u64,
) -> Result<Vec<comment::Model>, DbErr> {
    use comment::Column::{CreatedAt, DeletedAt, Id, TaskId};

    let mut comments = comment::Entity::find()
        .filter(TaskId.eq(task))
        .filter(DeletedAt.is_null())
        .order_by_asc(CreatedAt)
        .order_by_asc(Id)
        .limit(limit);
    if let Some((created_at, id)) = after {
        let place = Expr::tuple([Expr::col(CreatedAt), Expr::col(Id)]);
        comments = comments.filter(place.gt(Expr::tuple([Expr::val(created_at), Expr::val(id)])));
    }
    comments.all(db).await
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    task: TaskId,
    body: String,
) -> Result<comment::Model, DbErr> {
    let now = tenant.now();
    let comment = comment::ActiveModel {
        id: Set(tenant.next_id()),
        task_id: Set(task),
        author_id: Set(tenant.user()),
        body: Set(body),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        deleted_at: Set(None),
    };
    comment::Entity::insert(comment)
        .exec_with_returning(db)
        .await
}

/// Marks the comment as deleted; false when it is already.
pub(super) async fn delete(
    db: &impl ConnectionTrait,
    id: CommentId,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    use comment::Column::{DeletedAt, Id};

    let deleted = comment::Entity::update_many()
        .col_expr(DeletedAt, Expr::value(now))
        .filter(Id.eq(id))
        .filter(DeletedAt.is_null());
    Ok(deleted.exec(db).await?.rows_affected == 1)
}

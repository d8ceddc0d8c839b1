//! Queries of views.

use httpkit::Member;
use kernel::{ProjectId, UserId, ViewId};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Statement, Value, raw_sql,
};

use crate::access::{Standing, Thing, visible};
use crate::entity::{project, view};

/// A view that the caller may know of, if they see its project.
#[derive(FromQueryResult)]
pub(crate) struct ViewRow {
    #[sea_orm(nested)]
    pub(crate) view: view::Model,
}

impl Thing for ViewRow {
    type Id = ViewId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: ViewId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let found = Self::find_by_statement(raw_sql!(
            Postgres,
            "select * from views where id = {id} and (shared or owner_id = {caller})"
        ));
        let Some(row) = found.one(db).await? else {
            return Ok(None);
        };
        let Some(project) = row.view.project_id else {
            return Ok(Some((row, Standing::OF_ORGANIZATION)));
        };
        let project = project::Model::load(db, project, caller).await?;
        Ok(project.map(|(_, standing)| (row, standing)))
    }
}

/// A page of the views that a person sees, by name.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    member: &Member,
    project: Option<ProjectId>,
    after: Option<(String, ViewId)>,
    limit: u64,
) -> Result<Vec<view::Model>, DbErr> {
    let seen = visible(member, "p", "$1");
    let (name, id) = after.unzip();
    let sql = format!(
        "select v.* from views v left join projects p on p.id = v.project_id
         where (v.shared or v.owner_id = $1) and ($2::uuid is null or v.project_id = $2)
             and (v.project_id is null or p.deleted_at is null and {seen})
             and ($3::text is null or (v.name, v.id) > ($3, $4))
         order by v.name, v.id limit {limit}"
    );
    let values = [
        Value::from(member.user),
        project.into(),
        name.into(),
        id.into(),
    ];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    view::Model::find_by_statement(statement).all(db).await
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    view: view::ActiveModel,
) -> Result<view::Model, DbErr> {
    view::Entity::insert(view).exec_with_returning(db).await
}

/// False when it is gone already, or not in the version expected.
pub(super) async fn delete(
    db: &impl ConnectionTrait,
    id: ViewId,
    expected: Option<i32>,
) -> Result<bool, DbErr> {
    let delete = raw_sql!(
        Postgres,
        "delete from views where id = {id} and ({expected}::integer is null or version = {expected})"
    );
    Ok(db.execute_raw(delete).await?.rows_affected() == 1)
}

//! Queries of projects.

use chrono::{DateTime, Utc};
use httpkit::{Member, Problem};
use kernel::{ProjectId, ProjectKey, UserId, WorkspaceId};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, TryInsertResult, raw_sql,
};

use super::model::{ProjectPriority, ProjectRole, ProjectStatus, suggested_keys};
use super::view::{CreateProject, ProjectSummary};
use crate::access::{Standing, Thing, find, visible};
use crate::entity::{project, project_member};
use crate::tenant::Tenant;

impl Thing for project::Model {
    type Id = ProjectId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: ProjectId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let from = "projects p where p.id = $1 and p.deleted_at is null";
        find(db, "p.*", from, id, caller).await
    }
}

/// A page of the projects that the member sees, the newest first.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    member: &Member,
    after: Option<(DateTime<Utc>, ProjectId)>,
    limit: u64,
) -> Result<Vec<ProjectSummary>, DbErr> {
    use project::Column::{CreatedAt, DeletedAt, Id};

    let mut projects = project::Entity::find()
        .filter(DeletedAt.is_null())
        .filter(Expr::cust_with_values(
            visible(member, "projects", "$1"),
            [member.user],
        ))
        .order_by_desc(CreatedAt)
        .order_by_desc(Id)
        .limit(limit);
    if let Some((created_at, id)) = after {
        let place = Expr::tuple([Expr::col(CreatedAt), Expr::col(Id)]);
        let key = Expr::tuple([Expr::val(created_at), Expr::val(id)]);
        projects = projects.filter(place.lt(key));
    }
    projects.into_model().all(db).await
}

/// How many projects there are. Other transactions that ask wait for this one's end, so that no two find room for
/// the same one; the default workspace stands for all of them.
pub(super) async fn count_alone(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    let hold = raw_sql!(
        Postgres,
        "select id from workspaces where is_default for no key update"
    );
    db.query_one_raw(hold).await?;
    let projects = project::Entity::find().filter(project::Column::DeletedAt.is_null());
    projects.count(db).await
}

/// Which of these keys projects have, those in the trash too.
#[derive(FromQueryResult)]
struct Taken {
    keys: Vec<String>,
}

/// Writes a project with a key that nobody else has, and its creator as its owner.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    home: WorkspaceId,
    asked: CreateProject,
) -> Result<project::Model, Problem> {
    let keys = match &asked.key {
        Some(key) => vec![key.clone()],
        None => suggested_keys(&asked.name),
    };
    let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
    let taken = Taken::find_by_statement(raw_sql!(
        Postgres,
        "select array(select key from projects where key = any({names})) as keys"
    ));
    let taken = taken
        .one(db)
        .await?
        .map_or_else(Vec::new, |taken| taken.keys);
    let mut project = new_project(tenant, asked, home);
    for key in keys
        .iter()
        .filter(|key| !taken.iter().any(|taken| taken == key.as_str()))
    {
        project.key = Set(key.to_string());
        if let Some(project) = try_insert(db, project.clone()).await? {
            add_owner(db, tenant, project.id).await?;
            return Ok(project);
        }
    }
    Err(key_taken(&keys))
}

/// Changes the columns that are set. None when there is no such project in the version expected.
pub(super) async fn update(
    db: &impl ConnectionTrait,
    id: ProjectId,
    changes: project::ActiveModel,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Option<project::Model>, DbErr> {
    use project::Column::{DeletedAt, Id, UpdatedAt, Version};

    let mut update = project::Entity::update_many()
        .set(changes)
        .col_expr(Version, Expr::col(Version).add(1))
        .col_expr(UpdatedAt, Expr::value(now))
        .filter(Id.eq(id))
        .filter(DeletedAt.is_null());
    if let Some(version) = expected {
        update = update.filter(Version.eq(version));
    }
    Ok(update.exec_with_returning(db).await?.pop())
}

/// Marks the project as deleted; false when it is not there in the version expected.
pub(super) async fn delete(
    db: &impl ConnectionTrait,
    id: ProjectId,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let changes = project::ActiveModel {
        deleted_at: Set(Some(now)),
        ..Default::default()
    };
    let deleted = update(db, id, changes, expected, now).await?;
    Ok(deleted.is_some())
}

/// Takes the project's next task number; other transactions that want one wait for this one's end.
pub(crate) async fn take_task_number(
    db: &impl ConnectionTrait,
    id: ProjectId,
) -> Result<Option<i32>, DbErr> {
    let taken = db.query_one_raw(raw_sql!(
        Postgres,
        "update projects set next_task_number = next_task_number + 1
         where id = {id} and deleted_at is null returning next_task_number - 1 as number"
    ));
    taken
        .await?
        .map(|row| row.try_get("", "number"))
        .transpose()
}

fn new_project(tenant: &Tenant, asked: CreateProject, home: WorkspaceId) -> project::ActiveModel {
    let now = tenant.now();
    project::ActiveModel {
        id: Set(tenant.next_id()),
        workspace_id: Set(home),
        key: NotSet,
        name: Set(asked.name),
        description: Set(asked.description),
        status: Set(asked.status.unwrap_or(ProjectStatus::Active)),
        priority: Set(asked.priority.unwrap_or(ProjectPriority::Medium)),
        color: Set(asked.color),
        start_date: Set(asked.start_date),
        end_date: Set(asked.end_date),
        next_task_number: Set(1),
        created_by: Set(tenant.user()),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        deleted_at: NotSet,
    }
}

/// None when somebody took the key meanwhile; the transaction goes on all the same.
async fn try_insert(
    db: &impl ConnectionTrait,
    project: project::ActiveModel,
) -> Result<Option<project::Model>, DbErr> {
    let insert = project::Entity::insert(project).on_conflict_do_nothing_on([project::Column::Key]);
    // `exec_with_returning` would take the conflict for an error.
    match insert.exec_with_returning_many(db).await? {
        TryInsertResult::Inserted(rows) => Ok(rows.into_iter().next()),
        TryInsertResult::Conflicted | TryInsertResult::Empty => Ok(None),
    }
}

async fn add_owner(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    project: ProjectId,
) -> Result<(), DbErr> {
    let owner = project_member::ActiveModel {
        project_id: Set(project),
        user_id: Set(tenant.user()),
        role: Set(ProjectRole::Owner),
        added_at: Set(tenant.now()),
    };
    project_member::Entity::insert(owner)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

fn key_taken(keys: &[ProjectKey]) -> Problem {
    let detail = match keys {
        [only] => format!("another project has the key {only}"),
        _ => "no key made of this name is free; choose one".to_owned(),
    };
    Problem::conflict("key_taken", detail)
}

/// Takes somebody who left the organization out of all projects.
pub(crate) async fn remove_from_all(db: &impl ConnectionTrait, user: UserId) -> Result<(), DbErr> {
    let delete = raw_sql!(
        Postgres,
        "delete from project_members where user_id = {user}"
    );
    db.execute_raw(delete).await.map(drop)
}

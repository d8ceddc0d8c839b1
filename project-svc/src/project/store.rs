//! Queries of projects.

use chrono::{DateTime, Utc};
use httpkit::{Member, Problem};
use kernel::{Permission, ProjectId, ProjectKey, UserId, WorkspaceId};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, TryInsertResult, raw_sql,
};
use serde_json::Value;

use super::members_store as members;
use super::model::{ProjectPriority, ProjectRole, ProjectStatus, suggested_keys};
use super::view::{CreateProject, ProjectFilter, ProjectSummary};
use crate::access::{Standing, Thing, find, permitted, visible};
use crate::entity::project;
use crate::tenant::Tenant;
use crate::versions;

/// Of a project; money leaves the database as text.
const COLUMNS: &str = "p.id, p.workspace_id, p.key, p.name, p.description, p.status, p.priority, p.color, p.start_date, \
    p.end_date, p.is_public, p.budget::text as budget, p.owner_id, p.team_id, p.settings, p.archived_at, \
    p.next_task_number, p.created_by, p.version, p.created_at, p.updated_at, p.deleted_at";

impl Thing for project::Model {
    type Id = ProjectId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: ProjectId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let from = "projects p where p.id = $1 and p.deleted_at is null";
        find(db, COLUMNS, from, id, caller).await
    }
}

/// A project in the trash.
#[derive(FromQueryResult)]
pub(crate) struct Trashed {
    #[sea_orm(nested)]
    pub(crate) project: project::Model,
}

impl Thing for Trashed {
    type Id = ProjectId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: ProjectId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let from = "projects p where p.id = $1 and p.deleted_at is not null";
        find(db, COLUMNS, from, id, caller).await
    }
}

/// A page of the projects that the member sees, the newest first.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    member: &Member,
    filter: &ProjectFilter,
    after: Option<(DateTime<Utc>, ProjectId)>,
    limit: u64,
) -> Result<Vec<ProjectSummary>, DbErr> {
    use project::Column::{ArchivedAt, CreatedAt, DeletedAt, Id, Status, TeamId, WorkspaceId};

    let mut projects = project::Entity::find()
        .filter(DeletedAt.is_null())
        .filter(if filter.archived {
            ArchivedAt.is_not_null()
        } else {
            ArchivedAt.is_null()
        })
        .apply_if(filter.status, |found, status| {
            found.filter(Status.eq(status))
        })
        .apply_if(filter.workspace_id, |found, id| {
            found.filter(WorkspaceId.eq(id))
        })
        .apply_if(filter.team_id, |found, id| found.filter(TeamId.eq(id)))
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
    let mut project = new_project(tenant, asked, home);
    // Most often the first is free; only where it is not, the others are looked up.
    let mut taken: Option<Vec<String>> = None;
    for key in &keys {
        if taken.iter().flatten().any(|taken| taken == key.as_str()) {
            continue;
        }
        project.key = Set(key.to_string());
        if let Some(project) = try_insert(db, project.clone()).await? {
            let (owner, now) = (tenant.user(), tenant.now());
            members::add(db, project.id, owner, ProjectRole::Owner, now).await?;
            return Ok(project);
        }
        if taken.is_none() {
            taken = Some(taken_keys(db, &keys).await?);
        }
    }
    Err(key_taken(&keys))
}

/// Which of these keys projects have, those in the trash too.
async fn taken_keys(db: &impl ConnectionTrait, keys: &[ProjectKey]) -> Result<Vec<String>, DbErr> {
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    let taken = project::Entity::find()
        .select_only()
        .column(project::Column::Key)
        .filter(project::Column::Key.is_in(keys));
    taken.into_tuple().all(db).await
}

/// Brings the project back from the trash. None when it is not there in the version expected.
pub(super) async fn restore(
    db: &impl ConnectionTrait,
    id: ProjectId,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Option<project::Model>, DbErr> {
    let changes = project::ActiveModel {
        deleted_at: Set(None),
        ..Default::default()
    };
    let trashed = Condition::all().add(project::Column::DeletedAt.is_not_null());
    versions::update_where::<project::Entity>(db, id, changes, trashed, expected, now).await
}

/// Projects in the trash that the member may bring back, the last deleted first.
pub(super) async fn trash(
    db: &impl ConnectionTrait,
    member: &Member,
    after: Option<(DateTime<Utc>, ProjectId)>,
    limit: u64,
) -> Result<Vec<ProjectSummary>, DbErr> {
    use project::Column::{DeletedAt, Id};

    let mut projects = project::Entity::find()
        .filter(DeletedAt.is_not_null())
        .filter(Expr::cust_with_values(
            permitted(member, Permission::ProjectDelete, "projects", "$1"),
            [member.user],
        ))
        .order_by_desc(DeletedAt)
        .order_by_desc(Id)
        .limit(limit);
    if let Some((deleted_at, id)) = after {
        let place = Expr::tuple([Expr::col(DeletedAt), Expr::col(Id)]);
        let key = Expr::tuple([Expr::val(deleted_at), Expr::val(id)]);
        projects = projects.filter(place.lt(key));
    }
    projects.into_model().all(db).await
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
    let deleted = versions::update::<project::Entity>(db, id, changes, expected, now).await?;
    Ok(deleted.is_some())
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
        is_public: Set(asked.public.unwrap_or(true)),
        budget: Set(asked.budget),
        owner_id: Set(Some(tenant.user())),
        team_id: Set(asked.team_id),
        settings: Set(Value::Object(asked.settings.unwrap_or_default())),
        archived_at: NotSet,
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

fn key_taken(keys: &[ProjectKey]) -> Problem {
    let detail = match keys {
        [only] => format!("another project has the key {only}"),
        _ => "no key made of this name is free; choose one".to_owned(),
    };
    Problem::conflict("key_taken", detail)
}

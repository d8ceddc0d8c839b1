//! Queries of workspaces and of who is in them.

use chrono::{DateTime, Utc};
use httpkit::Member;
use kernel::{UserId, WorkspaceId};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    Statement, TryInsertResult, raw_sql,
};
use serde_json::Value;

use super::model::WorkspaceRole;
use super::view::{CreateWorkspace, WorkspaceMemberView, WorkspaceSummary};
use crate::access::{Standing, Thing, visible_workspace};
use crate::entity::{workspace, workspace_member};
use crate::tenant::Tenant;

/// A workspace and what the caller is in it.
#[derive(FromQueryResult)]
pub(crate) struct WorkspaceRow {
    #[sea_orm(nested)]
    pub(crate) workspace: workspace::Model,
    pub(crate) role: Option<WorkspaceRole>,
}

impl WorkspaceRow {
    fn standing(&self) -> Standing {
        Standing {
            workspace_public: self.workspace.is_public,
            workspace_role: self.role,
            ..Standing::OF_ORGANIZATION
        }
    }
}

impl Thing for WorkspaceRow {
    type Id = WorkspaceId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: WorkspaceId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        home(db, Some(id), caller).await
    }
}

/// The workspace of this id; without one, the workspace that was made with the organization.
pub(crate) async fn home(
    db: &impl ConnectionTrait,
    id: Option<WorkspaceId>,
    caller: UserId,
) -> Result<Option<(WorkspaceRow, Standing)>, DbErr> {
    let found = WorkspaceRow::find_by_statement(raw_sql!(
        Postgres,
        "select w.*, (select m.role from workspace_members m where m.workspace_id = w.id and m.user_id = {caller}) as role
         from workspaces w where w.id = {id} or ({id}::uuid is null and w.is_default)"
    ));
    let found = found.one(db).await?;
    Ok(found.map(|row| {
        let standing = row.standing();
        (row, standing)
    }))
}

/// Workspaces that the member sees, by name.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    member: &Member,
    active: Option<bool>,
    after: Option<(String, WorkspaceId)>,
    limit: i64,
) -> Result<Vec<WorkspaceSummary>, DbErr> {
    let seen = visible_workspace(member, "w", "$1");
    let sql = format!(
        "select w.id, w.name, w.is_default, w.is_public, w.is_active, w.version,
             (select m.role from workspace_members m where m.workspace_id = w.id and m.user_id = $1) as role
         from workspaces w
         where {seen} and ($2::text is null or (w.name, w.id) > ($2, $3::uuid))
         and ($4::boolean is null or w.is_active = $4)
         order by w.name, w.id limit $5"
    );
    let (name, id) = after.unzip();
    let values = [
        member.user.into(),
        name.into(),
        id.into(),
        active.into(),
        limit.into(),
    ];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    WorkspaceSummary::find_by_statement(statement).all(db).await
}

/// Adds a workspace; its maker is its first owner.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    asked: CreateWorkspace,
) -> Result<workspace::Model, DbErr> {
    let now = tenant.now();
    let row = workspace::ActiveModel {
        id: Set(tenant.next_id()),
        name: Set(asked.name),
        description: Set(asked.description),
        is_default: Set(false),
        is_public: Set(asked.public.unwrap_or(true)),
        is_active: Set(true),
        owner_id: Set(Some(tenant.user())),
        settings: Set(Value::Object(asked.settings.unwrap_or_default())),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let row = workspace::Entity::insert(row)
        .exec_with_returning(db)
        .await?;
    add_member(db, row.id, tenant.user(), WorkspaceRole::Owner, now).await?;
    Ok(row)
}

/// Locks the workspace: no project comes into it, and nobody is added, changed or removed, until the transaction
/// ends. False when it is gone.
pub(super) async fn lock(db: &impl ConnectionTrait, id: WorkspaceId) -> Result<bool, DbErr> {
    let lock = raw_sql!(
        Postgres,
        "select id from workspaces where id = {id} for update"
    );
    Ok(db.query_one_raw(lock).await?.is_some())
}

/// Whether projects live in it, those in the trash too.
pub(super) async fn has_projects(
    db: &impl ConnectionTrait,
    id: WorkspaceId,
) -> Result<bool, DbErr> {
    let any = raw_sql!(
        Postgres,
        "select 1 from projects where workspace_id = {id} limit 1"
    );
    Ok(db.query_one_raw(any).await?.is_some())
}

/// Deletes the workspace; false when it is not there in the version expected.
pub(super) async fn delete(
    db: &impl ConnectionTrait,
    id: WorkspaceId,
    expected: Option<i32>,
) -> Result<bool, DbErr> {
    let mut delete = workspace::Entity::delete_many().filter(workspace::Column::Id.eq(id));
    if let Some(version) = expected {
        delete = delete.filter(workspace::Column::Version.eq(version));
    }
    Ok(delete.exec(db).await?.rows_affected == 1)
}

/// Who is in a workspace, in the order they came.
pub(super) async fn members(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    after: Option<(DateTime<Utc>, UserId)>,
    limit: i64,
) -> Result<Vec<WorkspaceMemberView>, DbErr> {
    let (added_at, user) = after.unzip();
    WorkspaceMemberView::find_by_statement(raw_sql!(
        Postgres,
        "select m.user_id, p.name, m.role, m.added_at
         from workspace_members m join people p on p.id = m.user_id
         where m.workspace_id = {workspace}
         and ({added_at}::timestamptz is null or (m.added_at, m.user_id) > ({added_at}, {user}))
         order by m.added_at, m.user_id limit {limit}"
    ))
    .all(db)
    .await
}

/// One of them.
pub(super) async fn member(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Option<WorkspaceMemberView>, DbErr> {
    WorkspaceMemberView::find_by_statement(raw_sql!(
        Postgres,
        "select m.user_id, p.name, m.role, m.added_at
         from workspace_members m join people p on p.id = m.user_id
         where m.workspace_id = {workspace} and m.user_id = {user}"
    ))
    .one(db)
    .await
}

/// Whether somebody else is an owner of it.
pub(super) async fn has_other_owner(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<bool, DbErr> {
    let other = raw_sql!(
        Postgres,
        "select 1 from workspace_members
         where workspace_id = {workspace} and user_id <> {user} and role = 'owner' limit 1"
    );
    Ok(db.query_one_raw(other).await?.is_some())
}

/// Puts somebody into a workspace; false when they are in it already.
pub(crate) async fn add_member(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    user: UserId,
    role: WorkspaceRole,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let row = workspace_member::ActiveModel {
        workspace_id: Set(workspace),
        user_id: Set(user),
        role: Set(role),
        added_at: Set(now),
    };
    let columns = [
        workspace_member::Column::WorkspaceId,
        workspace_member::Column::UserId,
    ];
    let added = workspace_member::Entity::insert(row)
        .on_conflict_do_nothing_on(columns)
        .exec_without_returning(db)
        .await?;
    Ok(matches!(added, TryInsertResult::Inserted(1)))
}

/// Gives another role.
pub(super) async fn set_role(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    user: UserId,
    role: WorkspaceRole,
) -> Result<(), DbErr> {
    let update = raw_sql!(
        Postgres,
        "update workspace_members set role = {role} where workspace_id = {workspace} and user_id = {user}"
    );
    db.execute_raw(update).await.map(drop)
}

/// Takes somebody out of a workspace.
pub(super) async fn remove_member(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<(), DbErr> {
    let delete = raw_sql!(
        Postgres,
        "delete from workspace_members where workspace_id = {workspace} and user_id = {user}"
    );
    db.execute_raw(delete).await.map(drop)
}

/// Takes somebody who left the organization out of all workspaces.
pub(crate) async fn remove_from_all(db: &impl ConnectionTrait, user: UserId) -> Result<(), DbErr> {
    let delete = raw_sql!(
        Postgres,
        "delete from workspace_members where user_id = {user}"
    );
    db.execute_raw(delete).await.map(drop)
}

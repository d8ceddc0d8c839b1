//! Queries of teams and of who is in them.

use chrono::{DateTime, Utc};
use kernel::{TeamId, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    TryInsertResult, raw_sql,
};
use serde_json::Value;

use super::model::TeamRole;
use super::view::{CreateTeam, TeamMemberView, TeamOfUser, TeamSummary};
use crate::access::{Rights, Standing, Thing};
use crate::entity::{team, team_member};
use crate::tenant::Tenant;

/// A team and who leads it.
#[derive(FromQueryResult)]
pub(crate) struct TeamRow {
    #[sea_orm(nested)]
    pub(crate) team: team::Model,
    leads: Vec<uuid::Uuid>,
}

impl TeamRow {
    pub(crate) fn is_led_by(&self, user: UserId) -> bool {
        self.leads.contains(&user.uuid())
    }
}

impl Thing for TeamRow {
    type Id = TeamId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: TeamId,
        _: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let found = Self::find_by_statement(raw_sql!(
            Postgres,
            "select t.*, array(select user_id from team_members m where m.team_id = t.id and m.role = 'lead') as leads
             from teams t where t.id = {id}"
        ));
        let found = found.one(db).await?;
        Ok(found.map(|team| (team, Standing::OF_ORGANIZATION)))
    }

    fn is_seen_with(_: Rights) -> bool {
        true
    }
}

/// Teams by name.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    active: Option<bool>,
    after: Option<(String, TeamId)>,
    limit: i64,
) -> Result<Vec<TeamSummary>, DbErr> {
    let (name, id) = after.unzip();
    TeamSummary::find_by_statement(raw_sql!(
        Postgres,
        "select t.id, t.name, t.slug, t.color, t.active, t.version,
             (select count(*) from team_members m where m.team_id = t.id) as members
         from teams t
         where ({name}::text is null or (t.name, t.id) > ({name}, {id}))
         and ({active}::boolean is null or t.active = {active})
         order by t.name, t.id limit {limit}"
    ))
    .all(db)
    .await
}

/// Adds a team.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    asked: CreateTeam,
    slug: String,
) -> Result<team::Model, DbErr> {
    let now = tenant.now();
    let row = team::ActiveModel {
        id: Set(tenant.next_id()),
        name: Set(asked.name),
        slug: Set(slug),
        description: Set(asked.description),
        color: Set(asked.color),
        settings: Set(Value::Object(asked.settings.unwrap_or_default())),
        active: Set(true),
        created_by: Set(tenant.user()),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    team::Entity::insert(row).exec_with_returning(db).await
}

/// Deletes the team; false when it is not there in the version expected.
pub(super) async fn delete(
    db: &impl ConnectionTrait,
    id: TeamId,
    expected: Option<i32>,
) -> Result<bool, DbErr> {
    let mut delete = team::Entity::delete_many().filter(team::Column::Id.eq(id));
    if let Some(version) = expected {
        delete = delete.filter(team::Column::Version.eq(version));
    }
    Ok(delete.exec(db).await?.rows_affected == 1)
}

/// Who is in a team, in the order they came.
pub(super) async fn members(
    db: &impl ConnectionTrait,
    team: TeamId,
    after: Option<(DateTime<Utc>, UserId)>,
    limit: i64,
) -> Result<Vec<TeamMemberView>, DbErr> {
    let (added_at, user) = after.unzip();
    TeamMemberView::find_by_statement(raw_sql!(
        Postgres,
        "select m.user_id, p.name, m.role, m.added_at from team_members m join people p on p.id = m.user_id
         where m.team_id = {team}
         and ({added_at}::timestamptz is null or (m.added_at, m.user_id) > ({added_at}, {user}))
         order by m.added_at, m.user_id limit {limit}"
    ))
    .all(db)
    .await
}

/// One of them.
pub(super) async fn member(
    db: &impl ConnectionTrait,
    team: TeamId,
    user: UserId,
) -> Result<Option<TeamMemberView>, DbErr> {
    TeamMemberView::find_by_statement(raw_sql!(
        Postgres,
        "select m.user_id, p.name, m.role, m.added_at from team_members m join people p on p.id = m.user_id
         where m.team_id = {team} and m.user_id = {user}"
    ))
    .one(db)
    .await
}

/// Puts somebody into a team; false when they are in it already.
pub(super) async fn add_member(
    db: &impl ConnectionTrait,
    team: TeamId,
    user: UserId,
    role: TeamRole,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let row = team_member::ActiveModel {
        team_id: Set(team),
        user_id: Set(user),
        role: Set(role),
        added_at: Set(now),
    };
    let columns = [team_member::Column::TeamId, team_member::Column::UserId];
    let added = team_member::Entity::insert(row)
        .on_conflict_do_nothing_on(columns)
        .exec_without_returning(db)
        .await?;
    Ok(matches!(added, TryInsertResult::Inserted(1)))
}

/// Gives another role; false for somebody who is not in the team.
pub(super) async fn set_role(
    db: &impl ConnectionTrait,
    team: TeamId,
    user: UserId,
    role: TeamRole,
) -> Result<bool, DbErr> {
    use team_member::Column::{Role, TeamId, UserId};

    let changed = team_member::Entity::update_many()
        .col_expr(Role, Expr::value(role))
        .filter(TeamId.eq(team))
        .filter(UserId.eq(user));
    Ok(changed.exec(db).await?.rows_affected == 1)
}

/// Takes somebody out of a team; false for somebody who is not in it.
pub(super) async fn remove_member(
    db: &impl ConnectionTrait,
    team: TeamId,
    user: UserId,
) -> Result<bool, DbErr> {
    use team_member::Column::{TeamId, UserId};

    let removed = team_member::Entity::delete_many()
        .filter(TeamId.eq(team))
        .filter(UserId.eq(user));
    Ok(removed.exec(db).await?.rows_affected == 1)
}

/// Takes somebody who left the organization out of all teams.
pub(crate) async fn remove_from_all(db: &impl ConnectionTrait, user: UserId) -> Result<(), DbErr> {
    let of = team_member::Column::UserId.eq(user);
    let removed = team_member::Entity::delete_many().filter(of);
    removed.exec(db).await.map(drop)
}

/// Teams of a person by name.
pub(super) async fn of_user(
    db: &impl ConnectionTrait,
    user: UserId,
    after: Option<(String, TeamId)>,
    limit: i64,
) -> Result<Vec<TeamOfUser>, DbErr> {
    let (name, id) = after.unzip();
    TeamOfUser::find_by_statement(raw_sql!(
        Postgres,
        "select t.id, t.name, t.slug, t.active, m.role, m.added_at
         from team_members m join teams t on t.id = m.team_id
         where m.user_id = {user} and ({name}::text is null or (t.name, t.id) > ({name}, {id}))
         order by t.name, t.id limit {limit}"
    ))
    .all(db)
    .await
}

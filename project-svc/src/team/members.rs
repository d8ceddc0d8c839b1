//! HTTP of who is in which team.

use httpkit::{Created, Json, NoContent, PageQuery, PageRequest, Path, Problem};
use kernel::{Page, TeamId, UserId};
use serde::Deserialize;

use super::model::TeamRole;
use super::store;
use super::view::{AddTeamMember, TeamMemberView, TeamOfUser, UpdateTeamMember};
use crate::access::{Allowed, ListTeams, Permits, Read, TeamAccess, Write};
use crate::api::{ReadProblems, WriteProblems};
use crate::people;

/// The person of a path that names a team too.
#[derive(Deserialize)]
pub(super) struct MemberPath {
    user_id: UserId,
}

/// List the people in a team
///
/// In the order they came.
#[utoipa::path(get, path = "/teams/{id}/members", tag = "teams", params(("id" = TeamId, Path), PageRequest),
    responses((status = 200, description = "a page of people", body = Page<TeamMemberView>), ReadProblems))]
pub(super) async fn list_team_members(
    access: TeamAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<TeamMemberView>>, Problem> {
    let (after, limit) = (page.after()?, i64::from(page.limit) + 1);
    let connection = access.tenant.read().await?;
    let rows = store::members(&connection, access.thing.team.id, after, limit).await?;
    let key = |row: &TeamMemberView| (row.added_at, row.user_id);
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

/// Put somebody into a team
///
/// For its leads too.
#[utoipa::path(post, path = "/teams/{id}/members", tag = "teams", request_body = AddTeamMember,
    params(("id" = TeamId, Path)),
    responses((status = 201, description = "the person in the team", body = TeamMemberView), WriteProblems))]
pub(super) async fn add_team_member(
    access: TeamAccess<Write>,
    Json(body): Json<AddTeamMember>,
) -> Result<Created<Json<TeamMemberView>>, Problem> {
    let (tenant, team) = (access.tenant, access.thing.team.id);
    let user = body.user_id;
    people::resolve_one(&tenant, user, "/user_id").await?;
    let role = body.role.unwrap_or(TeamRole::Member);
    let unit = tenant.begin().await?;
    if !store::add_member(&unit, team, user, role, tenant.now()).await? {
        return Err(Problem::conflict(
            "already_in_team",
            "this person is in the team already",
        ));
    }
    let added = store::member(&unit, team, user).await?;
    unit.commit().await?;
    Ok(Created {
        location: format!("/api/v1/teams/{team}/members/{user}"),
        body: Json(added.ok_or_else(Problem::not_found)?),
    })
}

/// Change somebody's role in a team
///
/// For its leads too.
#[utoipa::path(patch, path = "/teams/{id}/members/{user_id}", tag = "teams", request_body = UpdateTeamMember,
    params(("id" = TeamId, Path), ("user_id" = UserId, Path)),
    responses((status = 200, description = "the person in the team", body = TeamMemberView), WriteProblems))]
pub(super) async fn update_team_member(
    access: TeamAccess<Write>,
    Path(member): Path<MemberPath>,
    Json(body): Json<UpdateTeamMember>,
) -> Result<Json<TeamMemberView>, Problem> {
    let (tenant, team, user) = (access.tenant, access.thing.team.id, member.user_id);
    let unit = tenant.begin().await?;
    if !store::set_role(&unit, team, user, body.role).await? {
        return Err(Problem::not_found());
    }
    let changed = store::member(&unit, team, user).await?;
    unit.commit().await?;
    Ok(Json(changed.ok_or_else(Problem::not_found)?))
}

/// Take somebody out of a team
///
/// For its leads too, and for oneself.
#[utoipa::path(delete, path = "/teams/{id}/members/{user_id}", tag = "teams",
    params(("id" = TeamId, Path), ("user_id" = UserId, Path)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn remove_team_member(
    access: TeamAccess<Read>,
    Path(member): Path<MemberPath>,
) -> Result<NoContent, Problem> {
    let (tenant, team, user) = (access.tenant, access.thing, member.user_id);
    if user != tenant.user() {
        Write::check(&tenant, access.rights, &team)?;
    }
    let unit = tenant.begin().await?;
    if !store::remove_member(&unit, team.team.id, user).await? {
        return Err(Problem::not_found());
    }
    unit.commit().await?;
    Ok(NoContent)
}

/// List the teams of a person
///
/// By name.
#[utoipa::path(get, path = "/users/{id}/teams", tag = "teams", params(("id" = UserId, Path), PageRequest),
    responses((status = 200, description = "a page of teams; empty for who is no member", body = Page<TeamOfUser>), ReadProblems))]
pub(super) async fn list_teams_of_user(
    Allowed { tenant, .. }: Allowed<ListTeams>,
    Path(user): Path<UserId>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<TeamOfUser>>, Problem> {
    let (after, limit) = (page.after()?, i64::from(page.limit) + 1);
    let rows = store::of_user(&tenant.read().await?, user, after, limit).await?;
    let key = |row: &TeamOfUser| (row.name.clone(), row.id);
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

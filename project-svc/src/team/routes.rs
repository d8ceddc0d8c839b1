//! HTTP of teams.

use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, IfMatch, Json, ListQuery, NoContent, PageRequest, Problem, Versioned};
use kernel::{Page, TeamId};
use sea_orm::{DbErr, SqlErr};

use super::view::{CreateTeam, PatchTeam, TeamFilter, TeamSummary, TeamView};
use super::{model, store};
use crate::access::{Allowed, CreateTeam as Create, Delete, ListTeams, Read, TeamAccess, Write};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::team;
use crate::patch::{Meant, changed};
use crate::versions;

/// Create a team
#[utoipa::path(post, path = "/teams", tag = "teams", request_body = CreateTeam,
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repetition harmless")),
    responses((status = 201, description = "the team", body = TeamView), WriteProblems))]
pub(super) async fn create_team(
    Allowed { tenant, .. }: Allowed<Create>,
    key: IdempotencyKey,
    Json(body): Json<CreateTeam>,
) -> Result<Created<Versioned<TeamView>>, Problem> {
    let slug = body.slug.clone().or_else(|| model::slug_of(&body.name));
    let missing = || Problem::field("/slug", "missing", "cannot be made of this name");
    let slug = slug.ok_or_else(missing)?;
    let once = key.once(format!("create_team:{}", tenant.user()), &body);
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    let team = store::insert(&unit, &tenant, body, slug).await;
    let view = TeamView::from(team.map_err(refused)?);
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

/// List teams
///
/// By name.
#[utoipa::path(get, path = "/teams", tag = "teams", params(PageRequest, TeamFilter),
    responses((status = 200, description = "a page of teams", body = Page<TeamSummary>), ReadProblems))]
pub(super) async fn list_teams(
    Allowed { tenant, .. }: Allowed<ListTeams>,
    ListQuery { page, filter }: ListQuery<TeamFilter>,
) -> Result<Json<Page<TeamSummary>>, Problem> {
    let (after, limit) = (page.after()?, i64::from(page.limit) + 1);
    let rows = store::page(&tenant.read().await?, filter.active, after, limit).await?;
    let key = |row: &TeamSummary| (row.name.clone(), row.id);
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

/// Get a team
#[utoipa::path(get, path = "/teams/{id}", tag = "teams", params(("id" = TeamId, Path)),
    responses((status = 200, description = "the team", body = TeamView), ReadProblems))]
pub(super) async fn get_team(access: TeamAccess<Read>) -> Versioned<TeamView> {
    versioned(access.thing.team.into())
}

/// Change a team
///
/// Fields left out stay as they are. For its leads too.
#[utoipa::path(patch, path = "/teams/{id}", tag = "teams", request_body = PatchTeam,
    params(("id" = TeamId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the team", body = TeamView), WriteProblems))]
pub(super) async fn update_team(
    access: TeamAccess<Write>,
    if_match: IfMatch,
    Json(body): Json<PatchTeam>,
) -> Result<Versioned<TeamView>, Problem> {
    let (tenant, team) = (access.tenant, access.thing.team);
    let meant = Meant::new(if_match, body.version);
    let expected = meant.check(team.version)?;
    let changes = body.changes();
    if changed(&changes).is_empty() {
        return Ok(versioned(team.into()));
    }
    let unit = tenant.begin().await?;
    let updated =
        versions::update::<team::Entity>(&unit, team.id, changes, expected, tenant.now()).await;
    let updated = updated.map_err(refused)?;
    let updated = updated.ok_or_else(|| meant.overtaken())?;
    unit.commit().await?;
    Ok(versioned(updated.into()))
}

/// Change a team, as PATCH does
#[utoipa::path(put, path = "/teams/{id}", tag = "teams", request_body = PatchTeam,
    params(("id" = TeamId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the team", body = TeamView), WriteProblems))]
pub(super) async fn replace_team(
    access: TeamAccess<Write>,
    if_match: IfMatch,
    body: Json<PatchTeam>,
) -> Result<Versioned<TeamView>, Problem> {
    update_team(access, if_match, body).await
}

/// Delete a team
///
/// The people in it stay, and what they made.
#[utoipa::path(delete, path = "/teams/{id}", tag = "teams",
    params(("id" = TeamId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_team(
    access: TeamAccess<Delete>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    let (tenant, team) = (access.tenant, access.thing.team);
    let meant = Meant::new(if_match, None);
    let expected = meant.check(team.version)?;
    let unit = tenant.begin().await?;
    if !store::delete(&unit, team.id, expected).await? {
        return Err(meant.overtaken());
    }
    unit.commit().await?;
    Ok(NoContent)
}

fn versioned(body: TeamView) -> Versioned<TeamView> {
    let version = body.version;
    Versioned { version, body }
}

fn created(view: TeamView) -> Created<Versioned<TeamView>> {
    Created {
        location: format!("/api/v1/teams/{}", view.id),
        body: versioned(view),
    }
}

fn refused(error: DbErr) -> Problem {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            Problem::conflict("slug_taken", "another team has this slug; choose one")
        }
        _ => error.into(),
    }
}

//! HTTP for the gateway.

use httpkit::{Json, NoContent, Problem};
use kernel::{Permission, ProjectId};
use serde::Serialize;

use crate::access::{BoardAccess, ProjectAccess, Read, Rights, WorkspaceAccess};

/// Where a board is.
#[derive(Serialize)]
pub(super) struct Place {
    project_id: ProjectId,
}

/// 204 for who may hear of the project, 404 for anybody else.
pub(super) async fn see_project(access: ProjectAccess<Read>) -> Result<NoContent, Problem> {
    hears(access.rights).map(|()| NoContent)
}

/// The board's project for who may hear of it, 404 for anybody else.
pub(super) async fn see_board(access: BoardAccess<Read>) -> Result<Json<Place>, Problem> {
    hears(access.rights)?;
    let project_id = access.thing.project_id;
    Ok(Json(Place { project_id }))
}

/// 204 for who sees the workspace, 404 for anybody else.
pub(super) async fn see_workspace(_access: WorkspaceAccess<Read>) -> NoContent {
    NoContent
}

/// A project's room tells of its tasks.
fn hears(rights: Rights) -> Result<(), Problem> {
    if rights.contains(Permission::TaskRead) {
        return Ok(());
    }
    Err(Problem::not_found())
}

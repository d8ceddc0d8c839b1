//! HTTP for the shortener.

use chrono_tz::Tz;
use garde::Validate;
use http::StatusCode;
use httpkit::tokens::Resource;
use httpkit::{Json, Problem};
use kernel::{Permission, UserId};
use serde::{Deserialize, Serialize};

use super::guest::{Guest, Shows};
use super::store::{self, CommentRow, Listed};
use super::view::{SharedBoard, SharedComment, SharedProject, SharedTask, SharedView};
use crate::access;
use crate::entity::{board, project};
use crate::filter::{self, Asked, Filter, Sort};
use crate::markdown;
use crate::saved_view::ViewRow;
use crate::state::AppState;
use crate::task::TaskRow;
use crate::tenant::Tenant;

/// Tasks shown of a project.
const PROJECT_TASKS: u64 = 100;
/// Tasks shown of a view.
const VIEW_TASKS: usize = 200;

/// What somebody wants to share.
#[derive(Serialize, Deserialize, Validate)]
pub(super) struct Asks {
    #[garde(skip)]
    resource: Resource,
}

/// 200 when the person behind the forwarded token may share it, 403 when not, 404 when it is not there.
pub(super) async fn check_shareable(
    tenant: Tenant,
    Json(asked): Json<Asks>,
) -> Result<Json<Asks>, Problem> {
    let rights = match asked.resource {
        Resource::Task(id) => access::load::<TaskRow>(&tenant, id).await?.1,
        Resource::Board(id) => access::load::<board::Model>(&tenant, id).await?.1,
        Resource::Project(id) => access::load::<project::Model>(&tenant, id).await?.1,
        Resource::View(id) => {
            let (row, rights) = access::load::<ViewRow>(&tenant, id).await?;
            check_view(&row)?;
            rights
        }
    };
    rights.require(Permission::LinkCreate)?;
    Ok(Json(asked))
}

/// What a view shows must lie in one project, which says who may see it, and be no secret of its owner.
fn check_view(row: &ViewRow) -> Result<(), Problem> {
    let detail = match (row.view.project_id, row.view.shared) {
        (Some(_), true) => return Ok(()),
        (None, _) => "a view over all projects cannot be shown to guests; make one of one project",
        (Some(_), false) => {
            "a view of one's own cannot be shown to guests; share it with the project first"
        }
    };
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not_shareable").with_detail(detail))
}

/// A task.
pub(super) async fn get_shared_task(
    Guest {
        thing: row,
        shows,
        connection,
    }: Guest<TaskRow>,
) -> Result<Json<SharedTask>, Problem> {
    let id = row.task.id;
    let people = match shows.people {
        true => store::people(&connection, id).await?,
        false => Vec::new(),
    };
    let comments = match shows.comments {
        true => authored(store::comments(&connection, id).await?, shows),
        false => Vec::new(),
    };
    let (key, task) = (row.key(), row.task);
    Ok(Json(SharedTask {
        key,
        title: task.title,
        description: written(task.description, shows),
        status: task.status,
        priority: task.priority,
        due_date: task.due_date,
        updated_at: task.updated_at,
        people,
        comments,
    }))
}

/// A board with the first cards of each column.
pub(super) async fn get_shared_board(
    Guest {
        thing: board,
        shows,
        connection,
    }: Guest<board::Model>,
) -> Result<Json<SharedBoard>, Problem> {
    Ok(Json(SharedBoard {
        columns: store::columns(&connection, board.id, shows.people).await?,
        name: board.name,
        description: written(board.description, shows),
    }))
}

/// A project with the tasks that changed last.
pub(super) async fn get_shared_project(
    Guest {
        thing: project,
        shows,
        connection,
    }: Guest<project::Model>,
) -> Result<Json<SharedProject>, Problem> {
    let listed = Listed {
        project: project.id,
        passes: None,
        archived: false,
        sort: sort("-updated"),
        named: shows.people,
        limit: PROJECT_TASKS,
    };
    Ok(Json(SharedProject {
        totals: store::totals(&connection, project.id).await?,
        tasks: store::tasks(&connection, listed).await?,
        key: project.key,
        name: project.name,
        description: written(project.description, shows),
        status: project.status,
        start_date: project.start_date,
        end_date: project.end_date,
    }))
}

/// The tasks of a saved view; `me` in it is its owner.
pub(super) async fn get_shared_view(
    axum::extract::State(state): axum::extract::State<AppState>,
    Guest {
        thing,
        shows,
        connection,
    }: Guest<ViewRow>,
) -> Result<Json<SharedView>, Problem> {
    // What is not shared any more is its owner's alone.
    check_view(&thing).map_err(|_not_shared| Problem::not_found())?;
    let view = thing.view;
    let project = view.project_id.ok_or_else(Problem::not_found)?;
    let asked = Asked {
        by: view.owner_id,
        at: state.clock.now(),
        zone: Tz::UTC,
    };
    let filter = Filter::read(&view.filter, asked).map_err(|_refused| Problem::not_found())?;
    let passes = filter::resolve_for_all(&connection, view.owner_id, project, &filter).await?;
    let listed = Listed {
        project,
        // A view whose field is gone shows nothing, to members and guests alike.
        passes: passes.ok_or_else(Problem::not_found)?,
        archived: filter.names_archived(),
        sort: filter.sort.clone().unwrap_or_else(|| sort(&view.sort)),
        named: shows.people,
        limit: u64::try_from(VIEW_TASKS + 1).unwrap_or(u64::MAX),
    };
    let mut tasks = store::tasks(&connection, listed).await?;
    let more = tasks.len() > VIEW_TASKS;
    tasks.truncate(VIEW_TASKS);
    Ok(Json(SharedView {
        name: view.name,
        more,
        tasks,
    }))
}

fn sort(text: &str) -> Sort {
    Sort::read_text(text).unwrap_or_default()
}

/// A text as guests may read it.
fn written(text: String, shows: Shows) -> String {
    if shows.people {
        text
    } else {
        markdown::without_people(&text)
    }
}

/// Comments under names, or under numbers that tell people apart.
fn authored(rows: Vec<CommentRow>, shows: Shows) -> Vec<SharedComment> {
    let mut known: Vec<UserId> = Vec::new();
    let comments = rows.into_iter().map(|row| {
        let number = known.iter().position(|id| *id == row.author_id);
        let number = number.unwrap_or_else(|| {
            known.push(row.author_id);
            known.len() - 1
        });
        let name = row.name.filter(|_| shows.people);
        SharedComment {
            author: name.unwrap_or_else(|| format!("Person {}", number + 1)),
            body: written(row.body, shows),
            created_at: row.created_at,
        }
    });
    comments.collect()
}

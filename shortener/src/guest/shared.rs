//! What is behind a link, asked of project-svc with a token that is good for this one thing.

use chrono::{DateTime, NaiveDate, Utc};
use http::StatusCode;
use httpkit::Problem;
use httpkit::client::{Upstream, UpstreamError};
use httpkit::tokens::Resource;
use kernel::TenantId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::Refusal;
use crate::entity::link;
use crate::links::model::ResourceRef;
use crate::state::Shortener;

/// What a link shows.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum SharedThing {
    Task(SharedTask),
    Board(SharedBoard),
    Project(SharedProject),
    View(SharedView),
}

/// The guest's view of a task.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(super) struct SharedTask {
    /// The task's key.
    #[schema(example = "APO-12")]
    pub(super) key: String,
    /// Its title.
    pub(super) title: String,
    /// Its description, in Markdown.
    #[serde(default)]
    pub(super) description: Option<String>,
    /// Where it stands.
    pub(super) status: String,
    /// How much it presses.
    pub(super) priority: String,
    /// When it is due.
    #[serde(default)]
    pub(super) due_date: Option<NaiveDate>,
    /// When it last changed.
    pub(super) updated_at: DateTime<Utc>,
    /// Who is to do it, where the link names people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) people: Vec<String>,
    /// Comments, where the link shows them; the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) comments: Vec<SharedComment>,
}

/// A comment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(super) struct SharedComment {
    /// A name, or `Person 1` where the link names nobody.
    pub(super) author: String,
    /// In Markdown.
    pub(super) body: String,
    pub(super) created_at: DateTime<Utc>,
}

/// A task among others.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(super) struct SharedCard {
    #[schema(example = "APO-12")]
    pub(super) key: String,
    pub(super) title: String,
    pub(super) status: String,
    pub(super) priority: String,
    #[serde(default)]
    pub(super) due_date: Option<NaiveDate>,
    /// Who is to do it, where the link names people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) people: Vec<String>,
}

/// A board.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(super) struct SharedBoard {
    pub(super) name: String,
    /// In Markdown.
    #[serde(default)]
    pub(super) description: String,
    /// From left to right.
    pub(super) columns: Vec<SharedColumn>,
}

/// A column of a board with its first cards.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(super) struct SharedColumn {
    pub(super) name: String,
    /// All its cards.
    pub(super) total: i64,
    /// The first 50.
    pub(super) cards: Vec<SharedCard>,
}

/// A project.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(super) struct SharedProject {
    #[schema(example = "APO")]
    pub(super) key: String,
    pub(super) name: String,
    /// In Markdown.
    #[serde(default)]
    pub(super) description: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) start_date: Option<NaiveDate>,
    #[serde(default)]
    pub(super) end_date: Option<NaiveDate>,
    /// How many tasks stand where.
    pub(super) totals: Vec<SharedTotal>,
    /// The 100 that changed last.
    pub(super) tasks: Vec<SharedCard>,
}

/// How many tasks stand at one status.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(super) struct SharedTotal {
    pub(super) status: String,
    pub(super) total: i64,
}

/// The tasks of a saved view.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(super) struct SharedView {
    pub(super) name: String,
    /// Whether there are more than the 200 shown.
    pub(super) more: bool,
    /// In the view's order.
    pub(super) tasks: Vec<SharedCard>,
}

impl SharedThing {
    /// What it is called.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Task(task) => format!("{} {}", task.key, task.title),
            Self::Board(board) => board.name.clone(),
            Self::Project(project) => project.name.clone(),
            Self::View(view) => view.name.clone(),
        }
    }

    /// Whether its page keeps itself up to date.
    pub(super) fn is_live(&self) -> bool {
        matches!(self, Self::Board(_))
    }
}

/// Loads it. A thing that was deleted takes its links with it, and so does an organization that is suspended, and a
/// thing that whoever made the link may not see any more.
pub(super) async fn load(
    shortener: &Shortener,
    link: &link::Model,
) -> Result<SharedThing, Refusal> {
    let thing = ResourceRef::of(link)?.thing();
    let thing = thing.ok_or_else(|| Problem::internal("an address is nothing to show"))?;
    let (tenant, project) = (link.tenant_id, &shortener.project);
    let (by, comments, people) = (link.created_by, link.show_comments, link.show_people);
    let path = |plural: &str, id: String| {
        format!("/internal/v1/shared/{plural}/{id}?by={by}&comments={comments}&people={people}")
    };
    Ok(match thing {
        Resource::Task(id) => {
            let path = path("tasks", id.to_string());
            SharedThing::Task(get(project, &path, tenant, thing).await?)
        }
        Resource::Board(id) => {
            let path = path("boards", id.to_string());
            SharedThing::Board(get(project, &path, tenant, thing).await?)
        }
        Resource::Project(id) => {
            let path = path("projects", id.to_string());
            SharedThing::Project(get(project, &path, tenant, thing).await?)
        }
        Resource::View(id) => {
            let path = path("views", id.to_string());
            SharedThing::View(get(project, &path, tenant, thing).await?)
        }
    })
}

async fn get<T: DeserializeOwned>(
    project: &Upstream,
    path: &str,
    tenant: TenantId,
    thing: Resource,
) -> Result<T, Refusal> {
    let found = project.get_shared(path, tenant, thing).await;
    found.map_err(|error| match &error {
        UpstreamError::Status { status, code, .. }
            if *status == StatusCode::NOT_FOUND || code == "tenant_suspended" =>
        {
            Refusal::Missing
        }
        _ => Refusal::Other(error.into()),
    })
}

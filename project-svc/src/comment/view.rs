//! What requests and answers about comments look like.

use chrono::{DateTime, Utc};
use garde::Validate;
use kernel::{CommentId, ProjectId, TaskId, UserId};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};
use utoipa::{IntoParams, ToSchema};

use super::store::CommentRow;
use crate::markdown::{self, Links};

/// Length of a comment, in characters of Markdown.
const BODY_CHARS: usize = 20_000;

/// A comment to be written.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateComment {
    /// Markdown. `@[Ada](user:<id>)` and `@ada` name people, `APO-12` names a task.
    #[garde(length(chars, min = 1, max = BODY_CHARS), custom(says_something))]
    #[schema(min_length = 1, max_length = 20_000)]
    pub(crate) body: String,
    /// The comment it answers, on the same thing; an answer to an answer joins its thread.
    #[garde(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<CommentId>,
}

/// A comment to be written on one of two kinds of things.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateCommentOn {
    /// The task; this or `project_id`.
    #[garde(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) task_id: Option<TaskId>,
    /// The project; this or `task_id`.
    #[garde(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project_id: Option<ProjectId>,
    /// Markdown. `@[Ada](user:<id>)` and `@ada` name people, `APO-12` names a task.
    #[garde(length(chars, min = 1, max = BODY_CHARS), custom(says_something))]
    #[schema(min_length = 1, max_length = 20_000)]
    pub(crate) body: String,
    /// The comment it answers, on the same thing.
    #[garde(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<CommentId>,
}

/// An answer to a comment.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateReply {
    /// Markdown.
    #[garde(length(chars, min = 1, max = BODY_CHARS), custom(says_something))]
    #[schema(min_length = 1, max_length = 20_000)]
    pub(crate) body: String,
}

/// What a comment is to say.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct UpdateComment {
    /// Markdown.
    #[garde(length(chars, min = 1, max = BODY_CHARS), custom(says_something))]
    #[schema(min_length = 1, max_length = 20_000)]
    pub(crate) body: String,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(crate) version: Option<i32>,
}

fn says_something<C>(text: &str, _: &C) -> garde::Result {
    if text.trim().is_empty() {
        return Err(garde::Error::new("must not be blank"));
    }
    Ok(())
}

/// How comments are shown.
#[derive(Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Shown {
    /// Whether the body comes as HTML too.
    #[serde(default)]
    #[param(required = false, default = false)]
    pub(crate) html: bool,
}

/// Comments of what, and how they are shown.
#[derive(Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CommentFilter {
    /// The task; this or `project_id`.
    pub(crate) task_id: Option<TaskId>,
    /// The project; this or `task_id`.
    pub(crate) project_id: Option<ProjectId>,
    /// Whether the body comes as HTML too.
    #[serde(default)]
    #[param(required = false, default = false)]
    pub(crate) html: bool,
}

/// What somebody feels about a comment.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    sea_orm::DeriveValueType,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub(crate) enum ReactionKind {
    Like,
    Heart,
    ThumbsUp,
    ThumbsDown,
    Love,
    Laugh,
    Celebrate,
    Surprised,
    Sad,
    Rocket,
    Eyes,
}

/// How many feel the same about a comment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ReactionCount {
    pub(crate) kind: ReactionKind,
    pub(crate) count: i64,
    /// Whether the caller is among them.
    pub(crate) mine: bool,
}

/// Somebody's reaction.
#[derive(Serialize, ToSchema, sea_orm::FromQueryResult)]
pub(crate) struct ReactionView {
    pub(crate) user_id: UserId,
    pub(crate) kind: ReactionKind,
    pub(crate) added_at: DateTime<Utc>,
}

/// What a comment said before it was edited.
#[derive(Serialize, ToSchema, sea_orm::FromQueryResult)]
pub(crate) struct RevisionView {
    pub(crate) version: i32,
    /// Markdown.
    pub(crate) body: String,
    pub(crate) written_at: DateTime<Utc>,
}

/// A comment.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CommentView {
    pub(crate) id: CommentId,
    /// The task it is on; null for one on a project.
    pub(crate) task_id: Option<TaskId>,
    /// The project it is on, or the task's.
    pub(crate) project_id: ProjectId,
    /// The first comment of the thread it answers in.
    pub(crate) parent_id: Option<CommentId>,
    pub(crate) author_id: UserId,
    /// Markdown.
    pub(crate) body: String,
    /// The body as HTML without anything harmful, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) html: Option<String>,
    /// Whom it names.
    pub(crate) mention_ids: Vec<UserId>,
    pub(crate) reactions: Vec<ReactionCount>,
    /// Answers in its thread.
    pub(crate) reply_count: i64,
    /// Counts changes; also the `ETag`.
    pub(crate) version: i32,
    /// When its body was last changed.
    pub(crate) edited_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl CommentView {
    /// With HTML if links are given.
    pub(super) fn new(row: CommentRow, links: Option<&Links>) -> Self {
        let comment = row.comment;
        Self {
            id: comment.id,
            task_id: comment.task_id,
            project_id: row.of_project,
            parent_id: comment.parent_id,
            author_id: comment.author_id,
            html: links.map(|links| markdown::html(&comment.body, links)),
            body: comment.body,
            mention_ids: row.mention_ids.into_iter().map(UserId::from).collect(),
            // Made by the statement itself, in this form.
            reactions: serde_json::from_value(row.reactions).unwrap_or_default(),
            reply_count: row.reply_count,
            version: comment.version,
            edited_at: comment.edited_at,
            created_at: comment.created_at,
            updated_at: comment.updated_at,
        }
    }
}

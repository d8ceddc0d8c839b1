//! What requests and answers about comments look like.

use chrono::{DateTime, Utc};
use garde::Validate;
use kernel::{CommentId, TaskId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entity::comment;

/// Length of a comment, in characters of Markdown.
const BODY_CHARS: usize = 20_000;

/// A comment to be written.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateComment {
    /// Markdown.
    #[garde(length(chars, min = 1, max = BODY_CHARS), custom(says_something))]
    #[schema(min_length = 1, max_length = 20_000)]
    pub(crate) body: String,
}

fn says_something<C>(text: &str, _: &C) -> garde::Result {
    if text.trim().is_empty() {
        return Err(garde::Error::new("must not be blank"));
    }
    Ok(())
}

/// A comment.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CommentView {
    pub(crate) id: CommentId,
    pub(crate) task_id: TaskId,
    pub(crate) author_id: UserId,
    /// Markdown.
    pub(crate) body: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<comment::Model> for CommentView {
    fn from(comment: comment::Model) -> Self {
        Self {
            id: comment.id,
            task_id: comment.task_id,
            author_id: comment.author_id,
            body: comment.body,
            created_at: comment.created_at,
            updated_at: comment.updated_at,
        }
    }
}

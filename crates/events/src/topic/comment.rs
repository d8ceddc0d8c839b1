//! `comment.*` and `project.comment_added`: comments on tasks and projects of the envelope's tenant, told by
//! project-svc. A new comment on a task is told as `task.comment_added`.

use kernel::{CommentId, ProjectId, TaskId, UserId};
use serde::{Deserialize, Serialize};

/// Somebody commented on a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectCommentAdded {
    /// The project.
    pub project_id: ProjectId,
    /// The comment.
    pub comment_id: CommentId,
    /// Who wrote it.
    pub author_id: UserId,
    /// The first comment of the thread it answers in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<CommentId>,
    /// Whom it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentioned_ids: Vec<UserId>,
}

/// A comment says something else now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CommentEdited {
    /// The comment.
    pub comment_id: CommentId,
    /// The project it is on, or the task's.
    pub project_id: ProjectId,
    /// The task it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// Whom it names now and did not before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentioned_ids: Vec<UserId>,
    /// The comment's row version after the change.
    pub version: i32,
}

/// A comment was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CommentDeleted {
    /// The comment.
    pub comment_id: CommentId,
    /// The project it was on, or the task's.
    pub project_id: ProjectId,
    /// The task it was on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
}

/// Somebody reacted to a comment, or took it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CommentReacted {
    /// The comment.
    pub comment_id: CommentId,
    /// The project it is on, or the task's.
    pub project_id: ProjectId,
    /// The task it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// Who reacted.
    pub user_id: UserId,
    /// The reaction: like, heart, thumbs_up and others.
    pub kind: String,
    /// Off when it was taken back.
    pub added: bool,
}

super::events! {
    ProjectCommentAdded => "project.comment_added" of project_id,
    CommentEdited => "comment.edited" of comment_id,
    CommentDeleted => "comment.deleted" of comment_id,
    CommentReacted => "comment.reacted" of comment_id,
}

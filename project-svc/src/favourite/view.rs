//! What requests and answers about favourites look like.

use chrono::{DateTime, Utc};
use kernel::ProjectId;
use sea_orm::{DeriveValueType, FromQueryResult};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What can be kept at hand.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    DeriveValueType,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub(crate) enum FavouriteKind {
    /// A project.
    Project,
    /// A board.
    Board,
    /// A task.
    Task,
    /// A saved view.
    View,
}

/// A thing of a path.
#[derive(Deserialize)]
pub(crate) struct FavouritePath {
    pub(crate) kind: FavouriteKind,
    pub(crate) id: Uuid,
}

/// Which favourites.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FavouriteFilter {
    /// Of this kind alone.
    pub(crate) kind: Option<FavouriteKind>,
}

/// Something that the caller keeps at hand.
#[derive(Serialize, ToSchema, FromQueryResult)]
pub(crate) struct FavouriteView {
    pub(crate) kind: FavouriteKind,
    pub(crate) id: Uuid,
    /// Its name or title.
    pub(crate) name: String,
    /// How people name it: `APO` for a project, its boards and views, `APO-12` for a task; null for a view of all projects.
    #[schema(example = "APO-12")]
    pub(crate) key: Option<String>,
    /// The project it is, or that it belongs to; null for a view of all projects.
    pub(crate) project_id: Option<ProjectId>,
    pub(crate) added_at: DateTime<Utc>,
}

//! What requests and answers about views look like.

use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::text::line;
use kernel::{ProjectId, TimeZone, UserId, ViewId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::rust::unwrap_or_skip;
use utoipa::{IntoParams, ToSchema};

use crate::entity::view;
use crate::patch::set;
use crate::{filter, rules};

/// How a view is shown.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    sea_orm::DeriveValueType,
    ToSchema,
    strum::Display,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub(crate) enum Layout {
    /// One below the other.
    List,
    /// In the columns of a board.
    Board,
    /// With a column for each field.
    Table,
    /// By their days.
    Calendar,
}

/// How a view is read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ViewTasks {
    /// IANA name of the time zone whose days the filter means; the person's own when left out, else UTC.
    #[param(value_type = Option<String>, max_length = 64, example = "Europe/Berlin")]
    pub(super) timezone: Option<TimeZone>,
}

/// Which views are listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ViewFilter {
    /// Those of this project alone; all when left out.
    pub(super) project_id: Option<ProjectId>,
}

/// A view to be kept.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(super) struct CreateView {
    /// One line.
    #[garde(length(chars, min = 1, max = 100), custom(line))]
    #[schema(max_length = 100, example = "My open bugs")]
    pub(super) name: String,
    /// The project it looks at; all when left out.
    #[garde(skip)]
    pub(super) project_id: Option<ProjectId>,
    /// A filter; see `docs/WORK.md`.
    #[garde(length(chars, max = filter::MAX_CHARS))]
    #[serde(default)]
    #[schema(max_length = 2_000, example = "assignee:me is:open label:bug")]
    pub(super) filter: String,
    /// An order, `-priority,due`; the newest first when left out.
    #[garde(length(chars, max = 100))]
    #[serde(default)]
    #[schema(max_length = 100)]
    pub(super) sort: String,
    /// `list` when left out.
    #[garde(skip)]
    pub(super) layout: Option<Layout>,
    /// What screens keep with it: an object of at most 16 KiB.
    #[garde(custom(rules::settings))]
    pub(super) settings: Option<Map<String, Value>>,
    /// Whether others see it too; takes the right to create tasks.
    #[garde(skip)]
    #[serde(default)]
    pub(super) shared: bool,
}

/// Fields to change; those left out stay.
#[derive(Deserialize, Validate, ToSchema)]
pub(super) struct PatchView {
    /// One line.
    #[garde(length(chars, min = 1, max = 100), inner(custom(line)))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 100, nullable = false)]
    name: Option<String>,
    /// A filter.
    #[garde(length(chars, max = filter::MAX_CHARS))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 2_000, nullable = false)]
    pub(super) filter: Option<String>,
    /// An order.
    #[garde(length(chars, max = 100))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 100, nullable = false)]
    pub(super) sort: Option<String>,
    /// How it is shown.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    layout: Option<Layout>,
    /// What screens keep with it.
    #[garde(custom(rules::settings))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    settings: Option<Map<String, Value>>,
    /// Whether others see it too; takes the right to create tasks.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    pub(super) shared: Option<bool>,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(super) version: Option<i32>,
}

impl PatchView {
    /// The columns to set.
    pub(super) fn changes(self) -> view::ActiveModel {
        view::ActiveModel {
            name: set(self.name),
            filter: set(self.filter),
            sort: set(self.sort),
            layout: set(self.layout),
            settings: set(self.settings.map(Value::Object)),
            shared: set(self.shared),
            ..Default::default()
        }
    }
}

/// A view.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct SavedView {
    pub(super) id: ViewId,
    /// The project it looks at; null for all that the reader sees.
    pub(super) project_id: Option<ProjectId>,
    pub(super) owner_id: UserId,
    pub(super) name: String,
    pub(super) filter: String,
    pub(super) sort: String,
    pub(super) layout: Layout,
    #[schema(value_type = Object)]
    pub(super) settings: Value,
    pub(super) shared: bool,
    /// Counts changes; also the `ETag`.
    pub(super) version: i32,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

impl From<view::Model> for SavedView {
    fn from(view: view::Model) -> Self {
        Self {
            id: view.id,
            project_id: view.project_id,
            owner_id: view.owner_id,
            name: view.name,
            filter: view.filter,
            sort: view.sort,
            layout: view.layout,
            settings: view.settings,
            shared: view.shared,
            version: view.version,
            created_at: view.created_at,
            updated_at: view.updated_at,
        }
    }
}

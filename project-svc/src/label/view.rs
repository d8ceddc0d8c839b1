//! What requests and answers about labels look like.

use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::text::line;
use kernel::{LabelId, ProjectId};
use serde::{Deserialize, Serialize};
use serde_with::rust::{double_option, unwrap_or_skip};
use utoipa::ToSchema;

use crate::entity::label;
use crate::patch::set;

/// Names of labels, in characters.
const LABEL_CHARS: usize = 60;

/// A label to be made.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateLabel {
    /// One line, of this label alone whatever its case.
    #[garde(length(chars, min = 1, max = LABEL_CHARS), custom(line))]
    #[schema(max_length = 60, example = "bug")]
    pub(crate) name: String,
    /// For screens, as `#rrggbb`.
    #[garde(pattern("^#[0-9a-fA-F]{6}$"))]
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    pub(crate) color: Option<String>,
}

/// What of a label may change; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct PatchLabel {
    /// One line, of this label alone whatever its case.
    #[garde(length(chars, min = 1, max = LABEL_CHARS), inner(custom(line)))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 60, nullable = false)]
    name: Option<String>,
    /// For screens, as `#rrggbb`.
    #[garde(pattern("^#[0-9a-fA-F]{6}$"))]
    #[serde(default, with = "double_option")]
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    color: Option<Option<String>>,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(crate) version: Option<i32>,
}

impl PatchLabel {
    /// The columns to set.
    pub(crate) fn changes(self) -> label::ActiveModel {
        label::ActiveModel {
            name: set(self.name),
            color: set(self.color),
            ..Default::default()
        }
    }
}

/// A label.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct LabelView {
    pub(crate) id: LabelId,
    pub(crate) project_id: ProjectId,
    pub(crate) name: String,
    pub(crate) color: Option<String>,
    /// Counts changes; also the `ETag`.
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<label::Model> for LabelView {
    fn from(label: label::Model) -> Self {
        Self {
            id: label.id,
            project_id: label.project_id,
            name: label.name,
            color: label.color,
            version: label.version,
            created_at: label.created_at,
            updated_at: label.updated_at,
        }
    }
}

//! What requests and answers about custom fields look like.

use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::text::line;
use kernel::{FieldId, ProjectId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_with::rust::unwrap_or_skip;
use utoipa::ToSchema;

use super::model::{Choice, FieldKind, MOST_CHOICES};
use crate::entity::custom_field;
use crate::patch::set;

/// Names of fields, in characters.
const FIELD_CHARS: usize = 60;

/// A field to be made.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateField {
    /// How requests and filters name it; never changes.
    #[garde(pattern("^[a-z][a-z0-9_]{0,39}$"))]
    #[schema(pattern = "^[a-z][a-z0-9_]{0,39}$", example = "severity")]
    pub(crate) key: String,
    /// How screens show it.
    #[garde(length(chars, min = 1, max = FIELD_CHARS), custom(line))]
    #[schema(max_length = 60, example = "Severity")]
    pub(crate) name: String,
    /// What it holds; never changes.
    #[garde(skip)]
    pub(crate) kind: FieldKind,
    /// What can be chosen, for `select` and `multi_select`.
    #[garde(length(max = MOST_CHOICES), dive)]
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(crate) options: Vec<Choice>,
    /// Of amounts, as ISO 4217 has it.
    #[garde(pattern("^[A-Z]{3}$"))]
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    pub(crate) currency: Option<String>,
    /// Whether new tasks must have it.
    #[garde(skip)]
    #[serde(default)]
    pub(crate) required: bool,
    /// Whether cards show it.
    #[garde(skip)]
    #[serde(default)]
    pub(crate) on_card: bool,
}

/// What of a field may change; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct PatchField {
    /// How screens show it.
    #[garde(length(chars, min = 1, max = FIELD_CHARS), inner(custom(line)))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 60, nullable = false)]
    name: Option<String>,
    /// All that can be chosen from now on. Tasks keep what they have.
    #[garde(length(max = MOST_CHOICES), dive)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_items = 100, nullable = false)]
    pub(crate) options: Option<Vec<Choice>>,
    /// Whether new tasks must have it.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    required: Option<bool>,
    /// Whether cards show it.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    on_card: Option<bool>,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(crate) version: Option<i32>,
}

impl PatchField {
    /// The columns to set.
    pub(crate) fn changes(self) -> Result<custom_field::ActiveModel, serde_json::Error> {
        let options = self.options.map(serde_json::to_value).transpose()?;
        Ok(custom_field::ActiveModel {
            name: set(self.name),
            options: set(options),
            required: set(self.required),
            on_card: set(self.on_card),
            ..Default::default()
        })
    }
}

/// A field that a project gives its tasks.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct FieldView {
    pub(crate) id: FieldId,
    pub(crate) project_id: ProjectId,
    /// How requests and filters name it.
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) kind: FieldKind,
    #[schema(value_type = Vec<Choice>)]
    pub(crate) options: Value,
    pub(crate) currency: Option<String>,
    /// Whether new tasks must have it.
    pub(crate) required: bool,
    /// Whether cards show it.
    pub(crate) on_card: bool,
    /// Counts changes; also the `ETag`.
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<custom_field::Model> for FieldView {
    fn from(field: custom_field::Model) -> Self {
        Self {
            id: field.id,
            project_id: field.project_id,
            key: field.key,
            name: field.name,
            kind: field.kind,
            options: field.options,
            currency: field.currency,
            required: field.required,
            on_card: field.on_card,
            version: field.version,
            created_at: field.created_at,
            updated_at: field.updated_at,
        }
    }
}

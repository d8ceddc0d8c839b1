//! What requests and answers about checklists look like.

use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::text::line;
use kernel::{ChecklistId, ChecklistItemId, TaskId};
use serde::{Deserialize, Serialize};
use serde_with::rust::unwrap_or_skip;
use utoipa::ToSchema;

use crate::entity::{checklist, checklist_item};
use crate::patch::set;
use crate::rules::NAME_CHARS;
use crate::task::Progress;

/// What is to be ticked off, in characters.
const ITEM_CHARS: usize = 500;

/// A checklist to be added, behind the others unless a neighbour is given.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateChecklist {
    /// One line.
    #[garde(length(chars, min = 1, max = NAME_CHARS), custom(line))]
    #[schema(max_length = 200, example = "Before the launch")]
    pub(crate) name: String,
    /// Put it right before this checklist.
    #[garde(skip)]
    pub(crate) before_id: Option<ChecklistId>,
    /// Put it right after this checklist.
    #[garde(skip)]
    pub(crate) after_id: Option<ChecklistId>,
}

/// What of a checklist may change; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct PatchChecklist {
    /// One line.
    #[garde(length(chars, min = 1, max = NAME_CHARS), inner(custom(line)))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 200, nullable = false)]
    pub(crate) name: Option<String>,
    /// Move it right before this checklist of the task.
    #[garde(skip)]
    pub(crate) before_id: Option<ChecklistId>,
    /// Move it right after this checklist of the task.
    #[garde(skip)]
    pub(crate) after_id: Option<ChecklistId>,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(crate) version: Option<i32>,
}

/// Something to be ticked off, behind the rest unless a neighbour is given.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateItem {
    /// One line.
    #[garde(length(chars, min = 1, max = ITEM_CHARS), custom(line))]
    #[schema(max_length = 500, example = "Check the fuel")]
    pub(crate) text: String,
    #[garde(skip)]
    #[serde(default)]
    pub(crate) done: bool,
    /// Put it right before this item.
    #[garde(skip)]
    pub(crate) before_id: Option<ChecklistItemId>,
    /// Put it right after this item.
    #[garde(skip)]
    pub(crate) after_id: Option<ChecklistItemId>,
}

/// What of an item may change; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct PatchItem {
    /// One line.
    #[garde(length(chars, min = 1, max = ITEM_CHARS), inner(custom(line)))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 500, nullable = false)]
    pub(crate) text: Option<String>,
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    pub(crate) done: Option<bool>,
    /// Move it to this checklist of the same task, behind what is there unless a neighbour is given.
    #[garde(skip)]
    pub(crate) checklist_id: Option<ChecklistId>,
    /// Move it right before this item.
    #[garde(skip)]
    pub(crate) before_id: Option<ChecklistItemId>,
    /// Move it right after this item.
    #[garde(skip)]
    pub(crate) after_id: Option<ChecklistItemId>,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(crate) version: Option<i32>,
}

impl PatchItem {
    /// The columns to set, its place excepted.
    pub(crate) fn changes(&self) -> checklist_item::ActiveModel {
        checklist_item::ActiveModel {
            text: set(self.text.clone()),
            done: set(self.done),
            ..Default::default()
        }
    }
}

/// A checklist with what is in it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ChecklistView {
    pub(crate) id: ChecklistId,
    pub(crate) task_id: TaskId,
    pub(crate) name: String,
    pub(crate) progress: Progress,
    /// From top to bottom.
    pub(crate) items: Vec<ItemView>,
    /// Counts changes of the name and the place; also the `ETag`.
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// Something to be ticked off.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ItemView {
    pub(crate) id: ChecklistItemId,
    pub(crate) checklist_id: ChecklistId,
    pub(crate) text: String,
    pub(crate) done: bool,
    /// Counts changes; also the `ETag`.
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl ChecklistView {
    /// A checklist with its own items, in order.
    pub(super) fn new(list: checklist::Model, items: Vec<checklist_item::Model>) -> Self {
        let count = |items: usize| i64::try_from(items).unwrap_or(i64::MAX);
        let progress = Progress {
            total: count(items.len()),
            done: count(items.iter().filter(|item| item.done).count()),
        };
        Self {
            id: list.id,
            task_id: list.task_id,
            name: list.name,
            progress,
            items: items.into_iter().map(ItemView::from).collect(),
            version: list.version,
            created_at: list.created_at,
            updated_at: list.updated_at,
        }
    }
}

impl From<checklist_item::Model> for ItemView {
    fn from(item: checklist_item::Model) -> Self {
        Self {
            id: item.id,
            checklist_id: item.checklist_id,
            text: item.text,
            done: item.done,
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}

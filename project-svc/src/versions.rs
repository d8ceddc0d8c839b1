//! Rows that count their changes: each has a version, which `If-Match` and bodies name, and the time of the last one.

use chrono::{DateTime, Utc};
use kernel::{
    BoardId, ChecklistId, ChecklistItemId, ColumnId, FieldId, LabelId, ProjectId, TaskId, TeamId,
    ViewId, WebhookId, WorkspaceId,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Value};

use crate::entity::{
    board, checklist, checklist_item, column, custom_field, label, project, task, team, view,
    webhook, workspace,
};

/// A table of such rows.
pub(crate) trait Counted: EntityTrait {
    type Id: Into<Value>;
    const ID: Self::Column;
    const VERSION: Self::Column;
    const UPDATED_AT: Self::Column;

    /// Holds for rows that are not in the trash.
    fn there() -> Condition {
        Condition::all()
    }
}

macro_rules! counted {
    ($($table:ident by $id:ty $(, without $deleted:ident)?;)+) => {
        $(impl Counted for $table::Entity {
            type Id = $id;
            const ID: Self::Column = $table::Column::Id;
            const VERSION: Self::Column = $table::Column::Version;
            const UPDATED_AT: Self::Column = $table::Column::UpdatedAt;
            $(fn there() -> Condition {
                Condition::all().add($table::Column::$deleted.is_null())
            })?
        })+
    };
}

counted! {
    workspace by WorkspaceId;
    team by TeamId;
    project by ProjectId, without DeletedAt;
    board by BoardId;
    column by ColumnId;
    task by TaskId, without DeletedAt;
    label by LabelId;
    custom_field by FieldId;
    checklist by ChecklistId;
    checklist_item by ChecklistItemId;
    view by ViewId;
    webhook by WebhookId, without DeletedAt;
}

/// Changes what is set and counts the change. None when there is no such row in the version expected, or it lies in
/// the trash.
pub(crate) async fn update<E: Counted>(
    db: &impl ConnectionTrait,
    id: E::Id,
    changes: E::ActiveModel,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Option<E::Model>, DbErr> {
    update_where::<E>(db, id, changes, E::there(), expected, now).await
}

/// The same of a row for which `state` holds, in the trash or not.
pub(crate) async fn update_where<E: Counted>(
    db: &impl ConnectionTrait,
    id: E::Id,
    changes: E::ActiveModel,
    state: Condition,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Option<E::Model>, DbErr> {
    let mut update = E::update_many()
        .set(changes)
        .col_expr(E::VERSION, Expr::col(E::VERSION).add(1))
        .col_expr(E::UPDATED_AT, Expr::value(now))
        .filter(E::ID.eq(id))
        .filter(state);
    if let Some(version) = expected {
        update = update.filter(E::VERSION.eq(version));
    }
    Ok(update.exec_with_returning(db).await?.pop())
}

//! The rules, one constant each, and which action breaks which.

use std::collections::BTreeSet;

use crate::sql::{Action, Change, Constraint};

/// What a migration must not do.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name in waivers and reports.
    pub name: &'static str,
    /// What happens otherwise.
    pub reason: &'static str,
    /// What to do instead.
    pub instead: &'static str,
}

macro_rules! rules {
    ($($constant:ident $name:literal: $reason:literal => $instead:literal;)*) => {
        $(pub(super) const $constant: Rule = Rule { name: $name, reason: $reason, instead: $instead };)*
        /// All of them.
        #[cfg(test)]
        pub(super) const ALL: &[&Rule] = &[$(&$constant),*];
    };
}

rules! {
    EDITED "edited_after_release": "it was released with other content, and databases that ran it would be refused"
        => "take the edit back and add a step";
    MISSING "released_step_missing": "a released step is gone or has another place"
        => "bring it back; steps are only ever added at the end";
    NUMBERED "numbered": "steps are numbered from 0001 without gaps"
        => "take the next number";
    EMPTY "empty": "it does nothing" => "remove it";
    NO_DOWN "no_way_back": "it cannot be taken back"
        => "write the down file, or say `-- lint: allow no_way_back: why` in it";
    TRANSACTION "transaction_control": "each step is already one transaction"
        => "remove begin, commit and their like";
    SETTING "session_setting": "the setting outlives the step and reaches the next one"
        => "use `set local`";
    CONCURRENTLY "concurrently_in_transaction": "PostgreSQL refuses it inside a transaction"
        => "give it a file of its own, listed with `transactional: false`";
    ONE_STATEMENT "one_statement": "a step outside a transaction is repeated after a crash, so it must be one statement"
        => "give each statement its own file";
    UNKNOWN "unknown_statement": "nobody can say what it does to running requests"
        => "write it in a form the linter knows, or waive the rule with the reason";
    INDEX "index_blocks_writes": "writes wait until the index is built"
        => "create index concurrently, in a file of its own";
    DROP_INDEX "drop_index_blocks": "all requests wait for the drop, and the drop for all requests"
        => "drop index concurrently, in a file of its own";
    VALIDATES "constraint_reads_all_rows": "writes wait until every row is checked"
        => "add it `not valid`, validate it in the next step";
    VALIDATES_AT_ONCE "validated_under_lock": "added and validated in one transaction, the rows are read under the strong lock"
        => "validate it in the next step";
    UNIQUE "constraint_builds_index": "all requests wait until the index is built"
        => "create unique index concurrently, then add the constraint `using index`";
    NOT_NULL "not_null_reads_all_rows": "all requests wait until every row is checked, and the previous release may still write null"
        => "add a check (column is not null) not valid, validate it, then set not null";
    TYPE "type_change_rewrites": "all requests wait until the table is written anew, and the previous release reads the old type"
        => "add a column of the new type, fill it in batches, contract later";
    VOLATILE "default_rewrites": "the default differs from row to row, so the table is written anew under the strongest lock"
        => "add the column without default, set the default, fill it in batches";
    REQUIRED "required_column": "old rows have no value, and the previous release writes none"
        => "add it with a constant default, or null until it is filled";
    INLINE "column_with_constraint": "a constraint beside a new column is checked or built under the strongest lock"
        => "add the column, then the constraint `not valid` or its index concurrently";
    REWRITE "table_rewrite": "all requests wait until the table is written anew"
        => "leave it, or do it in a maintenance window by hand";
    WHOLE "whole_table": "all requests wait, and `truncate` loses rows"
        => "work in batches, or waive the rule with the reason";
    UNBOUNDED "unbounded_write": "every row is locked and written in one transaction"
        => "fill it in batches by a job, or bound it with `where`";
    DROP_TABLE "drop_table": "the previous release still reads it"
        => "stop using it, release, then drop it with a waiver that names that release";
    DROP_COLUMN "drop_column": "the previous release still reads it"
        => "stop using it, release, then drop it with a waiver that names that release";
    DROP_OTHER "drop_or_rename": "the previous release still uses it"
        => "add the new beside the old, release, then remove the old with a waiver";
    RENAME "rename": "the previous release still uses the old name"
        => "add the new beside the old, release, then remove the old with a waiver";
    DROP_DEFAULT "drop_default": "the previous release leaves the column out when it writes"
        => "release what writes the column first, then waive the rule";
}

/// Rules about where a statement may stand.
pub(super) fn of_transaction(action: &Action, transactional: bool) -> Option<&'static Rule> {
    let concurrently = matches!(
        action,
        Action::CreateIndex {
            concurrently: true,
            ..
        } | Action::DropIndex { concurrently: true }
    );
    match action {
        Action::TransactionControl => Some(&TRANSACTION),
        Action::SessionSetting => Some(&SETTING),
        Action::Unknown => Some(&UNKNOWN),
        _ if concurrently && transactional => Some(&CONCURRENTLY),
        _ => None,
    }
}

/// Rules about what a statement does to tables that hold rows.
pub(super) fn of_action(
    action: &Action,
    tables: &BTreeSet<String>,
    proven: &BTreeSet<(String, String)>,
) -> Option<&'static Rule> {
    // What this release makes itself is empty, and unknown to the one before.
    if action.table().is_some_and(|table| !tables.contains(table)) {
        return None;
    }
    match action {
        Action::CreateIndex {
            concurrently: false,
            ..
        } => Some(&INDEX),
        Action::DropIndex {
            concurrently: false,
        } => Some(&DROP_INDEX),
        Action::Alter { table, change } => of_change(table, change, proven),
        Action::Remove { kind: "table", .. } => Some(&DROP_TABLE),
        Action::Remove { .. } => Some(&DROP_OTHER),
        Action::Write { bounded: false, .. } => Some(&UNBOUNDED),
        Action::Whole { .. } => Some(&WHOLE),
        _ => None,
    }
}

fn of_change(
    table: &str,
    change: &Change,
    proven: &BTreeSet<(String, String)>,
) -> Option<&'static Rule> {
    match change {
        Change::AddColumn { computed: true, .. } => Some(&VOLATILE),
        Change::AddColumn {
            not_null: true,
            default: false,
            ..
        } => Some(&REQUIRED),
        Change::AddColumn {
            constrained: true, ..
        } => Some(&INLINE),
        Change::AddConstraint {
            using_index: false,
            kind: Constraint::Index,
            ..
        } => Some(&UNIQUE),
        Change::AddConstraint {
            not_valid: false,
            kind: Constraint::Check | Constraint::ForeignKey,
            ..
        } => Some(&VALIDATES),
        Change::SetNotNull(column) => {
            let key = (table.to_owned(), column.clone());
            (!proven.contains(&key)).then_some(&NOT_NULL)
        }
        Change::Type => Some(&TYPE),
        Change::Rewrite => Some(&REWRITE),
        Change::DropColumn(_) => Some(&DROP_COLUMN),
        Change::Rename => Some(&RENAME),
        Change::DropDefault => Some(&DROP_DEFAULT),
        Change::Unknown => Some(&UNKNOWN),
        Change::AddColumn { .. }
        | Change::AddConstraint { .. }
        | Change::Validate { .. }
        | Change::Brief
        | Change::Gentle
        | Change::BlocksWrites => None,
    }
}

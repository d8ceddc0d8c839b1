//! The text of a round trip: steps with their records, each step its own transaction, and the history as it
//! is afterwards. When a step fails the server skips the rest.

use super::history;
use crate::schema::Migration;

/// Name of the column that tells which step of a rehearsal begins.
pub(super) const MARKER: &str = "migrator_step";

pub(super) fn up<'a>(
    steps: impl Iterator<Item = &'a Migration>,
    install: bool,
    lock_timeout_ms: u32,
) -> String {
    let mut sql = String::new();
    if install {
        sql.push_str(history::INSTALL);
    }
    for step in steps {
        transaction(&mut sql, step.up, &history::record(step), lock_timeout_ms);
    }
    sql.push_str(history::READ);
    sql
}

pub(super) fn down(step: &Migration, lock_timeout_ms: u32) -> String {
    let mut sql = String::new();
    transaction(&mut sql, step.down, &history::erase(step), lock_timeout_ms);
    sql.push_str(history::READ);
    sql
}

/// Only the note of a step that ran outside a transaction.
pub(super) fn note(note: &str) -> String {
    format!("begin;\n{note}\ncommit;\n{}", history::READ)
}

pub(super) fn rehearsal<'a>(steps: impl Iterator<Item = &'a str>, lock_timeout_ms: u32) -> String {
    let mut sql = format!("begin; set local lock_timeout = {lock_timeout_ms};\n");
    for step in steps {
        sql.push_str(&format!("select 1 as {MARKER};\n{step}\n;\n"));
    }
    sql.push_str("rollback;");
    sql
}

// The file's text may end in a comment, hence the line of its own for the semicolon.
fn transaction(sql: &mut String, step: &str, note: &str, lock_timeout_ms: u32) {
    sql.push_str(&format!(
        "begin; set local lock_timeout = {lock_timeout_ms};\n{step}\n;\n{note}\ncommit;\n"
    ));
}

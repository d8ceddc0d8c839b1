//! What each action does to requests that run beside it: PostgreSQL's lock, whether every row is written
//! anew or read, by the manual's "Explicit Locking" and the notes of `ALTER TABLE`.

use std::fmt;

use serde::Serialize;

use super::statement::{Action, Change, Constraint};

/// PostgreSQL's table locks, weakest first, as far as schema changes take them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// No table that is in use.
    None,
    /// As any write does.
    RowExclusive,
    /// Reads and writes go on; other schema changes wait.
    ShareUpdateExclusive,
    /// Reads go on; writes wait.
    Share,
    /// Reads go on; writes wait, also on the table referred to.
    ShareRowExclusive,
    /// Everything waits.
    AccessExclusive,
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::RowExclusive => "row exclusive",
            Self::ShareUpdateExclusive => "share update exclusive",
            Self::Share => "share",
            Self::ShareRowExclusive => "share row exclusive",
            Self::AccessExclusive => "access exclusive",
        })
    }
}

/// What an action does to a table that holds rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// The strongest lock it takes.
    pub lock: Lock,
    /// Every row is written anew under it.
    pub rewrites: bool,
    /// Every row is read under it, or an index built.
    pub scans: bool,
}

/// The effect of an action on tables that were there before.
pub fn effect(action: &Action) -> Effect {
    match action {
        Action::CreateTable { .. } | Action::Harmless => of(Lock::None),
        Action::TransactionControl | Action::SessionSetting => of(Lock::None),
        Action::CreateIndex {
            concurrently: true, ..
        } => of(Lock::ShareUpdateExclusive),
        Action::CreateIndex { .. } => scanning(Lock::Share),
        Action::DropIndex { concurrently: true } => of(Lock::ShareUpdateExclusive),
        Action::DropIndex { .. } | Action::Remove { .. } => of(Lock::AccessExclusive),
        Action::Trigger { .. } => of(Lock::ShareRowExclusive),
        Action::Write { .. } => of(Lock::RowExclusive),
        Action::Whole { kind: "lock", .. } => of(Lock::AccessExclusive),
        Action::Whole { .. } => rewriting(),
        Action::Alter { change, .. } => of_change(change),
        Action::Unknown => of(Lock::AccessExclusive),
    }
}

fn of_change(change: &Change) -> Effect {
    match change {
        Change::AddColumn { computed: true, .. } | Change::Type | Change::Rewrite => rewriting(),
        Change::AddColumn {
            constrained: true, ..
        } => scanning(Lock::AccessExclusive),
        Change::AddConstraint {
            kind: Constraint::ForeignKey,
            not_valid,
            ..
        } => Effect {
            scans: !not_valid,
            ..of(Lock::ShareRowExclusive)
        },
        Change::AddConstraint {
            kind: Constraint::Check,
            not_valid,
            ..
        } => Effect {
            scans: !not_valid,
            ..of(Lock::AccessExclusive)
        },
        Change::AddConstraint { using_index, .. } => Effect {
            scans: !using_index,
            ..of(Lock::AccessExclusive)
        },
        Change::SetNotNull(_) => scanning(Lock::AccessExclusive),
        Change::Validate { .. } => scanning(Lock::ShareUpdateExclusive),
        Change::Gentle => of(Lock::ShareUpdateExclusive),
        Change::BlocksWrites => of(Lock::ShareRowExclusive),
        Change::AddColumn { .. }
        | Change::DropColumn(_)
        | Change::Rename
        | Change::DropDefault
        | Change::Brief
        | Change::Unknown => of(Lock::AccessExclusive),
    }
}

const fn of(lock: Lock) -> Effect {
    Effect {
        lock,
        rewrites: false,
        scans: false,
    }
}

const fn scanning(lock: Lock) -> Effect {
    Effect {
        lock,
        rewrites: false,
        scans: true,
    }
}

const fn rewriting() -> Effect {
    Effect {
        lock: Lock::AccessExclusive,
        rewrites: true,
        scans: true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{File, actions};
    use super::*;

    #[test]
    fn locks_are_those_of_the_manual() {
        use Lock::{AccessExclusive, None, Share, ShareRowExclusive, ShareUpdateExclusive};
        for (sql, lock, rewrites) in [
            ("create table a (b integer)", None, false),
            ("create index i on a (b)", Share, false),
            (
                "create index concurrently i on a (b)",
                ShareUpdateExclusive,
                false,
            ),
            ("alter table a add column c integer", AccessExclusive, false),
            (
                "alter table a add c timestamptz default now()",
                AccessExclusive,
                false,
            ),
            (
                "alter table a add c uuid default gen_random_uuid()",
                AccessExclusive,
                true,
            ),
            ("alter table a add c bigserial", AccessExclusive, true),
            (
                "alter table a alter column b type bigint",
                AccessExclusive,
                true,
            ),
            (
                "alter table a add constraint f foreign key (b) references c (d)",
                ShareRowExclusive,
                false,
            ),
            (
                "alter table a validate constraint f",
                ShareUpdateExclusive,
                false,
            ),
            (
                "alter table a set (fillfactor = 70)",
                ShareUpdateExclusive,
                false,
            ),
            ("alter table a set unlogged", AccessExclusive, true),
            ("comment on table a is 'b'", None, false),
        ] {
            let file = File::parse(sql);
            let found = effect(&actions(&file.statements[0])[0]);
            assert_eq!((found.lock, found.rewrites), (lock, rewrites), "{sql}");
        }
    }
}

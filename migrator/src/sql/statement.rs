//! What a statement does, as far as locks and former releases are concerned.

use super::alter;
use super::scan::{File, Statement, Token};

/// One thing a statement does; `alter table` may do several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A new table.
    CreateTable {
        /// Its name.
        table: String,
    },
    /// A new index.
    CreateIndex {
        /// On which table.
        table: String,
        /// Without holding up writes.
        concurrently: bool,
    },
    /// One index less.
    DropIndex {
        /// Without holding up requests.
        concurrently: bool,
    },
    /// An existing table changed.
    Alter {
        /// Which.
        table: String,
        /// How.
        change: Change,
    },
    /// Something that a former release may use is gone or has another name.
    Remove {
        /// `table`, `view`, `function`, …
        kind: &'static str,
        /// Which.
        name: String,
    },
    /// A trigger is made or removed.
    Trigger {
        /// On which table.
        table: String,
    },
    /// Rows changed in place.
    Write {
        /// Of which table.
        table: String,
        /// Not all of them.
        bounded: bool,
    },
    /// The table rewritten or locked as a whole: `truncate`, `lock`, `cluster`, `vacuum full`, `reindex`.
    Whole {
        /// The statement's name.
        kind: &'static str,
        /// Which table, or what was said.
        table: String,
    },
    /// `begin`, `commit` and their like.
    TransactionControl,
    /// A setting that outlives the step.
    SessionSetting,
    /// New things, rights, comments, rows added, settings of the transaction.
    Harmless,
    /// Not understood.
    Unknown,
}

impl Action {
    /// The table it is about.
    pub fn table(&self) -> Option<&str> {
        match self {
            Self::CreateTable { table }
            | Self::CreateIndex { table, .. }
            | Self::Alter { table, .. }
            | Self::Trigger { table }
            | Self::Write { table, .. }
            | Self::Whole { table, .. }
            | Self::Remove {
                kind: "table",
                name: table,
            } => Some(table),
            _ => None,
        }
    }
}

/// What `alter table` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new column.
    AddColumn {
        /// Refuses null.
        not_null: bool,
        /// Has a default.
        default: bool,
        /// Each old row needs its own value: `random()`, identity, stored expressions.
        computed: bool,
        /// Has a check, unique, primary or foreign key of its own.
        constrained: bool,
    },
    /// A new constraint.
    AddConstraint {
        /// Its name.
        name: String,
        /// Its kind.
        kind: Constraint,
        /// Old rows are not looked at.
        not_valid: bool,
        /// Made of an index that is there.
        using_index: bool,
        /// A check that this column is not null.
        not_null: Option<String>,
    },
    /// Old rows are looked at.
    Validate {
        /// The constraint.
        name: String,
    },
    /// A column less.
    DropColumn(String),
    /// A column, or the table itself, under another name.
    Rename,
    /// Another type.
    Type,
    /// Null is refused from now on.
    SetNotNull(String),
    /// The default is gone.
    DropDefault,
    /// Storage of all rows changed: `set logged`, `set tablespace`, `set access method`.
    Rewrite,
    /// Short work under the strongest lock.
    Brief,
    /// Work under a lock that lets reads and writes through.
    Gentle,
    /// Triggers, foreign keys of others: writes wait.
    BlocksWrites,
    /// Not understood.
    Unknown,
}

/// Kinds of constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// `check`
    Check,
    /// `foreign key`
    ForeignKey,
    /// `unique`, `primary key`, `exclude`
    Index,
}

/// A statement about one index that must run outside a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexStep {
    /// Builds it.
    Create(String),
    /// Removes it.
    Drop(String),
}

/// What `create index concurrently` or `drop index concurrently` is about, if `sql` is that and no more.
pub fn index_step(sql: &str) -> Option<IndexStep> {
    let file = File::parse(sql);
    let [statement] = file.statements.as_slice() else {
        return None;
    };
    let mut words = Cursor::new(&statement.tokens);
    if words.take("create") {
        words.take("unique");
        if words.take("index") && words.take("concurrently") {
            words.take_all(&["if", "not", "exists"]);
            // Without a name of its own there is nothing to look for after a crash.
            return match words.take("on") {
                true => None,
                false => words.written_name().map(IndexStep::Create),
            };
        }
        return None;
    }
    if words.take("drop") && words.take("index") && words.take("concurrently") {
        words.take_all(&["if", "exists"]);
        return words.written_name().map(IndexStep::Drop);
    }
    None
}

/// Everything a statement does.
pub fn actions(statement: &Statement) -> Vec<Action> {
    let mut words = Cursor::new(&statement.tokens);
    if words.take("alter") && words.take("table") {
        return alter::actions(&mut words);
    }
    vec![single(&mut Cursor::new(&statement.tokens))]
}

fn single(words: &mut Cursor<'_>) -> Action {
    let Some(first) = words.word() else {
        return Action::Unknown;
    };
    match first {
        "create" => create(words),
        "drop" => drop_statement(words),
        "alter" => alter_other(words),
        "comment" | "grant" | "revoke" | "insert" | "select" | "analyze" | "with" | "security" => {
            Action::Harmless
        }
        "update" => {
            words.take("only");
            write(words)
        }
        "delete" => {
            words.take("from");
            words.take("only");
            write(words)
        }
        "truncate" => whole(words, "truncate"),
        "lock" => whole(words, "lock"),
        "cluster" => whole(words, "cluster"),
        "vacuum" => whole(words, "vacuum"),
        "reindex" => match words.has("concurrently") {
            true => Action::Harmless,
            false => whole(words, "reindex"),
        },
        "refresh" => whole(words, "refresh"),
        "set" if words.take("local") || words.take("constraints") => Action::Harmless,
        "set" | "reset" | "discard" => Action::SessionSetting,
        "begin" | "start" | "commit" | "end" | "rollback" | "abort" | "savepoint" | "release"
        | "prepare" => Action::TransactionControl,
        _ => Action::Unknown,
    }
}

fn create(words: &mut Cursor<'_>) -> Action {
    words.take_all(&["or", "replace"]);
    for word in ["global", "local", "temp", "temporary", "unlogged", "unique"] {
        words.take(word);
    }
    if words.take("table") {
        words.take_all(&["if", "not", "exists"]);
        return match words.name() {
            Some(table) => Action::CreateTable { table },
            None => Action::Unknown,
        };
    }
    if words.take("index") {
        let concurrently = words.take("concurrently");
        while !words.take("on") {
            if !words.skip() {
                return Action::Unknown;
            }
        }
        words.take("only");
        return match words.name() {
            Some(table) => Action::CreateIndex {
                table,
                concurrently,
            },
            None => Action::Unknown,
        };
    }
    if words.take("trigger") || words.take_all(&["constraint", "trigger"]) {
        while !words.take("on") {
            if !words.skip() {
                return Action::Unknown;
            }
        }
        return words
            .name()
            .map_or(Action::Unknown, |table| Action::Trigger { table });
    }
    match words.word() {
        Some(
            "function" | "procedure" | "view" | "type" | "domain" | "extension" | "schema"
            | "sequence" | "policy" | "aggregate" | "collation" | "statistics" | "operator"
            | "cast" | "recursive",
        ) => Action::Harmless,
        Some("materialized") => Action::Harmless,
        _ => Action::Unknown,
    }
}

fn drop_statement(words: &mut Cursor<'_>) -> Action {
    let Some(kind) = words.word() else {
        return Action::Unknown;
    };
    if kind == "index" {
        let concurrently = words.take("concurrently");
        return Action::DropIndex { concurrently };
    }
    if kind == "trigger" {
        while !words.take("on") {
            if !words.skip() {
                return Action::Unknown;
            }
        }
        return words
            .name()
            .map_or(Action::Unknown, |table| Action::Trigger { table });
    }
    let kind = match kind {
        "table" => "table",
        "view" => "view",
        "materialized" if words.take("view") => "view",
        "function" => "function",
        "procedure" => "procedure",
        "type" => "type",
        "domain" => "domain",
        "sequence" => "sequence",
        "schema" => "schema",
        "extension" => "extension",
        "policy" | "statistics" | "owned" => return Action::Harmless,
        _ => return Action::Unknown,
    };
    words.take_all(&["if", "exists"]);
    match words.name() {
        Some(name) => Action::Remove { kind, name },
        None => Action::Unknown,
    }
}

fn alter_other(words: &mut Cursor<'_>) -> Action {
    if words.take_all(&["default", "privileges"]) {
        return Action::Harmless;
    }
    let Some(kind) = words.word() else {
        return Action::Unknown;
    };
    let kind = match kind {
        "index" => "index",
        "sequence" => "sequence",
        "view" => "view",
        "function" => "function",
        "type" => "type",
        "domain" => "domain",
        "schema" => "schema",
        "role" | "policy" | "trigger" | "extension" => return Action::Harmless,
        _ => return Action::Unknown,
    };
    words.take_all(&["if", "exists"]);
    let Some(name) = words.name() else {
        return Action::Unknown;
    };
    let renames = words.has("rename") || words.take_all(&["set", "schema"]);
    match renames && kind != "index" {
        true => Action::Remove { kind, name },
        false => Action::Harmless,
    }
}

fn write(words: &mut Cursor<'_>) -> Action {
    let Some(table) = words.name() else {
        return Action::Unknown;
    };
    let bounded = words.has("where");
    Action::Write { table, bounded }
}

fn whole(words: &mut Cursor<'_>, kind: &'static str) -> Action {
    for word in [
        "table",
        "only",
        "full",
        "materialized",
        "view",
        "concurrently",
        "index",
    ] {
        words.take(word);
    }
    let table = words.name().unwrap_or_default();
    Action::Whole { kind, table }
}

/// Reads tokens from the left.
pub(super) struct Cursor<'a> {
    rest: &'a [Token],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(tokens: &'a [Token]) -> Self {
        Self { rest: tokens }
    }

    pub(super) fn rest(&self) -> &'a [Token] {
        self.rest
    }

    /// Takes this word, if it is next.
    pub(super) fn take(&mut self, word: &str) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if first.is(word) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes these words, if they are all next.
    pub(super) fn take_all(&mut self, words: &[&str]) -> bool {
        let before = self.rest;
        let all = words.iter().all(|word| self.take(word));
        if !all {
            self.rest = before;
        }
        all
    }

    pub(super) fn skip(&mut self) -> bool {
        match self.rest.split_first() {
            Some((_, rest)) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Any word.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        match self.rest.split_first() {
            Some((Token::Word(word), rest)) => {
                self.rest = rest;
                Some(word)
            }
            _ => None,
        }
    }

    /// The word is somewhere ahead.
    pub(super) fn has(&self, word: &str) -> bool {
        self.rest.iter().any(|token| token.is(word))
    }

    /// A name without the schema that everything is in.
    pub(super) fn name(&mut self) -> Option<String> {
        let parts = self.parts()?;
        let names: Vec<_> = parts.into_iter().map(|(name, _)| name).collect();
        match names.as_slice() {
            [schema, name] if schema == "public" => Some(name.clone()),
            _ => Some(names.join(".")),
        }
    }

    /// A name as it must be written in SQL.
    fn written_name(&mut self) -> Option<String> {
        let parts = self
            .parts()?
            .into_iter()
            .map(|(name, quoted)| match quoted {
                true => format!("\"{}\"", name.replace('"', "\"\"")),
                false => name,
            });
        Some(parts.collect::<Vec<_>>().join("."))
    }

    fn parts(&mut self) -> Option<Vec<(String, bool)>> {
        let mut parts = vec![self.part()?];
        while self.rest.first().is_some_and(|next| next.is_symbol('.')) {
            self.skip();
            parts.push(self.part()?);
        }
        Some(parts)
    }

    fn part(&mut self) -> Option<(String, bool)> {
        let (first, rest) = self.rest.split_first()?;
        let part = match first {
            Token::Word(word) => (word.clone(), false),
            Token::Quoted(name) => (name.clone(), true),
            _ => return None,
        };
        self.rest = rest;
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_steps_are_told_from_the_rest() {
        let create = |name: &str| Some(IndexStep::Create(name.to_owned()));
        for (sql, expected) in [
            ("create index concurrently a on b (c)", create("a")),
            (
                "-- why\ncreate unique index concurrently if not exists public.\"A b\" on b (c);",
                create("public.\"A b\""),
            ),
            (
                "drop index concurrently if exists a",
                Some(IndexStep::Drop("a".to_owned())),
            ),
            ("create index a on b (c)", None),
            ("create index concurrently on b (c)", None),
            ("vacuum b", None),
            ("select 1; create index concurrently a on b (c)", None),
        ] {
            assert_eq!(index_step(sql), expected, "{sql}");
        }
    }
}

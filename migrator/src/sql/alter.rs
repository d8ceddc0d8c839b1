//! `alter table`: its actions one by one.

use super::scan::Token;
use super::statement::{Action, Change, Constraint, Cursor};

/// Functions that give one value for the whole statement, so that old rows need not be touched.
const STEADY: &[&str] = &[
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "make_interval",
    "current_setting",
    "jsonb_build_object",
    "jsonb_build_array",
    "lower",
    "upper",
    "coalesce",
    // Types with a length.
    "varchar",
    "char",
    "character",
    "varying",
    "numeric",
    "decimal",
    "time",
    "timestamp",
    "timestamptz",
    "bit",
];

pub(super) fn actions(words: &mut Cursor<'_>) -> Vec<Action> {
    words.take_all(&["if", "exists"]);
    words.take("only");
    let Some(table) = words.name() else {
        return vec![Action::Unknown];
    };
    if let Some(Token::Symbol('*')) = words.rest().first() {
        words.skip();
    }
    let parts = split(words.rest());
    parts
        .into_iter()
        .map(|part| Action::Alter {
            table: table.clone(),
            change: change(&mut Cursor::new(part)),
        })
        .collect()
}

/// At the commas outside parentheses.
fn split(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_i32;
    tokens
        .split(|token| {
            depth += i32::from(token.is_symbol('(')) - i32::from(token.is_symbol(')'));
            depth == 0 && token.is_symbol(',')
        })
        .collect()
}

fn change(words: &mut Cursor<'_>) -> Change {
    let Some(first) = words.word() else {
        return Change::Unknown;
    };
    match first {
        "add" => add(words),
        "drop" => {
            if words.take("constraint") {
                return Change::Brief;
            }
            words.take("column");
            words.take_all(&["if", "exists"]);
            words.name().map_or(Change::Unknown, Change::DropColumn)
        }
        "alter" => {
            if words.take("constraint") {
                return Change::Brief;
            }
            words.take("column");
            match words.name() {
                Some(column) => alter_column(words, column),
                None => Change::Unknown,
            }
        }
        "rename" if words.take("constraint") => Change::Brief,
        "rename" => Change::Rename,
        "validate" if words.take("constraint") => match words.name() {
            Some(name) => Change::Validate { name },
            None => Change::Unknown,
        },
        "enable" | "disable" if words.take_all(&["row", "level", "security"]) => Change::Brief,
        "force" | "no" => Change::Brief,
        "enable" | "disable" => Change::BlocksWrites,
        "owner" => Change::Brief,
        "set" => set(words),
        "reset" => Change::Gentle,
        "cluster" => Change::Gentle,
        "replica" => Change::Brief,
        _ => Change::Unknown,
    }
}

fn set(words: &mut Cursor<'_>) -> Change {
    match words.rest().first() {
        Some(Token::Symbol('(')) => Change::Gentle,
        Some(token) if token.is("schema") => Change::Rename,
        Some(token) if token.is("without") => Change::Gentle,
        Some(token)
            if ["logged", "unlogged", "tablespace", "access"]
                .iter()
                .any(|w| token.is(w)) =>
        {
            Change::Rewrite
        }
        _ => Change::Unknown,
    }
}

fn alter_column(words: &mut Cursor<'_>, column: String) -> Change {
    let is_type = words.take("type") || words.take_all(&["set", "data", "type"]);
    if is_type {
        return Change::Type;
    }
    if words.take_all(&["set", "not", "null"]) {
        return Change::SetNotNull(column);
    }
    if words.take_all(&["drop", "default"]) {
        return Change::DropDefault;
    }
    if words.take_all(&["set", "default"]) || words.take_all(&["drop", "not", "null"]) {
        return Change::Brief;
    }
    if words.take_all(&["set", "statistics"]) || words.take_all(&["set", "("]) {
        return Change::Gentle;
    }
    match words.word() {
        Some("set" | "reset" | "add" | "drop" | "restart") => Change::Brief,
        _ => Change::Unknown,
    }
}

fn add(words: &mut Cursor<'_>) -> Change {
    if words.take("constraint") {
        let Some(name) = words.name() else {
            return Change::Unknown;
        };
        return constraint(words, name);
    }
    if !words.take("column") {
        let starts_constraint = ["check", "unique", "primary", "foreign", "exclude"]
            .iter()
            .any(|word| words.rest().first().is_some_and(|token| token.is(word)));
        if starts_constraint {
            return constraint(words, String::new());
        }
    }
    words.take_all(&["if", "not", "exists"]);
    match words.name() {
        Some(_) => column(words.rest()),
        None => Change::Unknown,
    }
}

fn constraint(words: &mut Cursor<'_>, name: String) -> Change {
    let kind = match words.word() {
        Some("check") => Constraint::Check,
        Some("foreign") => Constraint::ForeignKey,
        Some("unique" | "primary" | "exclude") => Constraint::Index,
        _ => return Change::Unknown,
    };
    let rest = words.rest();
    let pair = |first: &str, second: &str| {
        rest.windows(2)
            .any(|pair| matches!(pair, [a, b] if a.is(first) && b.is(second)))
    };
    let not_null = match rest {
        [
            open,
            Token::Word(column) | Token::Quoted(column),
            is,
            not,
            null,
            close,
            ..,
        ] if kind == Constraint::Check
            && open.is_symbol('(')
            && is.is("is")
            && not.is("not")
            && null.is("null")
            && close.is_symbol(')') =>
        {
            Some(column.clone())
        }
        _ => None,
    };
    Change::AddConstraint {
        name,
        kind,
        not_valid: pair("not", "valid"),
        using_index: pair("using", "index"),
        not_null,
    }
}

/// What follows a new column's name: its type and constraints.
fn column(tokens: &[Token]) -> Change {
    let serial = tokens.first().is_some_and(|first| {
        ["serial", "bigserial", "smallserial"]
            .iter()
            .any(|word| first.is(word))
    });
    let at = |word: &str| tokens.iter().position(|token| token.is(word));
    let default = at("default").and_then(|at| tokens.get(at + 1..));
    let constrained = ["check", "unique", "primary", "references"]
        .iter()
        .any(|word| at(word).is_some());
    let not_null = tokens
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.is("not") && b.is("null")));
    Change::AddColumn {
        not_null: not_null || at("primary").is_some(),
        default: default.is_some() || serial || at("generated").is_some(),
        computed: serial || at("generated").is_some() || default.is_some_and(is_computed),
        constrained,
    }
}

/// A call in the default that is not known to give every row the same.
fn is_computed(default: &[Token]) -> bool {
    // A check behind the default is no part of it.
    let ends = |token: &Token| token.is("check") || token.is("references");
    let (default, _) = default.split_at(default.iter().position(ends).unwrap_or(default.len()));
    default.windows(2).any(|pair| match pair {
        [Token::Word(name), open] if open.is_symbol('(') => !STEADY.contains(&name.as_str()),
        [Token::Quoted(_), open] => open.is_symbol('('),
        _ => false,
    })
}

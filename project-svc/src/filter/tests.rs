//! The language: what is understood, and where mistakes are.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kernel::Ids;
use proptest::prelude::*;
use sea_orm::sea_query::{PostgresQueryBuilder, Query};

use super::{Asked, CustomField, Filter, Refused, Sort};

fn asked() -> Asked {
    let at: DateTime<Utc> = "2026-03-02T10:00:00Z".parse().unwrap();
    let by = "0192aaaa-0000-7000-8000-000000000001".parse().unwrap();
    let zone = Tz::UTC;
    Asked { by, at, zone }
}

fn read(text: &str) -> Result<Filter, Refused> {
    Filter::read(text, asked())
}

/// The moments of a day in a zone.
fn span_of(day: &str, zone: Tz) -> String {
    let asked = Asked { zone, ..asked() };
    let filter = Filter::read(&format!("created:{day}"), asked).unwrap();
    let condition = filter.condition(&[]).unwrap().unwrap();
    let mut query = Query::select();
    let sql = query.and_where(condition).to_string(PostgresQueryBuilder);
    let moments: Vec<&str> = sql.split('\'').skip(1).step_by(2).collect();
    moments.join(" to ")
}

#[test]
fn days_begin_when_clocks_say_so() {
    let table = [
        (
            "2026-03-29",
            Tz::UTC,
            "2026-03-29 00:00:00.000000 +00:00 to 2026-03-30 00:00:00.000000 +00:00",
        ),
        // 23 hours.
        (
            "2026-03-29",
            Tz::Europe__Berlin,
            "2026-03-28 23:00:00.000000 +00:00 to 2026-03-29 22:00:00.000000 +00:00",
        ),
        // Clocks went from midnight to one.
        (
            "2024-04-26",
            Tz::Africa__Cairo,
            "2024-04-25 22:00:00.000000 +00:00 to 2024-04-26 21:00:00.000000 +00:00",
        ),
        // A day that never was.
        (
            "2011-12-30",
            Tz::Pacific__Apia,
            "2011-12-30 10:00:00.000000 +00:00 to 2011-12-30 10:00:00.000000 +00:00",
        ),
        (
            "today",
            Tz::Pacific__Pago_Pago,
            "2026-03-01 11:00:00.000000 +00:00 to 2026-03-02 11:00:00.000000 +00:00",
        ),
        (
            "today",
            Tz::Pacific__Kiritimati,
            "2026-03-02 10:00:00.000000 +00:00 to 2026-03-03 10:00:00.000000 +00:00",
        ),
    ];
    for (day, zone, expected) in table {
        assert_eq!(span_of(day, zone), expected, "{day} {zone}");
    }
}

/// The condition with its values in place, for people to read.
fn sql(text: &str) -> String {
    let kinds = [
        ("severity", "select"),
        ("points", "number"),
        ("ship", "date"),
        ("note", "text"),
    ];
    let fields = kinds.map(|(key, kind)| CustomField {
        id: uuid::Uuid::nil(),
        key: key.to_owned(),
        kind: kind.to_owned(),
    });
    let filter = read(text).unwrap_or_else(|refused| panic!("{text}: {refused:?}"));
    let condition = filter.condition(&fields).unwrap().unwrap();
    let mut query = Query::select();
    let query = query.and_where(condition).to_string(PostgresQueryBuilder);
    query
        .trim_start_matches("SELECT WHERE ")
        .trim_start_matches("SELECT  WHERE ")
        .to_owned()
}

#[test]
fn fields_become_conditions() {
    for (text, condition) in [
        (
            "status:in_progress,todo",
            "tasks.status = any(ARRAY ['in_progress','todo'])",
        ),
        (
            "priority:>=high",
            "tasks.priority = any(ARRAY ['high','urgent'])",
        ),
        ("due:<7d", "(tasks.due_date < '2026-03-09')"),
        ("due:<=-1w", "(tasks.due_date < '2026-02-24')"),
        (
            "due:today",
            "(tasks.due_date >= '2026-03-02' and tasks.due_date < '2026-03-03')",
        ),
        (
            "start:2026-03-01..2026-03-31",
            "(tasks.start_date >= '2026-03-01' and tasks.start_date < '2026-04-01')",
        ),
        ("due:none", "tasks.due_date is null"),
        ("parent:none", "tasks.parent_id is null"),
        ("is:archived", "tasks.archived_at is not null"),
        (
            "label:none",
            "not exists (select from task_labels l where l.task_id = tasks.id)",
        ),
        ("key:apo-12", "(projects.key = 'APO' and tasks.number = 12)"),
        (
            "field.note:50%",
            "((tasks.fields ->> '00000000-0000-0000-0000-000000000000' ilike '%50\\\\%%'))",
        ),
    ] {
        assert_eq!(sql(text).replace(" E'", " '"), condition, "{text}");
    }
    assert!(sql("created:>2026-01-01").contains("2026-01-02 00:00:00"));
    assert!(sql("updated:>-12h").contains("2026-03-01 22:00:00"));
    assert!(
        sql("field.severity:high")
            .contains(r#"@> '{"00000000-0000-0000-0000-000000000000":"high"}'"#)
    );
    assert!(sql("field.points:>=3").contains(">= 3"));
    assert!(sql("field.ship:<7d").contains("< '2026-03-09'"));
    assert!(sql("assignee:me").contains("0192aaaa-0000-7000-8000-000000000001"));
    assert!(sql(r#"assignee:"Ada L",none"#).contains("'ada l'"));
}

#[test]
fn words_bind_as_written() {
    for (text, same) in [
        ("a b OR c", "(a AND b) OR c"),
        ("a OR b c", "a OR (b c)"),
        ("-a b", "(-a) b"),
        ("NOT a OR b", "(-a) OR b"),
        ("((a))", "a"),
        ("  a   b ", "a\u{3000}b"),
        (r#"label:"bug""#, "LABEL:bug"),
        ("due:2026-03-02", "due:=2026-03-02"),
    ] {
        assert_eq!(sql(text), sql(same), "{text}");
    }
    assert_ne!(sql("a b OR c"), sql("a (b OR c)"));
    // In quotes and in longer words, keywords and colons are text.
    for text in [
        r#""OR""#,
        "ORbit",
        "android",
        r#""label:bug""#,
        "ENGINE-OR",
        "12:30",
        "日本語:x",
        "🚀",
    ] {
        assert!(sql(text).contains("search_query"), "{text}");
    }
}

#[test]
fn nothing_asked_passes_everything() {
    for text in ["", "   ", "\u{3000}"] {
        let filter = read(text).unwrap();
        assert!(filter.condition(&[]).unwrap().is_none() && filter.sort.is_none());
    }
    let sorted = read("sort:-priority,due").unwrap();
    assert!(sorted.condition(&[]).unwrap().is_none());
    assert_eq!(sorted.sort.unwrap().text(), "-priority,due");
    assert_eq!(
        read("a sort:created b").unwrap().sort,
        Some(Sort::read_text("created").unwrap())
    );
}

#[test]
fn mistakes_name_their_place() {
    for (text, place, says) in [
        ("status:open", 7, "todo, in_progress"),
        ("a status:todo,open", 14, "todo, in_progress"),
        ("foo:bar", 0, "no field `foo`"),
        ("a foo:bar", 2, "no field `foo`"),
        ("field.:x", 0, "no field `field.`"),
        ("field.nope:x", 0, "no field `nope` here"),
        ("label:", 6, "a value for `label`"),
        ("label: bug", 6, "a value for `label`"),
        ("label:bug,", 10, "after the comma"),
        ("a OR", 4, "expected"),
        ("OR a", 0, "expected"),
        ("a AND AND b", 6, "expected"),
        ("(a", 0, "not closed"),
        ("a)", 1, "never opened"),
        ("()", 1, "expected"),
        (r#"a "b"#, 2, "not closed"),
        (r#"label:"b"#, 6, "not closed"),
        (r#""""#, 0, "nothing between"),
        ("a - b", 3, "expected"),
        ("due:soon", 4, "a day"),
        ("due:99999d", 4, "a day"),
        ("due:2026-02-30", 4, "a day"),
        ("due:>today..7d", 5, "a day"),
        ("due:7d..today", 4, "a day"),
        ("due:9999-01-01", 4, "a day"),
        ("status:>todo", 0, "less and more"),
        ("priority:>low,high", 0, "one value"),
        ("key:APO", 4, "APO-12"),
        ("key:APO-99999999999", 4, "APO-12"),
        ("is:green", 3, "archived"),
        ("is:open,closed", 0, "one value"),
        ("(a OR sort:due)", 6, "whole filter"),
        ("-sort:due", 1, "whole filter"),
        ("sort:due sort:title", 9, "twice"),
        ("sort:secret", 5, "an order"),
        ("field.points:many", 13, "a number"),
        ("field.points:nan", 13, "a number"),
        ("a\0", 1, "no text has"),
    ] {
        let fields = [CustomField {
            id: uuid::Uuid::nil(),
            key: "points".to_owned(),
            kind: "number".to_owned(),
        }];
        let refused = read(text).and_then(|filter| filter.condition(&fields).map(|_| ()));
        let refused = refused.expect_err(text);
        assert_eq!(refused.at, place, "{text}: {}", refused.why);
        assert!(refused.why.contains(says), "{text}: {}", refused.why);
    }
}

#[test]
fn place_is_told_in_characters() {
    let text = "日本語 🚀 foo:bar";
    let body = read(text).unwrap_err().problem(text, "filter").body();
    assert_eq!((body.status, body.code.as_str()), (422, "invalid_filter"));
    assert_eq!(
        (body.errors[0].offset, body.errors[0].pointer.as_str()),
        (Some(6), "filter")
    );
}

#[test]
fn filters_have_their_limits() {
    assert!(read(&"a ".repeat(50)).is_ok());
    assert!(
        read(&"a ".repeat(51))
            .unwrap_err()
            .why
            .contains("at most 50 parts")
    );
    assert!(read(&format!("label:{}", vec!["a"; 51].join(","))).is_err());
    assert!(read(&"é".repeat(2_000)).is_ok());
    assert!(
        read(&"é".repeat(2_001))
            .unwrap_err()
            .why
            .contains("2000 characters")
    );
    let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(read(&deep(16)).is_ok());
    assert!(
        read(&deep(17))
            .unwrap_err()
            .why
            .contains("inside each other")
    );
    assert!(read(&"(".repeat(2_000)).is_err() && read(&"-".repeat(2_000)).is_err());
}

#[test]
fn tasks_put_away_are_asked_for_by_name() {
    assert!(read("a -(b is:archived)").unwrap().names_archived());
    assert!(!read("archived").unwrap().names_archived());
    assert_eq!(
        read("field.a:1 OR -field.b:2").unwrap().field_keys(),
        ["a", "b"]
    );
}

proptest! {
    /// Whatever is written, it is understood or refused at a place inside the text.
    #[test]
    fn any_text_is_answered(text in r#"([a-z:"()<>=,. -]|OR|due:|sort:|field\.|\PC){0,60}"#) {
        if let Err(refused) = read(&text) {
            prop_assert!(refused.at <= text.len(), "{refused:?}");
            prop_assert!(text.is_char_boundary(refused.at), "{refused:?}");
        }
    }

    /// Values are never part of the statement.
    #[test]
    fn values_are_bound(text in r#"[a-z';$%\\-]{1,20}"#) {
        let id: uuid::Uuid = Ids::system().next::<kernel::TaskId>().uuid();
        let written = format!("label:\"{}\" {id}", text.replace('\\', "\\\\"));
        if let Ok(filter) = read(&written) {
            let mut query = Query::select();
            let query = query.and_where(filter.condition(&[]).unwrap().unwrap());
            let (sql, values) = query.build(PostgresQueryBuilder);
            prop_assert!(!sql.contains(&id.to_string()), "{sql}");
            prop_assert_eq!(values.0.len(), 2);
        }
    }
}

//! Bad migrations, each refused by its rule; good ones, none refused; and our own.

use super::*;

const FIRST: Migration = Migration {
    name: "0001_things",
    up: "create table things (id integer primary key, name text default 'x', owner integer);
         create index things_name on things (name);",
    down: "drop table things",
    transactional: true,
};

/// A released step, then the one in question.
fn findings(up: &str, down: &str, transactional: bool) -> Vec<Finding> {
    let (up, down) = (up.to_owned().leak(), down.to_owned().leak());
    let migrations = [
        FIRST,
        Migration {
            name: "0002_next",
            up,
            down,
            transactional,
        },
    ];
    let first = schema(vec![FIRST]);
    let mut released = Released::default();
    released.add(&[first]);
    lint(&[schema(migrations.to_vec())], &released)
}

fn schema(migrations: Vec<Migration>) -> Schema {
    Schema {
        name: "tenant",
        owner: None,
        migrations: migrations.leak(),
    }
}

const BAD: &[(&str, &str)] = &[
    (
        "index_blocks_writes",
        "create index things_owner on things (owner)",
    ),
    (
        "index_blocks_writes",
        "create unique index if not exists things_owner on public.things (owner)",
    ),
    ("drop_index_blocks", "drop index things_name"),
    (
        "concurrently_in_transaction",
        "create index concurrently things_owner on things (owner)",
    ),
    (
        "concurrently_in_transaction",
        "drop index concurrently things_name",
    ),
    (
        "constraint_reads_all_rows",
        "alter table things add constraint named check (name <> '')",
    ),
    (
        "constraint_reads_all_rows",
        "alter table things add check (name <> '')",
    ),
    (
        "constraint_reads_all_rows",
        "create table others (id integer primary key);
        alter table things add constraint owned foreign key (owner) references others (id)",
    ),
    (
        "validated_under_lock",
        "alter table things add constraint named check (name <> '') not valid;
        alter table things validate constraint named",
    ),
    (
        "constraint_builds_index",
        "alter table things add constraint one_owner unique (owner)",
    ),
    (
        "constraint_builds_index",
        "alter table things add primary key (owner)",
    ),
    (
        "not_null_reads_all_rows",
        "alter table things alter column owner set not null",
    ),
    (
        "type_change_rewrites",
        "alter table things alter column owner type bigint",
    ),
    (
        "type_change_rewrites",
        "alter table only things alter owner set data type bigint using owner::bigint",
    ),
    (
        "default_rewrites",
        "alter table things add column token uuid not null default gen_random_uuid()",
    ),
    (
        "default_rewrites",
        "alter table things add column seq bigserial",
    ),
    (
        "default_rewrites",
        "alter table things add column n bigint generated always as identity",
    ),
    (
        "default_rewrites",
        "alter table things add column l integer generated always as (char_length(name)) stored",
    ),
    (
        "default_rewrites",
        "alter table things add column made timestamptz default clock_timestamp()",
    ),
    (
        "required_column",
        "alter table things add column color text not null",
    ),
    (
        "column_with_constraint",
        "alter table things add column color text check (color <> '')",
    ),
    (
        "column_with_constraint",
        "alter table things add column code text unique",
    ),
    (
        "column_with_constraint",
        "alter table things add parent integer references things (id)",
    ),
    ("table_rewrite", "alter table things set unlogged"),
    ("table_rewrite", "alter table things set tablespace slow"),
    ("whole_table", "truncate things"),
    ("whole_table", "lock table things in access exclusive mode"),
    ("whole_table", "vacuum full things"),
    ("unbounded_write", "update things set name = 'y'"),
    ("unbounded_write", "delete from things"),
    ("drop_table", "drop table if exists things"),
    ("drop_column", "alter table things drop column name"),
    (
        "drop_column",
        "alter table things add color text, drop name",
    ),
    ("drop_or_rename", "drop function initialize_tenant"),
    ("drop_or_rename", "drop view if exists overview"),
    ("drop_or_rename", "alter type mood rename value 'a' to 'b'"),
    ("rename", "alter table things rename to stuff"),
    ("rename", "alter table things rename column name to title"),
    ("rename", "alter table things set schema other"),
    (
        "drop_default",
        "alter table things alter column name drop default",
    ),
    (
        "transaction_control",
        "begin; create table others (id integer); commit",
    ),
    ("session_setting", "set search_path = other"),
    (
        "unknown_statement",
        "do $$ begin execute 'drop table things'; end $$",
    ),
    (
        "unknown_statement",
        "alter table things attach partition others default",
    ),
    ("empty", "-- nothing yet"),
];

#[test]
fn bad_migrations_are_refused_with_their_reason() {
    for (rule, up) in BAD {
        let found = findings(up, "select 1", true);
        let rules: Vec<_> = found.iter().map(|finding| finding.rule).collect();
        assert!(rules.contains(rule), "{up}: {rules:?}");
        assert!(found.iter().all(|finding| finding.migration == "0002_next"));
        let waived = format!("-- lint: allow {rule}: a test\n{up}");
        let left = findings(&waived, "select 1", true);
        assert!(left.iter().all(|left| left.rule != *rule), "{left:?}");
    }
    for rule in rules::ALL {
        assert!(!rule.reason.is_empty() && !rule.instead.is_empty());
    }
}

#[test]
fn good_migrations_pass() {
    for up in [
        "create table others (id integer primary key, thing integer references things (id) not null);
         create index others_thing on others (thing); alter table others drop column thing; drop table others",
        "alter table things add column color text",
        "alter table things add column color text not null default 'red', add made timestamptz default now()",
        "alter table things add column size numeric(10, 2) default 0.0",
        "alter table things add constraint named check (name <> '') not valid",
        "alter table things add constraint one_owner unique using index things_owner_key",
        "alter table things alter column name set default 'y'; comment on table things is 'things; all'",
        "update things set name = 'y' where name = 'x'",
        "create or replace function f() returns void language sql as $$ delete from things; $$",
        "insert into things (id) values (1); grant select on things to public; set local work_mem = '64MB'",
    ] {
        assert_eq!(findings(up, "select 1", true), [], "{up}");
    }
    let concurrently = "create index concurrently things_owner on things (owner)";
    assert_eq!(findings(concurrently, "select 1", false), []);
}

#[test]
fn step_outside_a_transaction_is_one_statement() {
    let up =
        "create index concurrently a on things (owner); create index concurrently b on things (id)";
    let found = findings(up, "select 1", false);
    assert_eq!(found[0].rule, "one_statement");
}

#[test]
fn not_null_is_let_through_once_a_check_proves_it() {
    let step = |name, up| Migration { name, up, ..FIRST };
    let steps = vec![
        FIRST,
        step(
            "0002_check",
            "alter table things add constraint owned check (owner is not null) not valid",
        ),
        step(
            "0003_validate",
            "alter table things validate constraint owned",
        ),
        step(
            "0004_not_null",
            "alter table things alter column owner set not null",
        ),
    ];
    let mut released = Released::default();
    released.add(&[schema(vec![FIRST])]);
    assert_eq!(lint(&[schema(steps.clone())], &released), []);
    let without = vec![steps[0], steps[1], step("0003_not_null", steps[3].up)];
    assert_eq!(
        lint(&[schema(without)], &released)[0].rule,
        "not_null_reads_all_rows"
    );
}

#[test]
fn way_back_is_asked_for() {
    let up = "create table others (id integer)";
    assert_eq!(findings(up, "-- no\n", true)[0].rule, "no_way_back");
    let waived = "-- lint: allow no_way_back: rows were deleted";
    assert_eq!(findings(up, waived, true), []);
}

#[test]
fn released_steps_are_neither_edited_nor_removed_nor_renumbered() {
    let mut released = Released::default();
    released.add(&[schema(vec![FIRST])]);
    let edited = Migration {
        up: "create table things (id bigint)",
        ..FIRST
    };
    let renamed = Migration {
        name: "0001_stuff",
        ..FIRST
    };
    let skipped = Migration {
        name: "0003_later",
        up: "create table later (id integer)",
        ..FIRST
    };
    for (rule, steps) in [
        ("edited_after_release", vec![edited]),
        ("released_step_missing", vec![renamed]),
        ("released_step_missing", vec![]),
        ("numbered", vec![FIRST, skipped]),
    ] {
        let found = lint(&[schema(steps)], &released);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].rule, rule);
    }
}

#[test]
fn list_of_released_steps_only_grows() {
    let mut released = Released::default();
    assert_eq!(released.add(&[schema(vec![FIRST])]), ["tenant/0001_things"]);
    let edited = Migration {
        up: "select 1",
        ..FIRST
    };
    let before = released.clone();
    assert!(released.add(&[schema(vec![edited])]).is_empty());
    assert_eq!(released, before);
    assert_eq!(Released::parse(&released.text().unwrap()).unwrap(), before);
}

#[test]
fn our_own_schemas_pass() {
    let findings = lint(&SCHEMAS, &Released::ours().unwrap());
    assert!(findings.is_empty(), "{findings:#?}");
}

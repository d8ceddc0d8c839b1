//! What `up` would run where, and what each statement does to the requests beside it. Databases that would
//! take the same steps are told as one.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::{Fleet, Kind, RunError, Selection, Target, inspect, relocate, target};
use crate::schema::{Migration, Schema};
use crate::sql::{Action, Effect, File, Lock, Statement, actions, effect};

/// The whole plan.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// What runs, and in how many databases.
    pub groups: Vec<Group>,
    /// Every database with something to run.
    pub databases: Vec<Member>,
}

/// Databases of one kind that stand at one version.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// `catalog`, `identity`, `shortener` or `tenant`.
    pub schema: &'static str,
    /// The version they stand at.
    pub from: Option<String>,
    /// How many, by server.
    pub databases: BTreeMap<String, usize>,
    /// The steps to come, in order.
    pub steps: Vec<Step>,
}

/// One database.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// What a person calls it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its server.
    pub cluster: String,
    /// The database itself.
    pub database: String,
    /// The version it stands at.
    pub from: Option<String>,
    /// The steps to come, in order.
    pub migrations: Vec<&'static str>,
}

/// A step taken apart.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// The version it leads to.
    pub name: &'static str,
    /// All of it or nothing.
    pub transactional: bool,
    /// Its statements.
    pub statements: Vec<Judged>,
}

/// A statement and what it does to tables that hold rows.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// Its first line.
    pub sql: String,
    /// The line it begins on.
    pub line: usize,
    /// Its strongest lock, and whether every row is written or read under it.
    #[serde(flatten)]
    pub effect: Effect,
}

/// What `up` would run where; databases with nothing to run are left out.
pub async fn plan(
    fleet: &Fleet,
    selection: &Selection,
    to: Option<&str>,
) -> Result<Plan, RunError> {
    let targets = target::list(&fleet.registry, &fleet.platform, selection).await?;
    let members: Vec<_> = stream::iter(targets)
        .map(|target| async move {
            let goal = relocate::goal(&target, selection, to)?;
            let at = standing(&target).await;
            Ok::<_, RunError>((target, at, goal))
        })
        .buffered(fleet.parallel.get())
        .try_filter(|(_, at, goal)| std::future::ready(at < goal))
        .try_collect()
        .await?;
    let mut groups: BTreeMap<_, Group> = BTreeMap::new();
    for (target, at, goal) in &members {
        let schema = target.schema;
        let group = groups
            .entry((target.kind, schema.name, *at, *goal))
            .or_insert_with(|| group(schema, *at, *goal));
        *group.databases.entry(target.cluster.clone()).or_default() += 1;
    }
    Ok(Plan {
        groups: groups.into_values().collect(),
        databases: members
            .iter()
            .map(|(target, at, goal)| member(target, *at, *goal))
            .collect(),
    })
}

async fn standing(target: &Target) -> usize {
    let noted = target
        .noted()
        .and_then(|version| target.schema.steps(version));
    match noted {
        Some(noted) => noted,
        // A database that cannot be asked is planned from its beginning; `up` will say why.
        None => inspect::ask(target).await.unwrap_or_default(),
    }
}

fn member(target: &Target, at: usize, goal: usize) -> Member {
    Member {
        name: target.label().to_owned(),
        kind: target.kind,
        cluster: target.cluster.clone(),
        database: target.database().to_owned(),
        from: target.schema.version(at).map(str::to_owned),
        migrations: ahead(target.schema, at, goal)
            .map(|migration| migration.name)
            .collect(),
    }
}

fn group(schema: Schema, at: usize, goal: usize) -> Group {
    // A table made on the way is empty: nobody waits for its lock.
    let mut new_tables = BTreeSet::new();
    Group {
        schema: schema.name,
        from: schema.version(at).map(str::to_owned),
        databases: BTreeMap::new(),
        steps: ahead(schema, at, goal)
            .map(|migration| Step {
                name: migration.name,
                transactional: migration.transactional,
                statements: File::parse(migration.up)
                    .statements
                    .iter()
                    .map(|statement| judge(statement, &mut new_tables))
                    .collect(),
            })
            .collect(),
    }
}

fn ahead(schema: Schema, at: usize, goal: usize) -> impl Iterator<Item = &'static Migration> {
    schema.migrations.iter().take(goal).skip(at)
}

fn judge(statement: &Statement, new_tables: &mut BTreeSet<String>) -> Judged {
    let mut worst = Effect {
        lock: Lock::None,
        rewrites: false,
        scans: false,
    };
    for action in actions(statement) {
        if let Action::CreateTable { table } = &action {
            new_tables.insert(table.clone());
        }
        if action
            .table()
            .is_some_and(|table| new_tables.contains(table))
        {
            continue;
        }
        let own = effect(&action);
        worst.lock = worst.lock.max(own.lock);
        worst.rewrites |= own.rewrites;
        worst.scans |= own.scans;
    }
    let first = statement.text.lines().next().unwrap_or_default();
    Judged {
        sql: first.trim().trim_end_matches('(').trim_end().to_owned(),
        line: statement.line,
        effect: worst,
    }
}

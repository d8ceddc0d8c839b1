//! Refuses migrations that would hurt requests running beside them, the previous release, or the record of
//! what ran where. Released steps are only held against their checksums.

mod released;
mod rules;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::schema::{CATALOG, IDENTITY, Migration, SHORTENER, Schema, TENANT};
use crate::sql::{Action, Change, File, actions};

pub use released::{Released, ReleasedError};
pub use rules::Rule;

/// Every schema there is.
pub const SCHEMAS: [Schema; 4] = [CATALOG, IDENTITY, SHORTENER, TENANT];

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Of which schema.
    pub schema: &'static str,
    /// In which step.
    pub migration: String,
    /// On which line of the way up; none when it is about the step as a whole.
    pub line: Option<usize>,
    /// The rule's name, as a waiver writes it.
    pub rule: &'static str,
    /// What is wrong.
    pub reason: &'static str,
    /// What to do instead.
    pub instead: &'static str,
}

/// Everything that is wrong with these schemas.
pub fn lint(schemas: &[Schema], released: &Released) -> Vec<Finding> {
    let mut findings = Vec::new();
    for schema in schemas {
        let mut linter = Linter {
            schema: *schema,
            tables: BTreeSet::new(),
            unproven: BTreeSet::new(),
            proven: BTreeSet::new(),
            findings: Vec::new(),
        };
        linter.run(released);
        findings.append(&mut linter.findings);
    }
    findings
}

struct Linter {
    schema: Schema,
    /// Tables that hold rows when the step runs.
    tables: BTreeSet<String>,
    /// Checks that a column is not null, not validated yet: table, constraint, column.
    unproven: BTreeSet<(String, String, String)>,
    /// Columns that a valid check keeps from being null.
    proven: BTreeSet<(String, String)>,
    findings: Vec<Finding>,
}

impl Linter {
    fn run(&mut self, released: &Released) {
        let of_schema = released.of(self.schema.name);
        for (index, migration) in self.schema.migrations.iter().enumerate() {
            if !migration.name.starts_with(&format!("{:04}_", index + 1)) {
                self.find(migration.name, None, &rules::NUMBERED);
            }
            if let Some((name, checksum)) = of_schema.get(index) {
                match *name == migration.name {
                    true if *checksum != migration.checksum_text() => {
                        self.find(migration.name, None, &rules::EDITED);
                    }
                    true => {}
                    false => self.find(name, None, &rules::MISSING),
                }
                self.learn(migration);
                continue;
            }
            self.judge(migration);
        }
        for (name, _) in of_schema.iter().skip(self.schema.migrations.len()) {
            self.find(name, None, &rules::MISSING);
        }
    }

    /// Remembers what a released step made.
    fn learn(&mut self, migration: &Migration) {
        for statement in File::parse(migration.up).statements {
            for action in actions(&statement) {
                if let Action::CreateTable { table } = &action {
                    self.tables.insert(table.clone());
                }
                self.remember(&action);
            }
        }
    }

    fn judge(&mut self, migration: &Migration) {
        let file = File::parse(migration.up);
        let mut broken: Vec<(Option<usize>, &'static Rule)> = Vec::new();
        let mut added_here = BTreeSet::new();
        if file.statements.is_empty() {
            broken.push((None, &rules::EMPTY));
        }
        if !migration.transactional && file.statements.len() != 1 {
            broken.push((None, &rules::ONE_STATEMENT));
        }
        for statement in &file.statements {
            for action in actions(statement) {
                let line = Some(statement.line);
                if let Some(rule) = rules::of_transaction(&action, migration.transactional) {
                    broken.push((line, rule));
                }
                if let Some(rule) = rules::of_action(&action, &self.tables, &self.proven) {
                    broken.push((line, rule));
                }
                match &action {
                    Action::Alter {
                        change:
                            Change::AddConstraint {
                                name,
                                not_valid: true,
                                ..
                            },
                        ..
                    } => {
                        added_here.insert(name.clone());
                    }
                    Action::Alter {
                        change: Change::Validate { name },
                        ..
                    } if added_here.contains(name) => {
                        broken.push((line, &rules::VALIDATES_AT_ONCE));
                    }
                    _ => {}
                }
                self.remember(&action);
            }
        }
        let down = File::parse(migration.down);
        if down.statements.is_empty() && down.waived(rules::NO_DOWN.name).is_none() {
            broken.push((None, &rules::NO_DOWN));
        }
        for (line, rule) in broken {
            if file.waived(rule.name).is_none() {
                self.find(migration.name, line, rule);
            }
        }
    }

    fn remember(&mut self, action: &Action) {
        let Action::Alter { table, change } = action else {
            return;
        };
        match change {
            Change::AddConstraint {
                name,
                not_valid,
                not_null: Some(column),
                ..
            } => {
                if *not_valid {
                    let check = (table.clone(), name.clone(), column.clone());
                    self.unproven.insert(check);
                } else {
                    self.proven.insert((table.clone(), column.clone()));
                }
            }
            Change::Validate { name } => {
                let valid =
                    |check: &&(String, String, String)| check.0 == *table && check.1 == *name;
                let columns = self.unproven.iter().filter(valid);
                self.proven
                    .extend(columns.map(|(table, _, column)| (table.clone(), column.clone())));
            }
            _ => {}
        }
    }

    fn find(&mut self, migration: &str, line: Option<usize>, rule: &'static Rule) {
        self.findings.push(Finding {
            schema: self.schema.name,
            migration: migration.to_owned(),
            line,
            rule: rule.name,
            reason: rule.reason,
            instead: rule.instead,
        });
    }
}

#[cfg(test)]
mod tests;

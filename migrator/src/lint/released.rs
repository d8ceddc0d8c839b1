//! The steps that left the house, with their checksums: a file in git, written by `migrator lint --release`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::schema::Schema;

const OURS: &str = include_str!("../../schema/released.json");

/// Schema by schema, step by step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Released(BTreeMap<String, BTreeMap<String, String>>);

/// The list is not what this program writes.
#[derive(Debug, thiserror::Error)]
#[error("read the list of released steps")]
pub struct ReleasedError(#[from] serde_json::Error);

impl Released {
    /// The list this program was built with.
    pub fn ours() -> Result<Self, ReleasedError> {
        Self::parse(OURS)
    }

    /// A list as text.
    pub fn parse(text: &str) -> Result<Self, ReleasedError> {
        Ok(serde_json::from_str(text)?)
    }

    /// As text for the file.
    pub fn text(&self) -> Result<String, ReleasedError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Adds every step that is not listed yet. What is listed keeps its checksum.
    pub fn add(&mut self, schemas: &[Schema]) -> Vec<String> {
        let mut added = Vec::new();
        for schema in schemas {
            let own = self.0.entry(schema.name.to_owned()).or_default();
            for migration in schema.migrations {
                if !own.contains_key(migration.name) {
                    own.insert(migration.name.to_owned(), migration.checksum_text());
                    added.push(format!("{}/{}", schema.name, migration.name));
                }
            }
        }
        added
    }

    /// A schema's steps in order, with their checksums.
    pub(super) fn of(&self, schema: &str) -> Vec<(&str, &str)> {
        let own = self.0.get(schema).into_iter().flatten();
        own.map(|(name, checksum)| (name.as_str(), checksum.as_str()))
            .collect()
    }
}

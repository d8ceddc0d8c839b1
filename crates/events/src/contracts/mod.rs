//! All contracts for who is not written in Rust: an AsyncAPI document, and a page to read. Both are made from the
//! Rust types and their golden files, so they cannot say anything else.

mod asyncapi;
mod page;

pub use asyncapi::asyncapi;
pub use page::page;

use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use crate::Envelope;
use crate::topic::{
    Event, board, comment, link, organization, project, report, session, task, tenant, user,
    webhook, workspace,
};

/// One type of event, without its Rust type.
pub struct Contract {
    /// The type, `task.created`.
    pub kind: &'static str,
    /// An envelope as it is on the wire.
    golden: &'static str,
    name: fn() -> String,
    schemas: fn(&mut Vec<(String, RefOr<Schema>)>),
    #[cfg(test)]
    pub(crate) rewrite: fn(&Envelope) -> (Value, String),
}

impl Contract {
    pub(crate) const fn of<E: Event + ToSchema>(golden: &'static str) -> Self {
        Self {
            kind: E::TYPE,
            golden,
            name: || E::name().into_owned(),
            schemas: |all| {
                all.push((E::name().into_owned(), E::schema()));
                E::schemas(all);
            },
            #[cfg(test)]
            rewrite: crate::topic::golden::rewrite::<E>,
        }
    }

    /// The name of its data's schema.
    pub fn name(&self) -> String {
        (self.name)()
    }

    /// The schema of its data, and those of all that it refers to, by name.
    pub fn schemas(&self) -> Vec<(String, RefOr<Schema>)> {
        let mut found = Vec::new();
        (self.schemas)(&mut found);
        found
    }

    /// An envelope of this type as it is on the wire.
    #[expect(clippy::expect_used, reason = "a test reads all golden files")]
    pub(crate) fn example(&self) -> Value {
        serde_json::from_str(self.golden).expect("golden file is JSON")
    }
}

/// The contract of a type, if there is one.
pub fn contract(kind: &str) -> Option<&'static Contract> {
    all().find(|contract| contract.kind == kind)
}

/// All contracts, topic by topic.
pub(crate) fn all() -> impl Iterator<Item = &'static Contract> {
    [
        organization::CONTRACTS,
        tenant::CONTRACTS,
        user::CONTRACTS,
        session::CONTRACTS,
        workspace::CONTRACTS,
        project::CONTRACTS,
        board::CONTRACTS,
        task::CONTRACTS,
        comment::CONTRACTS,
        link::CONTRACTS,
        report::CONTRACTS,
        webhook::CONTRACTS,
    ]
    .into_iter()
    .flatten()
}

/// A field of a JSON object; null where there is none.
fn at<'a>(value: &'a Value, field: &str) -> &'a Value {
    value.get(field).unwrap_or(&Value::Null)
}

/// The schemas of these contracts, and of all that they and the envelope refer to, by name.
fn schemas<'a>(contracts: impl IntoIterator<Item = &'a Contract>) -> Map<String, Value> {
    let mut found = Vec::new();
    for contract in contracts {
        found.extend(contract.schemas());
    }
    Envelope::schemas(&mut found);
    let json = found.into_iter().map(|(name, schema)| {
        #[expect(clippy::expect_used, reason = "a schema is a tree with string keys")]
        let schema = serde_json::to_value(schema).expect("schema is JSON");
        (name, schema)
    });
    json.collect()
}

//! Asks a database for everything it holds.

use std::collections::BTreeMap;
use std::fmt::Write;

use kernel::secret;
use tokio_postgres::SimpleQueryMessage;

use crate::database::Session;
use crate::error::Error;
use crate::fleet::Target;

const OBJECTS: &str = include_str!("listing.sql");
const ACCESS: &str = include_str!("access.sql");
/// What [`ACCESS`] says of every tenant that is as it should be.
const RIGHT_ACCESS: [(&str, &str); 3] = [
    ("grant CONNECT on database to <tenant>", "granted"),
    ("role <tenant>", "login"),
    ("role <tenant> in tenant_app", "member"),
];

/// Objects by name, with their definitions.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pub(super) steps: usize,
    pub(super) objects: BTreeMap<String, String>,
}

impl Listing {
    /// What a tenant should hold, of its template's listing.
    pub(super) fn expected(&self) -> BTreeMap<String, String> {
        let access = RIGHT_ACCESS.map(|(name, is)| (name.to_owned(), is.to_owned()));
        let mut objects = self.objects.clone();
        objects.extend(access);
        objects
    }

    pub(super) fn fingerprint(&self) -> String {
        let mut text = String::new();
        for (name, definition) in &self.objects {
            // Writing to a string cannot fail.
            let _: Result<(), _> = writeln!(text, "{name}\t{definition}");
        }
        secret::sha256(text)
            .map(|byte| format!("{byte:02x}"))
            .concat()
    }
}

/// Lists a template's objects, or a tenant's with who may enter it.
pub(super) async fn read(target: &Target) -> Result<Listing, Error> {
    let sql = match &target.tenant {
        Some(tenant) => {
            let role = format!("'{}'", tenant.role.replace('\'', "''"));
            format!("{OBJECTS}\nunion all\n{}", ACCESS.replace("$TENANT", &role))
        }
        None => OBJECTS.to_owned(),
    };
    let session = Session::connect(&target.address, target.schema).await?;
    let (steps, messages) = session.ask(&sql).await?;
    session.close().await;
    let mut objects = BTreeMap::new();
    for message in &messages {
        let SimpleQueryMessage::Row(row) = message else {
            continue;
        };
        if let (Ok(Some(name)), Ok(definition)) = (row.try_get("object"), row.try_get("definition"))
        {
            let definition = definition.unwrap_or_default().to_owned();
            objects.insert(name.to_owned(), definition);
        }
    }
    Ok(Listing { steps, objects })
}

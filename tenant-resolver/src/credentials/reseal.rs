//! Sealing everything anew under the newest key, after which the former keys can be forgotten.
//!
//! Each value is replaced only where it still is what was opened, so that a rotation in between wins.

use deadpool_postgres::GenericClient;
use kernel::ClusterId;
use serde::Serialize;
use uuid::Uuid;

use crate::catalog;
use crate::error::Error;
use crate::provision::seal_context;
use crate::state::Resolver;

/// Values of one place in one call; the caller calls until nothing is left.
const BATCH: i64 = 2000;

/// What one call did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Resealed {
    /// Values that are now under the newest key.
    pub resealed: u64,
    /// Values that are not: call again. When nothing was resealed, their keys are not at hand.
    pub left: u64,
}

/// A column of sealed values.
struct Place {
    table: &'static str,
    column: &'static str,
    context: fn(Uuid) -> Vec<u8>,
}

const PLACES: [Place; 3] = [
    Place {
        table: "clusters",
        column: "provisioner_password",
        context: |id| crate::provision::cluster_context(ClusterId::from(id)),
    },
    Place {
        table: "tenants",
        column: "sealed_password",
        context: |id| seal_context(id.into()),
    },
    Place {
        table: "tenants",
        column: "next_sealed_password",
        context: |id| seal_context(id.into()),
    },
];

/// Seals what is under a former key under the newest one.
pub async fn reseal(resolver: &Resolver) -> Result<Resealed, Error> {
    let client = resolver.catalog.get().await?;
    let mut done = Resealed::default();
    for place in PLACES {
        done.resealed += place.reseal(&client, resolver).await?;
        done.left += place.left(&client, resolver).await?;
    }
    tracing::info!(
        resealed = done.resealed,
        left = done.left,
        "secrets sealed anew"
    );
    Ok(done)
}

impl Place {
    /// Rows whose value another key sealed: it does not begin with the newest key's id.
    fn old(&self) -> String {
        let Self { table, column, .. } = self;
        format!("from {table} where substring({column} for octet_length($1::bytea)) <> $1::bytea")
    }

    async fn reseal(&self, client: &impl GenericClient, resolver: &Resolver) -> Result<u64, Error> {
        let Self { table, column, .. } = self;
        let prefix = resolver.seal.newest().prefix();
        let sql = format!("select id, {column} {} order by id limit $2", self.old());
        let (mut ids, mut old, mut new) = (Vec::new(), Vec::new(), Vec::new());
        for row in catalog::rows(client, &sql, &[&prefix, &BATCH]).await? {
            let (id, sealed): (Uuid, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
            let context = (self.context)(id);
            match resolver.seal.open(&sealed, &context) {
                Ok(plain) => {
                    new.push(resolver.seal.seal(&plain, &context)?);
                    ids.push(id);
                    old.push(sealed);
                }
                Err(error) => tracing::error!(
                    table, row.id = %id,
                    error = &error as &dyn std::error::Error,
                    "sealed value could not be opened"
                ),
            }
        }
        let sql = format!(
            "update {table} t set {column} = renewed.new
            from unnest($1::uuid[], $2::bytea[], $3::bytea[]) as renewed (id, old, new)
            where t.id = renewed.id and t.{column} = renewed.old"
        );
        catalog::execute(client, &sql, &[&ids, &old, &new]).await
    }

    async fn left(&self, client: &impl GenericClient, resolver: &Resolver) -> Result<u64, Error> {
        let prefix = resolver.seal.newest().prefix();
        let sql = format!("select count(*) {}", self.old());
        let row = catalog::row(client, &sql, &[&prefix]).await?;
        let left: i64 = row.ok_or(Error::Malformed("count"))?.try_get(0)?;
        Ok(left.unsigned_abs())
    }
}

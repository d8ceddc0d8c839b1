//! A database beside the tenants': where a backup is read back, to be looked at or to take a tenant's place.
//!
//! Nobody but the operator may connect to it. What a crash leaves is replaced by the next of the same name.

use std::path::Path;

use kernel::TenantId;
use tokio_postgres::Client;

use super::sums::{self, Depth, Sums};
use super::tools::Tools;
use super::{Error, Operator, connect, execute};
use crate::address::Address;
use crate::clusters::Place;
use crate::database::Session;
use crate::schema::{TENANT, TENANT_OWNER};

/// An empty database, then a copy.
pub(crate) struct Beside {
    pub(crate) name: String,
    pub(crate) server: Client,
    address: Address,
}

impl Beside {
    /// Makes it empty, whatever was there under the name.
    pub(crate) async fn make(
        operator: &Operator,
        place: &Place,
        name: String,
    ) -> Result<Self, Error> {
        let server = operator.server(place).await?;
        let made = Self {
            address: operator.at(place, &name)?,
            server,
            name,
        };
        made.drop_database().await?;
        let sql = "create database %I template template0 encoding 'UTF8' owner %I";
        let step = "create a database beside";
        execute(&made.server, step, sql, &[&made.name, TENANT_OWNER]).await?;
        let sql = "revoke all on database %I from public";
        execute(&made.server, step, sql, &[&made.name]).await?;
        Ok(made)
    }

    /// Reads a backup into it and compares every table with what the backup says of itself.
    pub(crate) async fn fill(
        &self,
        tools: &Tools,
        dump: &Path,
        expected: &Sums,
    ) -> Result<(), Error> {
        tools.restore(&self.address, dump).await?;
        let client = self.connect().await?;
        sums::compare(expected, &sums::take(&client, Depth::Values).await?)?;
        analyze(&client).await
    }

    /// Takes the steps of the tenant schema that it lacks.
    pub(crate) async fn migrate(&self, goal: usize) -> Result<(), Error> {
        let session = Session::open(&self.address, TENANT).await?;
        let done = session.up(goal).await;
        session.close().await;
        Ok(done?)
    }

    /// Whose database it was.
    pub(crate) async fn tenant(&self) -> Result<TenantId, Error> {
        tenant_of(&self.connect().await?).await
    }

    /// It belongs to another tenant from now on; what the former one had under way is not repeated.
    pub(crate) async fn adopt(&self, tenant: TenantId) -> Result<(), Error> {
        let sql = format!(
            "begin; update public.tenant_identity set tenant_id = '{tenant}';
             truncate public.outbox, public.idempotency_keys; commit"
        );
        let client = self.connect().await?;
        client
            .batch_execute(&sql)
            .await
            .map_err(Error::sql("give the copy to its tenant"))
    }

    /// Lets the tenant's own role in.
    pub(crate) async fn admit(&self, role: &str) -> Result<(), Error> {
        let sql = "grant connect on database %I to %I";
        execute(
            &self.server,
            "let the tenant's role in",
            sql,
            &[&self.name, role],
        )
        .await
    }

    /// Removes it. It is a copy: nothing is lost, and a failure is the next one's business.
    pub(crate) async fn remove(self) {
        drop(self.drop_database().await);
    }

    async fn drop_database(&self) -> Result<(), Error> {
        let sql = "drop database if exists %I with (force)";
        execute(&self.server, "drop a database beside", sql, &[&self.name]).await
    }

    async fn connect(&self) -> Result<Client, Error> {
        connect(&self.address).await
    }
}

/// A copy comes without statistics, and the server makes its own only minutes later: until then plans are guesses.
pub(crate) async fn analyze(client: &Client) -> Result<(), Error> {
    let analyzed = client.batch_execute("analyze").await;
    analyzed.map_err(Error::sql("analyze the copy"))
}

/// Whose database this is.
pub(crate) async fn tenant_of(client: &Client) -> Result<TenantId, Error> {
    let row = client
        .query_one("select tenant_id from public.tenant_identity", &[])
        .await;
    let id: Result<uuid::Uuid, _> = row.and_then(|row| row.try_get(0));
    Ok(id.map_err(Error::sql("read whose database it is"))?.into())
}

/// The version of the tenant schema this database stands at.
pub(crate) async fn version_of(client: &Client) -> Result<Option<String>, Error> {
    let sql = "select max(version) from public.seaql_migrations";
    let row = client.query_one(sql, &[]).await;
    row.and_then(|row| row.try_get(0))
        .map_err(Error::sql("read the schema's version"))
}

/// The server's major version.
pub(crate) async fn major_of(client: &Client) -> Result<u32, Error> {
    let sql = "select current_setting('server_version_num')::integer / 10000";
    let row = client.query_one(sql, &[]).await;
    let major: Result<i32, _> = row.and_then(|row| row.try_get(0));
    let major = major.map_err(Error::sql("read the server's version"))?;
    Ok(u32::try_from(major).unwrap_or_default())
}

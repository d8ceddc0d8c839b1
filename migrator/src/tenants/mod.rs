//! What an operator does with one tenant: copies of it, its way to another cluster, its end.
//!
//! Status, place and password are the resolver's ([`crate::resolver`]); everything here works on the databases
//! themselves, with the operator's role.

pub mod backup;
mod beside;
pub mod erasure;
mod error;
pub mod export;
mod find;
mod freeze;
pub mod moving;
pub mod restore;
mod sessions;
mod sums;
mod tools;

use kernel::{Clock, Ids};
use tokio_postgres::{Client, NoTls};

use crate::address::Address;
use crate::clusters::Place;
use crate::registry::Registry;

pub use error::Error;
pub use find::{Size, Subject, Transition};
pub use sums::{Sums, TableSum};

/// Told to the operator while something runs.
pub type Tell<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// What every command works with.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The catalog.
    pub registry: Registry,
    /// The operator's role; the same on every cluster.
    pub admin: Address,
    /// The time.
    pub clock: Clock,
    /// Ids of moves and requests.
    pub ids: Ids,
    /// Who works: machine and process.
    pub holder: String,
}

impl Operator {
    /// The operator's way into a database of a cluster.
    pub fn at(&self, place: &Place, database: &str) -> Result<Address, Error> {
        let server = self.admin.with_server(&place.host, place.port);
        let server = server.map_err(|_malformed| Error::Place(place.name.clone()))?;
        Ok(server.with_database(database))
    }

    /// Connects to a database of a cluster.
    pub(crate) async fn connect(&self, place: &Place, database: &str) -> Result<Client, Error> {
        connect(&self.at(place, database)?).await
    }

    /// Connects to a cluster, outside any tenant's database.
    pub(crate) async fn server(&self, place: &Place) -> Result<Client, Error> {
        self.connect(place, self.admin.database().unwrap_or("postgres"))
            .await
    }
}

/// Rows read alike everywhere, no statement ends while it waits for another program, each ends soon after a migrator
/// that was killed, and none that carries a verifier or a password reaches the server's log.
const SETTINGS: &str = "set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres';
    set bytea_output = 'hex'; set extra_float_digits = 1; set search_path = pg_catalog;
    set idle_in_transaction_session_timeout = 0; set statement_timeout = 0; set client_connection_check_interval = '100ms';
    set log_statement = 'none'; set log_min_duration_statement = -1; set log_min_error_statement = 'panic'";

/// A connection of the operator's; ends with the client.
pub(crate) async fn connect(address: &Address) -> Result<Client, Error> {
    let mut config = address.config().clone();
    config
        .application_name("migrator")
        .connect_timeout(std::time::Duration::from_secs(10));
    let opened = config.connect(NoTls).await;
    let (client, connection) = opened.map_err(|source| Error::Connect {
        server: format!("{}:{}", address.host(), address.port()),
        source,
    })?;
    tokio::spawn(connection);
    client
        .batch_execute(SETTINGS)
        .await
        .map_err(Error::sql("prepare a session"))?;
    Ok(client)
}

/// Runs a statement that takes no parameters, with names and literals quoted by the server.
pub(crate) async fn execute(
    client: &Client,
    step: &'static str,
    sql: &str,
    values: &[&str],
) -> Result<(), Error> {
    let statement = quoted(client, step, sql, values).await?;
    client
        .batch_execute(&statement)
        .await
        .map_err(Error::sql(step))
}

/// The statement with names (`%I`) and literals (`%L`) in their places.
pub(crate) async fn quoted(
    client: &Client,
    step: &'static str,
    sql: &str,
    values: &[&str],
) -> Result<String, Error> {
    let row = client
        .query_one("select format($1, variadic $2::text[])", &[&sql, &values])
        .await;
    row.and_then(|row| row.try_get(0)).map_err(Error::sql(step))
}

//! The copy on the target: an empty database of the same shape, then a subscription that fills it and keeps it equal.
//!
//! Publication, subscription and slot bear one name, made of the tenant's id, so that undoing needs no memory.

use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::PgLsn;
use tokio_util::sync::CancellationToken;

use crate::address::Address;
use crate::clusters::Place;
use crate::schema::TENANT_OWNER;
use crate::tenants::beside::{analyze, major_of, tenant_of};
use crate::tenants::tools::Tools;
use crate::tenants::{Error, Operator, Subject, Tell, execute, sessions, sums};

const POLL: Duration = Duration::from_millis(50);
const FAST_POLL: Duration = Duration::from_millis(2);
/// The server starts a subscription's worker at most every `wal_retrieve_retry_interval` (5 s).
const WORKER_PATIENCE: Duration = Duration::from_secs(60);
/// How close behind the copy must be before the tenant is held, and how long that may take.
const CLOSE: Duration = Duration::from_millis(100);
const CLOSE_PATIENCE: Duration = Duration::from_secs(60);
/// Asked of the server while the slot is made: it waits for every transaction of the cluster that runs by then.
const SLOT_PATIENCE: &str = "set statement_timeout = '120s'";
/// A table without a primary key waits no longer for its readers.
const IDENTITY_PATIENCE: &str = "set lock_timeout = '1s'";

/// Both sides of a move.
#[derive(Clone, Debug)]
pub struct Copy {
    pub(super) operator: Operator,
    pub(super) subject: Subject,
    pub(super) target: Place,
    name: String,
}

impl Copy {
    /// The copy of a tenant on a cluster; nothing is made yet.
    pub fn new(operator: &Operator, subject: &Subject, target: &Place) -> Self {
        Self {
            operator: operator.clone(),
            subject: subject.clone(),
            target: target.clone(),
            name: format!("move_{}", subject.id.uuid().simple()),
        }
    }

    pub(super) async fn source_database(&self) -> Result<Client, Error> {
        let subject = &self.subject;
        let opened = self.operator.connect(&subject.cluster, &subject.database);
        opened.await
    }

    pub(super) async fn target_database(&self) -> Result<Client, Error> {
        let database = &self.subject.database;
        self.operator.connect(&self.target, database).await
    }

    pub(super) async fn source_server(&self) -> Result<Client, Error> {
        self.operator.server(&self.subject.cluster).await
    }

    pub(super) async fn target_server(&self) -> Result<Client, Error> {
        self.operator.server(&self.target).await
    }

    /// Role with the same password, empty database of the same shape, rights. The place must be [`Copy::vacant`].
    pub async fn prepare(&self) -> Result<(), Error> {
        let (source, target) = tokio::try_join!(self.source_server(), self.target_server())?;
        let (from, to) = (major_of(&source).await?, major_of(&target).await?);
        if to < from {
            return Err(Error::Refused(format!(
                "{} runs PostgreSQL {to}, older than {from}: tenants move to the same or a newer one",
                self.target.name
            )));
        }
        self.make_role(&source, &target).await?;
        self.make_database(&source, &target).await?;
        let tools = Tools::find(from).await?;
        let (place, database) = (&self.subject.cluster, &self.subject.database);
        let from = self.operator.at(place, database)?;
        let to = self.operator.at(&self.target, database)?;
        Ok(tools.copy_schema(&from, &to).await?)
    }

    /// Refuses a target that has a database of the tenant's name, which may be somebody's only copy.
    pub async fn vacant(&self) -> Result<(), Error> {
        let target = self.target_server().await?;
        if !exists(&target, &self.subject.database).await? {
            return Ok(());
        }
        let (database, name) = (&self.subject.database, &self.target.name);
        Err(Error::Refused(format!(
            "{name} has a database {database} already, perhaps kept by an earlier move: drop it there first"
        )))
    }

    async fn make_role(&self, source: &Client, target: &Client) -> Result<(), Error> {
        const STEP: &str = "make the tenant's role on the target";
        let role = self.subject.role.as_str();
        let sql = "select rolpassword from pg_authid where rolname = $1";
        let row = source.query_one(sql, &[&role]).await;
        let verifier: Option<String> = row
            .and_then(|row| row.try_get(0))
            .map_err(Error::sql("read the tenant's role"))?;
        let verifier = verifier.unwrap_or_default();
        let sql = "drop role if exists %I";
        execute(target, STEP, sql, &[role]).await?;
        let sql = "create role %I login in role tenant_app password %L";
        execute(target, STEP, sql, &[role, &verifier]).await
    }

    async fn make_database(&self, source: &Client, target: &Client) -> Result<(), Error> {
        const STEP: &str = "make the tenant's database on the target";
        let (database, role) = (self.subject.database.as_str(), self.subject.role.as_str());
        let sql = "select pg_encoding_to_char(encoding)::text, datcollate, datctype from pg_database where datname = $1";
        let row = source.query_one(sql, &[&database]).await;
        let row = row.map_err(Error::sql("read the tenant's database"))?;
        let text = |index: usize| -> Result<String, Error> {
            row.try_get(index)
                .map_err(Error::sql("read the tenant's database"))
        };
        let (encoding, collate, ctype) = (text(0)?, text(1)?, text(2)?);
        let sql =
            "create database %I template template0 owner %I encoding %L lc_collate %L lc_ctype %L";
        let values = [database, TENANT_OWNER, &encoding, &collate, &ctype];
        execute(target, STEP, sql, &values).await?;
        let sql = "revoke all on database %I from public";
        execute(target, STEP, sql, &[database]).await?;
        let sql = "grant connect on database %I to %I";
        execute(target, STEP, sql, &[database, role]).await
    }

    /// From here on every commit on the source reaches the target.
    pub async fn replicate(&self) -> Result<(), Error> {
        let source = self.source_database().await?;
        if tenant_of(&source).await? != self.subject.id {
            let database = &self.subject.database;
            return Err(Error::Refused(format!(
                "{database} belongs to another tenant"
            )));
        }
        self.identify_rows(&source).await?;
        let sql = "create publication %I for all tables";
        execute(&source, "publish the tenant's tables", sql, &[&self.name]).await?;
        let target = self.target_database().await?;
        let patience = target.batch_execute(SLOT_PATIENCE).await;
        patience.map_err(Error::sql("prepare a session"))?;
        let address = self
            .operator
            .at(&self.subject.cluster, &self.subject.database)?;
        let sql = "create subscription %I connection %L publication %I with (copy_data = true, slot_name = %L)";
        let way = connection_string(&address, &self.name);
        let values = [&self.name, &way, &self.name, &self.name].map(String::as_str);
        execute(&target, "subscribe to the tenant's tables", sql, &values).await
    }

    /// PostgreSQL refuses to change rows of a published table that it could not name.
    async fn identify_rows(&self, source: &Client) -> Result<(), Error> {
        const STEP: &str = "name the rows of a table without a primary key";
        let sql = format!(
            "{} and c.relreplident = 'd' and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)",
            sums::TABLES
        );
        let rows = source.query(&sql, &[]).await.map_err(Error::sql(STEP))?;
        if rows.is_empty() {
            return Ok(());
        }
        let patience = source.batch_execute(IDENTITY_PATIENCE).await;
        patience.map_err(Error::sql(STEP))?;
        for row in rows {
            let text = |index: usize| -> Result<String, Error> {
                row.try_get(index).map_err(Error::sql(STEP))
            };
            let sql = "alter table %I.%I replica identity full";
            execute(source, STEP, sql, &[&text(0)?, &text(1)?]).await?;
        }
        Ok(())
    }

    /// Waits until every table is copied.
    pub async fn synced(&self, stop: &CancellationToken, tell: Tell<'_>) -> Result<(), Error> {
        const STEP: &str = "look how far the copy is";
        let target = self.target_database().await?;
        let sql = "select count(*) filter (where r.srsubstate = 'r'), count(*),
                (select count(*) from pg_stat_subscription w where w.subid = s.oid and w.pid is not null),
                coalesce((select e.apply_error_count + e.sync_error_count from pg_stat_subscription_stats e
                    where e.subid = s.oid), 0)
            from pg_subscription s left join pg_subscription_rel r on r.srsubid = s.oid
            where s.subname = $1 group by s.oid";
        let mut worked = Instant::now();
        let mut told = None;
        loop {
            let row = target.query_one(sql, &[&self.name]).await;
            let row = row.map_err(Error::sql(STEP))?;
            let read = |index: usize| -> Result<i64, Error> {
                row.try_get(index).map_err(Error::sql(STEP))
            };
            let (ready, tables, workers, errors) = (read(0)?, read(1)?, read(2)?, read(3)?);
            if ready == tables {
                return Ok(());
            }
            if told != Some(ready) {
                tell(&format!("copied {ready} of {tables} tables"));
                told = Some(ready);
            }
            if errors > 0 {
                return Err(self.stuck("the subscription failed"));
            }
            if workers > 0 {
                worked = Instant::now();
            } else if worked.elapsed() > WORKER_PATIENCE {
                return Err(self.stuck("the subscription does not start"));
            }
            pause(stop, POLL).await?;
        }
    }

    fn stuck(&self, what: &str) -> Error {
        Error::Stuck(format!(
            "{what}: see the log of {}'s server, and its max_logical_replication_workers and max_worker_processes",
            self.target.name
        ))
    }

    /// Takes statistics, then waits until the copy is so close behind that the rest fits into a pause.
    pub async fn caught_up(&self, stop: &CancellationToken) -> Result<(), Error> {
        let (source, target) = tokio::try_join!(self.source_database(), self.target_database())?;
        analyze(&target).await?;
        let deadline = Instant::now() + CLOSE_PATIENCE;
        loop {
            let started = Instant::now();
            let mark = self.mark(&source).await?;
            self.reached(&target, mark, deadline).await?;
            if started.elapsed() < CLOSE {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(self.stuck("the copy does not catch up with the writes"));
            }
            pause(stop, POLL).await?;
        }
    }

    /// Commits a change of nothing on the source; answers a place in its log before which every earlier commit is.
    pub(super) async fn mark(&self, source: &Client) -> Result<PgLsn, Error> {
        const STEP: &str = "mark the source's log";
        let row = source
            .query_one("select pg_current_wal_insert_lsn()", &[])
            .await;
        let mark = row
            .and_then(|row| row.try_get(0))
            .map_err(Error::sql(STEP))?;
        let touch = "update public.tenant_identity set tenant_id = tenant_id";
        let touched = source.batch_execute(touch).await;
        touched.map_err(Error::sql(STEP))?;
        Ok(mark)
    }

    /// Waits until the copy has a commit that came after the mark, and with it all before.
    pub(super) async fn reached(
        &self,
        target: &Client,
        mark: PgLsn,
        deadline: Instant,
    ) -> Result<(), Error> {
        let sql = "select coalesce(o.remote_lsn > $2, false) from pg_subscription s
            left join pg_replication_origin_status o on o.external_id = 'pg_' || s.oid where s.subname = $1";
        let query = target.prepare(sql).await;
        let query = query.map_err(Error::sql("look how far the copy is"))?;
        loop {
            let row = target.query_one(&query, &[&self.name, &mark]).await;
            let there: bool = row
                .and_then(|row| row.try_get(0))
                .map_err(Error::sql("look how far the copy is"))?;
            if there {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(self.stuck("the copy does not catch up with the writes"));
            }
            tokio::time::sleep(FAST_POLL).await;
        }
    }

    /// Whether the catalog still has the tenant on the source.
    pub(super) async fn lives_on_source(&self) -> Result<bool, Error> {
        let subject = self.operator.tenant(&self.subject.id.to_string()).await?;
        Ok(subject.cluster.id == self.subject.cluster.id)
    }

    /// The tenant lives on the target: nothing is left on the source, or only its database with connections off.
    pub async fn finish(&self, keep_source: bool) -> Result<(), Error> {
        self.unsubscribe().await?;
        let server = self.source_server().await?;
        let (database, role) = (self.subject.database.as_str(), self.subject.role.as_str());
        if !exists(&server, database).await? {
            let sql = "drop role if exists %I";
            return execute(&server, "drop the role on the source", sql, &[role]).await;
        }
        self.drop_slots(&server).await?;
        if keep_source {
            let source = self.source_database().await;
            if let Ok(source) = source {
                let sql = "drop publication if exists %I";
                execute(&source, "withdraw the publication", sql, &[&self.name]).await?;
            }
            let sql = "alter database %I allow_connections false";
            execute(&server, "close the source", sql, &[database]).await?;
            return sessions::end_all(&server, database).await;
        }
        let sql = "drop database if exists %I with (force)";
        execute(&server, "drop the source", sql, &[database]).await?;
        let sql = "drop role if exists %I";
        execute(&server, "drop the role on the source", sql, &[role]).await
    }

    /// The tenant lives on the source: nothing is left on the target, and nothing of ours on the source.
    pub async fn roll_back(&self) -> Result<(), Error> {
        let server = self.target_server().await?;
        let (database, role) = (self.subject.database.as_str(), self.subject.role.as_str());
        if exists(&server, database).await? {
            self.unsubscribe().await?;
            let sql = "drop database if exists %I with (force)";
            execute(&server, "drop the copy", sql, &[database]).await?;
        }
        let sql = "drop role if exists %I";
        execute(&server, "drop the role of the copy", sql, &[role]).await?;
        self.drop_slots(&self.source_server().await?).await?;
        let source = match self.source_database().await {
            // The tenant was erased after all.
            Err(error) if error.state() == Some(&SqlState::INVALID_CATALOG_NAME) => return Ok(()),
            source => source?,
        };
        let sql = "drop publication if exists %I";
        execute(&source, "withdraw the publication", sql, &[&self.name]).await?;
        self.forget_rows(&source).await
    }

    async fn forget_rows(&self, source: &Client) -> Result<(), Error> {
        const STEP: &str = "set the tables' replica identity back";
        let sql = format!("{} and c.relreplident = 'f'", sums::TABLES);
        let rows = source.query(&sql, &[]).await.map_err(Error::sql(STEP))?;
        for row in rows {
            let text = |index: usize| -> Result<String, Error> {
                row.try_get(index).map_err(Error::sql(STEP))
            };
            let sql = "alter table %I.%I replica identity default";
            execute(source, STEP, sql, &[&text(0)?, &text(1)?]).await?;
        }
        Ok(())
    }

    /// Ends the subscription without a word to the source, which may be away.
    async fn unsubscribe(&self) -> Result<(), Error> {
        const STEP: &str = "end the subscription";
        let target = self.target_database().await?;
        let sql =
            "select exists (select from pg_subscription s join pg_database d on d.oid = s.subdbid
            where s.subname = $1 and d.datname = current_database())";
        let row = target.query_one(sql, &[&self.name]).await;
        let there: bool = row
            .and_then(|row| row.try_get(0))
            .map_err(Error::sql(STEP))?;
        if !there {
            return Ok(());
        }
        let sql = "alter subscription %I disable";
        execute(&target, STEP, sql, &[&self.name]).await?;
        let sql = "alter subscription %I set (slot_name = none)";
        execute(&target, STEP, sql, &[&self.name]).await?;
        let sql = "drop subscription %I";
        execute(&target, STEP, sql, &[&self.name]).await
    }

    /// The slot of the subscription, and those that copying single tables left.
    async fn drop_slots(&self, server: &Client) -> Result<(), Error> {
        const STEP: &str = "drop the replication slots";
        let sql = "select slot_name::text, active_pid from pg_replication_slots
            where database = $1 and (slot_name = $2 or slot_name ~ '^pg_[0-9]+_sync_')";
        let deadline = Instant::now() + CLOSE_PATIENCE;
        loop {
            let rows = server
                .query(sql, &[&self.subject.database, &self.name])
                .await;
            let rows = rows.map_err(Error::sql(STEP))?;
            if rows.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(Error::Stuck(format!("{} stays in use", self.name)));
            }
            for row in rows {
                let slot: String = row.try_get(0).map_err(Error::sql(STEP))?;
                let sender: Option<i32> = row.try_get(1).map_err(Error::sql(STEP))?;
                let sql = match sender {
                    Some(_) => {
                        "select pg_terminate_backend(active_pid) from pg_replication_slots
                            where slot_name = $1 and active_pid is not null"
                    }
                    None => {
                        "select pg_drop_replication_slot(slot_name) from pg_replication_slots
                            where slot_name = $1 and not active"
                    }
                };
                match server.query(sql, &[&slot]).await {
                    // A worker that was just starting took it again.
                    Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => {}
                    done => done.map(drop).map_err(Error::sql(STEP))?,
                }
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

async fn exists(server: &Client, database: &str) -> Result<bool, Error> {
    let sql = "select exists (select from pg_database where datname = $1)";
    let row = server.query_one(sql, &[&database]).await;
    row.and_then(|row| row.try_get(0))
        .map_err(Error::sql("look for the database"))
}

async fn pause(stop: &CancellationToken, time: Duration) -> Result<(), Error> {
    tokio::select! {
        () = stop.cancelled() => Err(Error::Stopped),
        () = tokio::time::sleep(time) => Ok(()),
    }
}

/// How the target's server connects to the source, in libpq's own notation.
fn connection_string(address: &Address, application: &str) -> String {
    let quote = |value: &str| format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"));
    let port = address.port().to_string();
    let parts = [
        ("host", address.host()),
        ("port", &port),
        ("dbname", address.database().unwrap_or_default()),
        ("user", address.user().unwrap_or_default()),
        ("password", address.password().unwrap_or_default()),
        ("application_name", application),
        ("connect_timeout", "10"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .map(|(name, value)| format!("{name}={}", quote(value)))
        .collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_with_quotes_stays_one_value() {
        let address: Address = r"postgres://admin:it%27s%5C@db:5433/t".parse().unwrap();
        let text = connection_string(&address, "move");
        assert_eq!(
            text,
            r"host='db' port='5433' dbname='t' user='admin' password='it\'s\\' application_name='move' connect_timeout='10'"
        );
    }
}

//! A server's settings, its room on disk, and how far its checkpoints lag.

use std::path::Path;

use tokio_postgres::Client;

use super::Notes;
use crate::address::Address;
use crate::database::Session;
use crate::error::Error;
use crate::fleet::{Fleet, target};
use crate::registry::Cluster;
use crate::schema::Schema;

/// Connections kept for operators, backups and the migrator itself.
const RESERVE: i64 = 10;
/// Files of one tenant's database, with room to grow.
const INODES_A_TENANT: u64 = 600;
/// Databases beyond which a crash with `fsync` of every file takes minutes.
const MANY: usize = 50;
/// A visit to every database once a minute costs more than the databases.
const SHORTEST_NAPTIME_SECONDS: i64 = 300;
/// Changed pages that were written by backends instead of the checkpointer.
const BACKEND_SHARE: f64 = 0.5;

const SETTINGS: &str = "select
    current_setting('recovery_init_sync_method'),
    extract(epoch from current_setting('autovacuum_naptime')::interval)::bigint,
    current_setting('wal_level'),
    current_setting('max_connections')::bigint,
    current_setting('max_replication_slots')::bigint,
    current_setting('max_wal_senders')::bigint,
    current_setting('fsync'),
    current_setting('data_directory'),
    (select count(*) from pg_database where datname like 'tenant\\_%')";

pub(super) async fn examine(
    fleet: &Fleet,
    cluster: &Cluster,
    notes: &mut Notes,
) -> Result<(), Error> {
    let session = connect(fleet, cluster).await?;
    let result = all(session.client(), cluster, notes).await;
    session.close().await;
    result
}

/// The server's template, as the operator's own role.
pub(super) async fn connect(fleet: &Fleet, cluster: &Cluster) -> Result<Session, Error> {
    const NOTHING: Schema = Schema {
        name: "server",
        owner: None,
        migrations: &[],
    };
    let address: Address = match target::server(&fleet.platform, cluster) {
        Ok(address) => address.with_database(&cluster.template),
        Err(_impossible) => fleet.platform.catalog.clone(),
    };
    Session::connect(&address, NOTHING).await
}

async fn all(client: &Client, cluster: &Cluster, notes: &mut Notes) -> Result<(), Error> {
    let row = client.query_one(SETTINGS, &[]).await?;
    let databases = usize::try_from(row.try_get::<_, i64>(8)?).unwrap_or_default();
    let set = |name: &str, value: &str| {
        format!("alter system set {name} = {value}; select pg_reload_conf()")
    };
    if row.try_get::<_, &str>(0)? != "syncfs" {
        let problem = format!(
            "after a crash every file of {databases} databases is synced one by one: minutes"
        );
        let remedy = set("recovery_init_sync_method", "'syncfs'");
        match databases > MANY {
            true => notes.mend("recovery_init_sync_method", problem, remedy),
            false => notes.hint("recovery_init_sync_method", problem, remedy),
        }
    }
    let naptime: i64 = row.try_get(1)?;
    if naptime < SHORTEST_NAPTIME_SECONDS && databases > MANY {
        let problem = format!("autovacuum visits {databases} databases every {naptime} s");
        notes.hint(
            "autovacuum_naptime",
            problem,
            set("autovacuum_naptime", "'10min'"),
        );
    }
    if row.try_get::<_, &str>(2)? != "logical" {
        let problem = "tenants cannot be moved away from here while they are written to";
        let remedy = "alter system set wal_level = 'logical', then restart the server";
        notes.hint("wal_level", problem, remedy);
    }
    let (connections, budget) = (row.try_get::<_, i64>(3)?, i64::from(cluster.budget));
    if connections < budget + RESERVE {
        let problem = format!(
            "max_connections is {connections}, but services may use {budget} and operators need {RESERVE}"
        );
        let remedy = "raise max_connections and restart the server, or lower the budget with `migrator clusters budget`";
        notes.mend("max_connections", problem, remedy);
    }
    if row.try_get::<_, i64>(4)? < 2 || row.try_get::<_, i64>(5)? < 2 {
        let problem = "no room for the replication slot of a move";
        let remedy = "set max_replication_slots and max_wal_senders to 10, then restart the server";
        notes.hint("replication", problem, remedy);
    }
    if row.try_get::<_, &str>(6)? != "on" {
        let problem = "fsync is off: a crash of the machine loses databases";
        notes.hint("fsync", problem, set("fsync", "on"));
    }
    inodes(row.try_get(7)?, databases, notes).await;
    checkpoints(client, notes).await
}

/// Only where the server's files are on this machine and may be looked at.
async fn inodes(directory: &str, databases: usize, notes: &mut Notes) {
    if !tokio::fs::try_exists(Path::new(directory))
        .await
        .unwrap_or(false)
    {
        return;
    }
    // Without unsafe code there is no statvfs; `df` is on every machine that runs PostgreSQL.
    let output = tokio::process::Command::new("df")
        .args(["--output=iavail", directory])
        .output()
        .await;
    let free = output.ok().and_then(|output| {
        let text = String::from_utf8(output.stdout).ok()?;
        text.lines().last()?.trim().parse::<u64>().ok()
    });
    let Some(free) = free else {
        return;
    };
    // As many again as there are, and never fewer than a hundred.
    let needed = INODES_A_TENANT * u64::try_from(databases.max(100)).unwrap_or(u64::MAX);
    if free < needed {
        let problem = format!(
            "{free} inodes are left, room for {} more tenants",
            free / INODES_A_TENANT
        );
        notes.mend(
            "inodes",
            problem,
            "move tenants to another cluster, or the server to a larger file system",
        );
    }
}

async fn checkpoints(client: &Client, notes: &mut Notes) -> Result<(), Error> {
    // The columns moved to pg_stat_checkpointer and pg_stat_io in later versions.
    let known = "select to_regclass('pg_stat_checkpointer') is null";
    if !client.query_one(known, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(());
    }
    let sql = "select checkpoints_timed, checkpoints_req, buffers_checkpoint + buffers_clean, buffers_backend_fsync,
            buffers_backend, pg_wal_lsn_diff(pg_current_wal_lsn(), (pg_control_checkpoint()).redo_lsn)::bigint,
            (select setting::bigint * 1024 * 1024 from pg_settings where name = 'max_wal_size')
        from pg_stat_bgwriter";
    let row = client.query_one(sql, &[]).await?;
    let (timed, forced) = (row.try_get::<_, i64>(0)?, row.try_get::<_, i64>(1)?);
    if forced > timed && timed + forced > 20 {
        let problem = format!(
            "{forced} of {} checkpoints were forced, by too much WAL or new databases",
            timed + forced
        );
        notes.hint(
            "checkpoints",
            problem,
            "raise max_wal_size and checkpoint_timeout, or create databases more slowly",
        );
    }
    if row.try_get::<_, i64>(3)? > 0 {
        let problem = "backends had to sync files themselves: the checkpointer's queue was full";
        notes.mend(
            "checkpoints",
            problem,
            "create databases more slowly; raise shared_buffers",
        );
    }
    let (own, backends) = (row.try_get::<_, i64>(2)?, row.try_get::<_, i64>(4)?);
    let many = backends > 10_000;
    #[expect(clippy::cast_precision_loss, reason = "a share, not a count")]
    let share = backends as f64 / (own + backends).max(1) as f64;
    if many && share > BACKEND_SHARE {
        let problem = format!(
            "{:.0} % of changed pages are written by requests",
            share * 100.0
        );
        notes.hint(
            "bgwriter",
            problem,
            "raise shared_buffers and bgwriter_lru_maxpages",
        );
    }
    let (behind, most) = (row.try_get::<_, i64>(5)?, row.try_get::<_, i64>(6)?);
    if behind > most {
        let problem = format!(
            "{} MiB of WAL since the last checkpoint, more than max_wal_size",
            behind / 1024 / 1024
        );
        notes.mend(
            "checkpoints",
            problem,
            "wait with new databases until the running checkpoint is through",
        );
    }
    Ok(())
}

//! A backup made a tenant again: a new one, or the same one as it was.
//!
//! The backup is read into a database beside and compared before anything else changes. Taking the tenant's place is
//! one transaction of two renames, so that a crash leaves the tenant either as it was or as it is to be.

use std::time::{Duration, Instant};

use kernel::TenantId;
use serde::Serialize;
use tokio_postgres::Client;
use uuid::Uuid;

use super::backup::{self, Backup};
use super::beside::Beside;
use super::freeze::Freeze;
use super::{Error, Operator, Subject, Tell, execute, sessions, sums};
use crate::clusters::{self, Place};
use crate::resolver::{Purpose, Resolver, ResolverError};
use crate::schema::TENANT;

/// A tenant is held no longer than this, even if we die.
const HOLD_SECONDS: u64 = 10;
/// How often a tenant with requests in long transactions is tried again, and how long after.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// A tenant that a backup or a clone is to become.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// Where it will answer.
    pub subdomain: String,
    /// What the organization is called.
    pub name: String,
    /// On which cluster; the one with the most room if none.
    pub cluster: Option<String>,
    /// Who will be in it.
    pub people: People,
}

/// Who is in an organization at first.
#[derive(Clone, Debug)]
pub enum People {
    /// The members of another one.
    MembersOf(TenantId),
    /// One person, invited by mail.
    Owner(String),
}

/// What became of a restore.
#[derive(Clone, Debug, Serialize)]
pub struct Restored {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Where it answers.
    pub subdomain: String,
    /// Its rows in all.
    pub rows: i64,
    /// How long requests waited; none where nobody used the tenant yet.
    pub pause_ms: Option<f64>,
    /// How long it took in all.
    pub duration_ms: f64,
    /// The database as it was before, with connections off.
    pub kept: Option<String>,
}

/// Makes a new tenant of a backup.
pub async fn as_new(
    operator: &Operator,
    resolver: &Resolver,
    backup: &Backup,
    newcomer: &Newcomer,
    tell: Tell<'_>,
) -> Result<Restored, Error> {
    let started = Instant::now();
    backup.check().await?;
    let place = with_room(operator, newcomer.cluster.as_deref()).await?;
    let goal = fleet_version(operator).await?;
    let request: Uuid = operator.ids.next::<TenantId>().uuid();
    tell("restore and compare");
    // Everything that takes long comes before the claim, which has to be confirmed soon.
    let name = format!("restore_{}", request.simple());
    let beside = Beside::make(operator, &place, name).await?;
    let ready = async {
        backup::fill(&beside, backup).await?;
        beside.migrate(goal).await
    };
    if let Err(error) = ready.await {
        beside.remove().await;
        return Err(error);
    }
    tell("claim a tenant");
    let request = format!("restore-{request}");
    let cluster = Some(place.name.as_str());
    let claim = resolver.claim(&request, &newcomer.subdomain, &newcomer.name, cluster);
    let tenant = match claim.await {
        Ok(tenant) => tenant,
        Err(error) => {
            beside.remove().await;
            return Err(error.into());
        }
    };
    let settled = async {
        let subject = operator.tenant(&tenant.to_string()).await?;
        replace_unused(&beside, &subject).await?;
        settle(resolver, tenant, newcomer).await
    };
    if let Err(error) = settled.await {
        // The resolver drops what was claimed; a claim it does not hear of is swept.
        drop(resolver.abandon(tenant).await);
        beside.remove().await;
        return Err(error);
    }
    note_version(operator, tenant, goal).await?;
    Ok(Restored {
        tenant_id: tenant,
        subdomain: newcomer.subdomain.clone(),
        rows: sums::rows(&backup.manifest.tables),
        pause_ms: None,
        duration_ms: millis(started),
        kept: None,
    })
}

/// Who is in it, then the tenant answers.
pub(crate) async fn settle(
    resolver: &Resolver,
    tenant: TenantId,
    newcomer: &Newcomer,
) -> Result<(), Error> {
    let (subdomain, name) = (&newcomer.subdomain, &newcomer.name);
    match &newcomer.people {
        People::MembersOf(other) => {
            resolver
                .copy_members(tenant, subdomain, name, *other)
                .await?;
        }
        People::Owner(email) => {
            resolver
                .invite_owner(tenant, subdomain, name, email)
                .await?;
        }
    }
    Ok(resolver.confirm(tenant).await?)
}

/// A tenant with a copy of another's data.
pub async fn clone(
    operator: &Operator,
    resolver: &Resolver,
    source: &Subject,
    newcomer: &Newcomer,
) -> Result<Restored, Error> {
    let started = Instant::now();
    source.needs_active()?;
    let request = format!("clone-{}", operator.ids.next::<TenantId>());
    let (subdomain, name) = (&newcomer.subdomain, &newcomer.name);
    let tenant = resolver
        .clone_tenant(source.id, &request, subdomain, name)
        .await?;
    if let Err(error) = settle(resolver, tenant, newcomer).await {
        drop(resolver.abandon(tenant).await);
        return Err(error);
    }
    let duration_ms = millis(started);
    let client = operator
        .connect(&source.cluster, &backup::database_name(tenant))
        .await?;
    let copied = sums::take(&client, sums::Depth::Rows).await?;
    Ok(Restored {
        tenant_id: tenant,
        subdomain: subdomain.clone(),
        rows: sums::rows(&copied),
        pause_ms: None,
        duration_ms,
        kept: None,
    })
}

/// A tenant with an empty database and an invited owner.
pub async fn create(
    operator: &Operator,
    resolver: &Resolver,
    newcomer: &Newcomer,
) -> Result<TenantId, Error> {
    let request = format!("create-{}", operator.ids.next::<TenantId>());
    let cluster = newcomer.cluster.as_deref();
    let tenant = resolver
        .claim(&request, &newcomer.subdomain, &newcomer.name, cluster)
        .await?;
    if let Err(error) = settle(resolver, tenant, newcomer).await {
        drop(resolver.abandon(tenant).await);
        return Err(error);
    }
    Ok(tenant)
}

/// The same tenant as it was when the backup was made.
pub async fn in_place(
    operator: &Operator,
    resolver: &Resolver,
    backup: &Backup,
    subject: &Subject,
    tell: Tell<'_>,
) -> Result<Restored, Error> {
    let started = Instant::now();
    subject.needs_active()?;
    if backup.manifest.tenant_id != subject.id {
        return Err(Error::Refused(format!(
            "that is a backup of another tenant, {}: make a new one of it with --as",
            backup.manifest.tenant_id
        )));
    }
    backup.check().await?;
    let freeze = Freeze::take(operator, subject).await?;
    let version = super::beside::version_of(freeze.client()).await?;
    let goal = version.as_deref().and_then(|version| TENANT.steps(version));
    let name = format!("{}_restore", subject.database);
    tell("restore and compare");
    let beside = Beside::make(operator, &subject.cluster, name).await?;
    let ready = async {
        backup::fill(&beside, backup).await?;
        beside.migrate(goal.unwrap_or(TENANT.head())).await?;
        if beside.tenant().await? != subject.id {
            let why = "the database in it belongs to another tenant".to_owned();
            let path = backup.dump.clone();
            return Err(Error::Damaged { path, why });
        }
        beside.admit(&subject.role).await
    };
    if let Err(error) = ready.await {
        beside.remove().await;
        return Err(error);
    }
    // A database is renamed only while nobody is in it, we included.
    drop(freeze);
    let stamp = operator.clock.now().format("%Y%m%dT%H%M%S");
    let kept = format!("{}_before_{stamp}", subject.database);
    let server = &beside.server;
    let pause_ms = match take_place(server, resolver, subject, &beside.name, &kept, tell).await {
        Ok(pause_ms) => pause_ms,
        Err(error) => {
            beside.remove().await;
            return Err(error);
        }
    };
    note_version(operator, subject.id, goal.unwrap_or(TENANT.head())).await?;
    Ok(Restored {
        tenant_id: subject.id,
        subdomain: subject.label(),
        rows: sums::rows(&backup.manifest.tables),
        pause_ms: Some(pause_ms),
        duration_ms: millis(started),
        kept: Some(kept),
    })
}

/// Drops the databases that in-place restores of a tenant kept; answers their names.
pub async fn drop_kept(operator: &Operator, subject: &Subject) -> Result<Vec<String>, Error> {
    let server = operator.server(&subject.cluster).await?;
    let prefix = format!("{}_before_", subject.database);
    let sql = "select datname::text from pg_database where starts_with(datname, $1) order by 1";
    let rows = server.query(sql, &[&prefix]).await;
    let rows = rows.map_err(Error::sql("list the kept databases"))?;
    let mut dropped = Vec::new();
    for row in rows {
        let name: String = row
            .try_get(0)
            .map_err(Error::sql("list the kept databases"))?;
        let sql = "drop database if exists %I with (force)";
        execute(&server, "drop a kept database", sql, &[&name]).await?;
        dropped.push(name);
    }
    Ok(dropped)
}

/// Holds the tenant, exchanges the databases, releases it; answers how long it was held, in milliseconds.
async fn take_place(
    server: &Client,
    resolver: &Resolver,
    subject: &Subject,
    beside: &str,
    kept: &str,
    tell: Tell<'_>,
) -> Result<f64, Error> {
    let mut attempt = 1;
    loop {
        tell("hold the tenant and exchange its databases");
        let started = Instant::now();
        let held = resolver
            .hold(subject.id, Purpose::Restore, HOLD_SECONDS)
            .await;
        let exchanged = match held {
            Ok(_until) => exchange(server, subject, beside, kept).await,
            Err(error) => Err(error.into()),
        };
        let released = release(resolver, subject.id, &exchanged).await;
        let pause_ms = millis(started);
        match exchanged {
            Ok(()) => return released.map(|()| pause_ms),
            Err(error) if attempt < ATTEMPTS && passes(&error) => {
                attempt += 1;
                tell("the tenant is busy: once more in a moment");
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Releases what was held by us; a hold somebody else has stays.
async fn release(
    resolver: &Resolver,
    tenant: TenantId,
    outcome: &Result<(), Error>,
) -> Result<(), Error> {
    if matches!(outcome, Err(Error::Resolver(_))) {
        return Ok(());
    }
    resolver.release(tenant, None).await?;
    Ok(())
}

/// Somebody's transaction or hold was in the way and will be gone soon.
pub(crate) fn passes(error: &Error) -> bool {
    match error {
        Error::Busy { .. } => true,
        Error::Resolver(error @ ResolverError::Refused { .. }) => {
            error.code() == Some("tenant_held")
        }
        _ => matches!(
            error.state(),
            Some(
                &tokio_postgres::error::SqlState::OBJECT_IN_USE
                    | &tokio_postgres::error::SqlState::LOCK_NOT_AVAILABLE
            )
        ),
    }
}

async fn exchange(
    server: &Client,
    subject: &Subject,
    beside: &str,
    kept: &str,
) -> Result<(), Error> {
    let live = subject.database.as_str();
    sessions::left(server, live, &subject.role).await?;
    // Tools that look at the database, ours or others', would refuse the rename.
    sessions::end_all(server, live).await?;
    sessions::end_all(server, beside).await?;
    let sql = "begin; alter database %I rename to %I; alter database %I rename to %I;
        revoke connect on database %I from %I; alter database %I allow_connections false; commit";
    let values = [live, kept, beside, live, kept, &subject.role, kept];
    let step = "exchange the databases";
    let done = execute(server, step, sql, &values).await;
    if done.is_err() {
        drop(server.batch_execute("rollback").await);
    }
    done
}

/// A claimed tenant's empty database gives way; nobody has used it yet.
async fn replace_unused(beside: &Beside, subject: &Subject) -> Result<(), Error> {
    const STEP: &str = "put the copy in the tenant's place";
    beside.adopt(subject.id).await?;
    beside.admit(&subject.role).await?;
    let server = &beside.server;
    sessions::end_all(server, &beside.name).await?;
    let sql = "drop database %I with (force)";
    execute(server, STEP, sql, &[&subject.database]).await?;
    let sql = "alter database %I rename to %I";
    execute(server, STEP, sql, &[&beside.name, &subject.database]).await
}

async fn with_room(operator: &Operator, named: Option<&str>) -> Result<Place, Error> {
    if let Some(name) = named {
        return clusters::find(&operator.registry, name).await;
    }
    let places = clusters::list(&operator.registry).await?;
    let fullness = |place: &Place| {
        let budget = i64::from(place.budget.max(1));
        place.tenants.saturating_mul(1_000_000) / budget
    };
    let open = places.into_iter().filter(|place| place.open);
    let emptiest = open.min_by_key(fullness);
    emptiest.ok_or_else(|| {
        Error::Refused("no cluster is open: see `migrator clusters open`".to_owned())
    })
}

/// The version that the fleet stands at, as steps: a restored tenant must not be ahead of the services.
async fn fleet_version(operator: &Operator) -> Result<usize, Error> {
    let sql = "select max(schema_version) from tenants where status in ('spare', 'active')";
    let connection = operator.registry.connection().await?;
    let row = connection.query_one(sql, &[]).await;
    let version: Option<String> = row
        .and_then(|row| row.try_get(0))
        .map_err(Error::sql("read the fleet's version"))?;
    let steps = version.and_then(|version| TENANT.steps(&version));
    Ok(steps.unwrap_or(TENANT.head()))
}

/// The catalog's word on where the database stands.
async fn note_version(operator: &Operator, tenant: TenantId, goal: usize) -> Result<(), Error> {
    let sql = "update tenants set schema_version = $2, last_error = null, schema_checked_at = $3, updated_at = $3
        where id = $1";
    let (now, version) = (operator.clock.now(), TENANT.version(goal));
    let connection = operator.registry.connection().await?;
    let noted = connection
        .execute(sql, &[&tenant.uuid(), &version, &now])
        .await;
    noted.map(drop).map_err(Error::sql("note the version"))
}

/// Milliseconds since.
pub(crate) fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

//! One tenant as the catalog knows it, whatever its state, until it is erased.

use chrono::{DateTime, Utc};
use kernel::TenantId;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;

use super::{Error, Operator};
use crate::clusters::{self, Place};
use crate::registry::RegistryError;

/// A tenant and where it lives.
#[derive(Clone, Debug, Serialize)]
pub struct Subject {
    /// Its id.
    pub id: TenantId,
    /// The name it answers to; none for a spare.
    pub subdomain: Option<String>,
    /// The organization's name.
    pub name: Option<String>,
    /// The state of its life.
    pub status: String,
    /// What it is held for.
    pub held_for: Option<String>,
    /// Until when.
    pub held_until: Option<DateTime<Utc>>,
    /// End of its grace.
    pub deletes_at: Option<DateTime<Utc>>,
    /// The server it lives on.
    pub cluster: Place,
    /// Its database there.
    pub database: String,
    /// Its role there.
    pub role: String,
    /// What it may use.
    pub limits: Value,
    /// Moves on when connections must be made anew.
    pub generation: i32,
    /// The version it was last seen at.
    pub schema_version: Option<String>,
    /// Why it is not further.
    pub last_error: Option<String>,
    /// When its row was made.
    pub created_at: DateTime<Utc>,
    /// Former names that still lead to it.
    pub former_subdomains: Vec<String>,
}

/// What a tenant's database weighs.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Size {
    /// Bytes on the disk.
    pub bytes: u64,
    /// Sessions of its own role.
    pub sessions: i64,
}

/// A change of a tenant's state.
#[derive(Clone, Debug, Serialize)]
pub struct Transition {
    /// The state it left.
    pub from: Option<String>,
    /// The state it came to.
    pub to: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Subject {
    /// What a person calls it.
    pub fn label(&self) -> String {
        self.subdomain
            .clone()
            .unwrap_or_else(|| self.id.to_string())
    }

    /// Refuses a tenant that is not active.
    pub(crate) fn needs_active(&self) -> Result<(), Error> {
        let advice = match self.status.as_str() {
            "active" => return Ok(()),
            "suspended" => "resume it first",
            "moving" | "migrating" => "somebody works on it; try again in a minute",
            "deleting" => "take its deletion back with `migrator tenants undelete`",
            _ => "only an active tenant can be worked on",
        };
        Err(Error::State {
            tenant: self.label(),
            status: self.status.clone(),
            advice,
        })
    }
}

const SUBJECT: &str = "select t.id, t.subdomain, t.name, t.status, t.held_for, t.held_until, t.deletes_at, t.database_name,
        t.role_name, t.limits, t.generation, t.schema_version, t.last_error, t.created_at, t.cluster_id,
        array(select a.subdomain from subdomain_aliases a where a.tenant_id = t.id and a.released_at is null
            order by a.created_at) as former_subdomains
    from tenants t where ";

impl Operator {
    /// A tenant by subdomain, present or former, by id, or by its database's name.
    pub async fn tenant(&self, name: &str) -> Result<Subject, Error> {
        let called = "t.status <> 'deleted' and (t.subdomain = $1 or t.id::text = $1 or t.database_name = $1
                or t.id = (select tenant_id from subdomain_aliases where subdomain = $1 and released_at is null))
            order by t.subdomain = $1 nulls first";
        let mut found = self.read(called, &[&name]).await?;
        found.pop().ok_or_else(|| Error::Unknown(name.to_owned()))
    }

    /// A tenant by id, even when nothing but its row is left.
    pub(crate) async fn tenant_or_erased(&self, id: TenantId) -> Result<Subject, Error> {
        let mut found = self.read("t.id = $1", &[&id.uuid()]).await?;
        found.pop().ok_or_else(|| Error::Unknown(id.to_string()))
    }

    /// Every tenant by subdomain, also those on their way out, then the spares.
    pub async fn everyone(&self) -> Result<Vec<Subject>, Error> {
        let all = "t.status <> 'deleted' order by t.subdomain nulls last, t.created_at";
        self.read(all, &[]).await
    }

    /// Every tenant that answers to a name and is not on its way out, by subdomain.
    pub async fn tenants(&self) -> Result<Vec<Subject>, Error> {
        let living =
            "t.subdomain is not null and t.status in ('active', 'suspended', 'moving', 'migrating')
            order by t.subdomain";
        self.read(living, &[]).await
    }

    async fn read(
        &self,
        condition: &str,
        values: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<Vec<Subject>, Error> {
        let sql = format!("{SUBJECT} {condition}");
        let rows = self.registry.connection().await?.query(&sql, values).await;
        let rows = rows.map_err(Error::sql("find tenants"))?;
        let places = clusters::list(&self.registry).await?;
        let read = rows.iter().map(|row| read(row, &places));
        Ok(read.collect::<Result<_, _>>()?)
    }

    /// What its database weighs; asks its cluster.
    pub async fn size(&self, subject: &Subject) -> Result<Size, Error> {
        const STEP: &str = "weigh the database";
        let server = self.server(&subject.cluster).await?;
        let sql = "select pg_database_size($1::text::name),
            (select count(*) from pg_stat_activity where datname = $1::text and usename = $2::text)";
        let row = server
            .query_one(sql, &[&subject.database, &subject.role])
            .await
            .map_err(Error::sql(STEP))?;
        let bytes: i64 = row.try_get(0).map_err(Error::sql(STEP))?;
        Ok(Size {
            bytes: u64::try_from(bytes).unwrap_or_default(),
            sessions: row.try_get(1).map_err(Error::sql(STEP))?,
        })
    }

    /// The latest changes of a tenant's state, newest first.
    pub async fn transitions(
        &self,
        tenant: TenantId,
        limit: i64,
    ) -> Result<Vec<Transition>, Error> {
        let sql = "select from_status, to_status, reason, at from tenant_transitions
            where tenant_id = $1 order by seq desc limit $2";
        let connection = self.registry.connection().await?;
        let rows = connection.query(sql, &[&tenant.uuid(), &limit]).await;
        let rows = rows.map_err(Error::sql("read the tenant's history"))?;
        let read = |row: &Row| -> Result<Transition, tokio_postgres::Error> {
            Ok(Transition {
                from: row.try_get(0)?,
                to: row.try_get(1)?,
                reason: row.try_get(2)?,
                at: row.try_get(3)?,
            })
        };
        let transitions: Result<_, _> = rows.iter().map(read).collect();
        transitions.map_err(Error::sql("read the tenant's history"))
    }
}

fn read(row: &Row, places: &[Place]) -> Result<Subject, RegistryError> {
    let cluster: uuid::Uuid = row.try_get("cluster_id")?;
    let place = places.iter().find(|place| place.id.uuid() == cluster);
    Ok(Subject {
        id: row.try_get::<_, uuid::Uuid>("id")?.into(),
        subdomain: row.try_get("subdomain")?,
        name: row.try_get("name")?,
        status: row.try_get("status")?,
        held_for: row.try_get("held_for")?,
        held_until: row.try_get("held_until")?,
        deletes_at: row.try_get("deletes_at")?,
        // A foreign key keeps the cluster there; a list read a moment before a new cluster may miss it.
        cluster: place.cloned().ok_or(RegistryError::Missing)?,
        database: row.try_get("database_name")?,
        role: row.try_get("role_name")?,
        limits: row.try_get("limits")?,
        generation: row.try_get("generation")?,
        schema_version: row.try_get("schema_version")?,
        last_error: row.try_get("last_error")?,
        created_at: row.try_get("created_at")?,
        former_subdomains: row.try_get("former_subdomains")?,
    })
}

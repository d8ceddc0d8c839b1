//! Links that were looked up lately.
//!
//! What changes a link says so to the database in the same transaction, and the database tells every instance
//! (NOTIFY). Nothing is remembered while that is not heard, and nothing for longer than a few seconds: a link that
//! was taken back on another instance is gone here with the commit, or after [`KEPT_FOR`] on a connection that died
//! unnoticed. Whether a link still opens is decided by who serves it, never by what is remembered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use kernel::{LinkId, TenantId};
use moka::sync::Cache;
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::sqlx::{self, PgPool};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, raw_sql};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::code::Address;
use crate::entity::link;

const KEPT_FOR: Duration = Duration::from_secs(5);
/// Links remembered, a few hundred bytes each.
const CAPACITY: u64 = 50_000;
const CHANNEL: &str = "links";
/// Between two tries to listen.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// What a link was asked by.
type Key = (TenantId, Address);

/// Remembers links. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Known {
    links: Cache<Key, Arc<link::Model>>,
    /// Counts what was forgotten, so that nothing is remembered that was read before.
    epoch: Arc<AtomicU64>,
    heard: Arc<AtomicBool>,
}

/// What is to be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stale {
    Link(LinkId),
    /// All links of an organization.
    Tenant(TenantId),
}

impl Default for Known {
    fn default() -> Self {
        let links = Cache::builder()
            .max_capacity(CAPACITY)
            .time_to_live(KEPT_FOR)
            .support_invalidation_closures()
            .build();
        Self {
            links,
            epoch: Arc::default(),
            heard: Arc::default(),
        }
    }
}

impl Known {
    /// The link, if it was looked up lately.
    pub(crate) fn get(&self, tenant: TenantId, address: &Address) -> Option<Arc<link::Model>> {
        if !self.heard.load(Ordering::Acquire) {
            return None;
        }
        self.links.get(&(tenant, address.clone()))
    }

    /// The link, remembered or looked up by `load`.
    pub(crate) async fn get_or_load<F>(
        &self,
        tenant: TenantId,
        address: &Address,
        load: F,
    ) -> Result<Option<Arc<link::Model>>, DbErr>
    where
        F: Future<Output = Result<Option<link::Model>, DbErr>>,
    {
        if let Some(link) = self.get(tenant, address) {
            return Ok(Some(link));
        }
        let epoch = self.epoch.load(Ordering::Acquire);
        let link = load.await?.map(Arc::new);
        if let Some(link) = &link
            && self.heard.load(Ordering::Acquire)
        {
            let key = (tenant, address.clone());
            self.links.insert(key.clone(), Arc::clone(link));
            if self.epoch.load(Ordering::Acquire) != epoch {
                self.links.invalidate(&key);
            }
        }
        Ok(link)
    }

    /// Forgets at once, here.
    pub(crate) fn forget(&self, stale: Stale) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        let dropped = match stale {
            Stale::Link(id) => self
                .links
                .invalidate_entries_if(move |_, link| link.id == id),
            Stale::Tenant(tenant) => self
                .links
                .invalidate_entries_if(move |(of, _), _| *of == tenant),
        };
        if dropped.is_err() {
            self.forget_all();
        }
    }

    fn forget_all(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.links.invalidate_all();
    }

    /// Listens until shutdown; spawn it.
    pub(crate) async fn listen(self, db: DatabaseConnection, shutdown: CancellationToken) {
        let pool = db.get_postgres_connection_pool().clone();
        while !shutdown.is_cancelled() {
            if let Err(error) = self.hear(&pool, &shutdown).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "changes of links are not heard");
            }
            self.heard.store(false, Ordering::Release);
            self.forget_all();
            shutdown.run_until_cancelled(sleep(RETRY_PAUSE)).await;
        }
    }

    async fn hear(&self, pool: &PgPool, shutdown: &CancellationToken) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        self.heard.store(true, Ordering::Release);
        while let Some(told) = shutdown.run_until_cancelled(listener.try_recv()).await {
            // A connection that was made anew has missed something.
            let Some(told) = told? else { return Ok(()) };
            match Stale::read(told.payload()) {
                Some(stale) => self.forget(stale),
                None => self.forget_all(),
            }
        }
        Ok(())
    }
}

impl Stale {
    /// Tells all instances once the transaction commits.
    pub(crate) async fn tell(self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        let payload = match self {
            Self::Link(id) => format!("link:{id}"),
            Self::Tenant(id) => format!("tenant:{id}"),
        };
        db.execute_raw(raw_sql!(Postgres, "select pg_notify({CHANNEL}, {payload})"))
            .await
            .map(drop)
    }

    fn read(payload: &str) -> Option<Self> {
        let (what, id) = payload.split_once(':')?;
        match what {
            "link" => id.parse().ok().map(Self::Link),
            "tenant" => id.parse().ok().map(Self::Tenant),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use kernel::Ids;

    use super::*;
    use crate::links::model::tests::sample;

    async fn remembered(known: &Known, link: &link::Model, address: &Address) -> bool {
        let load = async || Ok(Some(link.clone()));
        let found = known.get_or_load(link.tenant_id, address, load()).await;
        assert!(found.unwrap().is_some());
        known.get(link.tenant_id, address).is_some()
    }

    #[tokio::test]
    async fn nothing_is_remembered_while_changes_are_not_heard() {
        let (known, link) = (Known::default(), sample(DateTime::UNIX_EPOCH));
        let address = Address::parse("notes-of-may").unwrap();
        assert!(!remembered(&known, &link, &address).await);
        known.heard.store(true, Ordering::Release);
        assert!(remembered(&known, &link, &address).await);
        let elsewhere = Ids::system().next();
        assert!(known.get(elsewhere, &address).is_none());
        known.heard.store(false, Ordering::Release);
        assert!(known.get(link.tenant_id, &address).is_none());
    }

    #[tokio::test]
    async fn what_changes_while_it_is_read_is_not_remembered() {
        let (known, link) = (Known::default(), sample(DateTime::UNIX_EPOCH));
        known.heard.store(true, Ordering::Release);
        let address = Address::parse("notes-of-may").unwrap();
        let load = async {
            known.forget(Stale::Link(link.id));
            Ok(Some(link.clone()))
        };
        let found = known.get_or_load(link.tenant_id, &address, load).await;
        assert!(found.unwrap().is_some());
        assert!(known.get(link.tenant_id, &address).is_none());
    }

    #[tokio::test]
    async fn one_link_or_all_of_an_organization_are_forgotten() {
        let (known, link) = (Known::default(), sample(DateTime::UNIX_EPOCH));
        known.heard.store(true, Ordering::Release);
        let address = Address::parse("notes-of-may").unwrap();
        let other: LinkId = Ids::system().next();
        for (stale, left) in [
            (Stale::Link(other), true),
            (Stale::Link(link.id), false),
            (Stale::Tenant(link.tenant_id), false),
        ] {
            assert!(remembered(&known, &link, &address).await);
            known.forget(stale);
            assert_eq!(
                known.get(link.tenant_id, &address).is_some(),
                left,
                "{stale:?}"
            );
        }
        for stale in [Stale::Link(link.id), Stale::Tenant(link.tenant_id)] {
            let text = match stale {
                Stale::Link(id) => format!("link:{id}"),
                Stale::Tenant(id) => format!("tenant:{id}"),
            };
            assert_eq!(Stale::read(&text), Some(stale));
        }
        assert_eq!(Stale::read("link:x"), None);
    }
}

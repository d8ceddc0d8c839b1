//! The tenants' outboxes, as the relay of the fleet sees them. One relay at a time empties an
//! outbox, also over several instances of the service: a session lock on the connection that is
//! held while it drains. It is background work: requests come first, and a tenant that is held gets
//! its connection back.

use events::fleet::Fleet;
use events::outbox::{CLAIM, ConnectionOutbox, OutboxRow, UNLOCK};
use events::{BoxError, OutboxSource};
use kernel::TenantId;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::{PoolError, Pools, TenantConnection};

/// All tenants' databases, for [`events::fleet::run`].
pub struct TenantFleet(pub Pools);

impl Fleet for TenantFleet {
    type Source = TenantOutbox;

    async fn open(&self, tenant: TenantId) -> Result<TenantOutbox, BoxError> {
        Ok(TenantOutbox::new(self.0.clone(), tenant))
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, BoxError> {
        let mut tenants = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = self.0.resolver().active_tenants(cursor.as_deref()).await?;
            tenants.extend(page.items);
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => return Ok(tenants),
            }
        }
    }
}

/// The outbox of one tenant's database.
pub struct TenantOutbox {
    pools: Pools,
    tenant: TenantId,
    held: Option<ConnectionOutbox<TenantConnection>>,
    /// It was empty when it was to be claimed.
    empty: bool,
}

impl TenantOutbox {
    /// The outbox of the tenant; connects when a drain begins.
    pub fn new(pools: Pools, tenant: TenantId) -> Self {
        Self {
            pools,
            tenant,
            held: None,
            empty: false,
        }
    }

    fn held(&mut self) -> Result<&mut ConnectionOutbox<TenantConnection>, BoxError> {
        let held = self.held.as_mut();
        held.ok_or_else(|| "outbox was not claimed".into())
    }

    /// Ends the session, and the lock with it, instead of giving the connection back.
    fn abandon(&mut self) {
        if let Some(mut held) = self.held.take() {
            held.0.condemn();
        }
    }
}

impl OutboxSource for TenantOutbox {
    async fn begin(&mut self) -> Result<bool, BoxError> {
        self.abandon();
        let connection = match self.pools.acquire_background(self.tenant).await {
            Ok(connection) => connection,
            Err(PoolError::Unknown) => {
                // A tenant that is gone tells nothing any more.
                self.empty = true;
                return Ok(true);
            }
            Err(error) => return Err(error.into()),
        };
        // From here on the session may own the lock: only `end` saves the connection.
        let held = self.held.insert(ConnectionOutbox(connection));
        let claim = held.0.query_one_raw(sql(CLAIM)).await?;
        let locked: Option<bool> = match claim {
            Some(row) => row.try_get_by_index(0)?,
            None => None,
        };
        if locked != Some(true) {
            self.held = None;
        }
        // Nobody else need be at an outbox that is empty.
        self.empty = locked.is_none();
        Ok(locked != Some(false))
    }

    async fn next_batch(&mut self, limit: i64) -> Result<Vec<OutboxRow>, BoxError> {
        if self.empty {
            return Ok(Vec::new());
        }
        self.held()?.next_batch(limit).await
    }

    async fn revoked(&self) {
        match &self.held {
            Some(held) => self.pools.revoked(&held.0).await,
            None => std::future::pending().await,
        }
    }

    async fn published(&mut self, seqs: &[i64]) -> Result<(), BoxError> {
        self.held()?.published(seqs).await
    }

    async fn end(&mut self) {
        let Some(held) = self.held.as_mut() else {
            return;
        };
        let unlocked = held.0.execute_raw(sql(UNLOCK)).await;
        if unlocked.is_ok() {
            self.held = None;
        } else {
            self.abandon();
        }
    }
}

impl Drop for TenantOutbox {
    fn drop(&mut self) {
        self.abandon();
    }
}

fn sql(text: &'static str) -> Statement {
    Statement::from_string(DbBackend::Postgres, text)
}

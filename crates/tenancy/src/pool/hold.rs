//! Requests that wait for a tenant which is being moved, copied or migrated, or whose login is
//! being changed: they ask the resolver again and again instead of failing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::TenantId;
use tokio::time::{Instant, timeout};

use super::exchange::Setback;
use super::state::Purpose;
use super::{Lease, Pools};
use crate::PoolError;
use crate::resolver::HELD_FOR;

/// The longest pause before a login that was refused is tried again: the resolver says that
/// nothing has changed, so perhaps nothing will.
const LONGEST_PAUSE: Duration = Duration::from_millis(320);

/// How many requests wait for each held tenant: at most as many as a queue takes.
pub(super) struct Holding {
    most: usize,
    waiting: Mutex<HashMap<TenantId, usize>>,
}

impl Holding {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            waiting: Mutex::default(),
        }
    }

    /// Sets the gauge.
    pub(super) fn show(&self) {
        let waiting: usize = self.waiting().values().sum();
        let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
        metrics::gauge!("tenancy_held_requests").set(waiting);
    }

    fn enter(&self, tenant: TenantId) -> Result<Seat<'_>, PoolError> {
        let mut waiting = self.waiting();
        let count = waiting.entry(tenant).or_default();
        if *count >= self.most {
            return Err(PoolError::Busy);
        }
        *count += 1;
        Ok(Seat {
            holding: self,
            tenant,
        })
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<TenantId, usize>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Seat<'a> {
    holding: &'a Holding,
    tenant: TenantId,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut waiting = self.holding.waiting();
        if let Some(count) = waiting.get_mut(&self.tenant) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                waiting.remove(&self.tenant);
            }
        }
    }
}

impl Pools {
    /// Tries again until the tenant serves, at most for [`crate::PoolSettings::hold_timeout`].
    pub(super) async fn wait_out(
        &self,
        tenant: TenantId,
        mut setback: Setback,
    ) -> Result<Lease, PoolError> {
        let settings = &self.0.settings;
        let _seat = self.0.holding.enter(tenant)?;
        let until = Instant::now() + settings.hold_timeout;
        let mut pause = HELD_FOR;
        loop {
            match &setback {
                Setback::Final(error) => return Err(*error),
                // The news are there already.
                Setback::Evicted => {}
                Setback::Held => self.pause(HELD_FOR).await,
                Setback::Refused(login) => {
                    self.0.resolver.forget_login(tenant, login).await;
                    self.pause(pause).await;
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
            }
            if Instant::now() >= until {
                return Err(match setback {
                    Setback::Refused(_) => PoolError::Unavailable,
                    Setback::Held | Setback::Evicted => PoolError::Held,
                    Setback::Final(error) => error,
                });
            }
            // All that waited connect at once when the tenant is released: none is hurried then.
            let deadline = until.max(Instant::now() + settings.acquire_timeout);
            setback = match self.attempt(tenant, Purpose::Request, deadline).await {
                Ok(lease) => return Ok(lease),
                Err(setback) => setback,
            };
        }
    }

    /// Waits, for less when some tenant is evicted: perhaps this one was released.
    async fn pause(&self, time: Duration) {
        // Whether time or a ring ended it makes no difference.
        let _ = timeout(time, self.0.evicted.notified()).await;
    }
}

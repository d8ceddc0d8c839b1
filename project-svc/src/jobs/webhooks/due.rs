//! Which tenants have something to be sent, and when: all that is kept of it in memory. A tenant that has no webhooks is
//! not in it, and its database is not asked.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use kernel::TenantId;
use tokio::sync::Notify;

/// Tenants by the time at which they are to be looked at.
#[derive(Debug, Default)]
pub struct Due {
    noted: Mutex<Noted>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Noted {
    at: HashMap<TenantId, DateTime<Utc>>,
    order: BTreeSet<(DateTime<Utc>, TenantId)>,
}

impl Due {
    /// Has the tenant looked at then, or earlier where that was said before.
    pub fn note(&self, tenant: TenantId, at: DateTime<Utc>) {
        let mut noted = self.noted();
        let before = noted.at.get(&tenant).copied();
        if before.is_some_and(|before| before <= at) {
            return;
        }
        if let Some(before) = before {
            noted.order.remove(&(before, tenant));
        }
        noted.at.insert(tenant, at);
        noted.order.insert((at, tenant));
        drop(noted);
        self.changed.notify_one();
    }

    /// The tenant that waits longest of those due by now; it has to be noted again to come again.
    pub(super) fn take(&self, now: DateTime<Utc>) -> Option<TenantId> {
        let mut noted = self.noted();
        let first = noted.order.first().copied();
        let (at, tenant) = first.filter(|(at, _)| *at <= now)?;
        noted.order.remove(&(at, tenant));
        noted.at.remove(&tenant);
        Some(tenant)
    }

    /// When the first of them is due.
    pub(super) fn first(&self) -> Option<DateTime<Utc>> {
        self.noted().order.first().map(|(at, _)| *at)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.noted().at.len()
    }

    /// Ends when something was noted.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use kernel::Ids;

    use super::*;

    #[test]
    fn tenants_come_once_each_in_the_order_of_their_times() {
        let (due, ids) = (Due::default(), Ids::system());
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let (one, two): (TenantId, TenantId) = (ids.next(), ids.next());
        due.note(one, at(10));
        due.note(two, at(5));
        due.note(one, at(3));
        due.note(two, at(7));
        assert_eq!((due.first(), due.len()), (Some(at(3)), 2));
        assert_eq!(due.take(at(2)), None);
        assert_eq!(due.take(at(4)), Some(one));
        assert_eq!(due.take(at(4)), None);
        assert_eq!(due.take(at(5)), Some(two));
        assert_eq!((due.take(at(100)), due.len()), (None, 0));
    }
}

//! Which tenant comes next. Plain bookkeeping: no time, no tasks.

use std::collections::{HashMap, HashSet, VecDeque};

use kernel::TenantId;

/// The longest pause of a tenant whose drains fail, in units of the first.
const LONGEST_PAUSE: u64 = 64;

/// Who is woken, drained, failed and swept.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    woken: VecDeque<TenantId>,
    queued: HashSet<TenantId>,
    running: HashSet<TenantId>,
    again: HashSet<TenantId>,
    failed: HashMap<TenantId, Failed>,
    /// Retries that have passed.
    retries: u64,
    swept: VecDeque<TenantId>,
    sweeping: Option<TenantId>,
    /// Seen empty, with no commit of this process since.
    empty: HashSet<TenantId>,
}

/// A tenant whose last drains failed.
#[derive(Debug, Default)]
struct Failed {
    pause: u64,
    due: u64,
}

impl Schedule {
    pub(super) fn wake(&mut self, tenant: TenantId) {
        self.empty.remove(&tenant);
        if self.running.contains(&tenant) {
            // It may have read its outbox before this commit.
            self.again.insert(tenant);
        } else if self.queued.insert(tenant) {
            self.woken.push_back(tenant);
        }
    }

    /// Takes a list of all tenants.
    pub(super) fn sweep(&mut self, tenants: Vec<TenantId>) {
        let listed: HashSet<TenantId> = tenants.iter().copied().collect();
        self.empty.retain(|tenant| listed.contains(tenant));
        // A sweep that is not through yet goes on; the next one will have the new tenants.
        if self.swept.is_empty() {
            let unknown = tenants.into_iter().filter(|t| !self.empty.contains(t));
            self.swept = unknown.collect();
        }
    }

    /// Whether the next of the sweep may go: nothing else waits.
    pub(super) fn may_sweep(&self) -> bool {
        self.sweeping.is_none() && self.woken.is_empty() && !self.swept.is_empty()
    }

    pub(super) fn sweep_next(&mut self) {
        let Some(tenant) = self.swept.pop_front() else {
            return;
        };
        if !self.running.contains(&tenant) {
            self.sweeping = Some(tenant);
            self.wake(tenant);
        }
    }

    /// Whether there is a tenant to look at although nothing can be published.
    pub(super) fn may_look(&self) -> bool {
        !self.swept.is_empty() || !self.woken.is_empty()
    }

    /// The one to look at. Those of the sweep go first: of the others at least this process's own commits are known.
    pub(super) fn look_next(&mut self) -> Option<TenantId> {
        match self.swept.pop_front() {
            // It has its turn among the woken ones.
            Some(tenant) if self.queued.contains(&tenant) => None,
            Some(tenant) => {
                self.running.insert(tenant);
                Some(tenant)
            }
            None => self.next(),
        }
    }

    pub(super) fn distrust(&mut self) {
        self.empty.clear();
    }

    pub(super) fn next(&mut self) -> Option<TenantId> {
        let tenant = self.woken.pop_front()?;
        self.queued.remove(&tenant);
        self.running.insert(tenant);
        Some(tenant)
    }

    pub(super) fn finished(&mut self, tenant: TenantId, succeeded: bool) {
        self.running.remove(&tenant);
        self.sweeping.take_if(|swept| *swept == tenant);
        if succeeded {
            self.failed.remove(&tenant);
        }
        if self.again.remove(&tenant) {
            self.wake(tenant);
        } else if succeeded {
            self.empty.insert(tenant);
        } else {
            let failed = self.failed.entry(tenant).or_default();
            failed.pause = (failed.pause * 2).clamp(1, LONGEST_PAUSE);
            failed.due = self.retries + failed.pause;
        }
    }

    pub(super) fn retry_failed(&mut self) {
        self.retries += 1;
        let retries = self.retries;
        let due: Vec<TenantId> = self
            .failed
            .iter()
            .filter(|(_, failed)| failed.due == retries)
            .map(|(tenant, _)| *tenant)
            .collect();
        due.into_iter().for_each(|tenant| self.wake(tenant));
    }

    pub(super) fn retry_all(&mut self) {
        let failed: Vec<TenantId> = self.failed.keys().copied().collect();
        failed.into_iter().for_each(|tenant| self.wake(tenant));
    }

    pub(super) fn waiting(&self) -> usize {
        self.woken.len() + self.failed.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(n: u128) -> TenantId {
        TenantId::from(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn tenant_is_drained_once_at_a_time_and_again_after_a_wake_in_between() {
        let mut schedule = Schedule::default();
        schedule.wake(tenant(1));
        schedule.wake(tenant(1));
        assert_eq!(schedule.next(), Some(tenant(1)));
        schedule.wake(tenant(1));
        assert_eq!(schedule.next(), None);
        schedule.finished(tenant(1), true);
        assert_eq!(schedule.next(), Some(tenant(1)));
    }

    #[test]
    fn woken_tenants_go_before_swept_ones_and_these_one_at_a_time() {
        let mut schedule = Schedule::default();
        schedule.sweep(vec![tenant(1), tenant(2)]);
        schedule.wake(tenant(3));
        assert!(!schedule.may_sweep());
        assert_eq!(schedule.next(), Some(tenant(3)));
        assert!(schedule.may_sweep());
        schedule.sweep_next();
        assert_eq!(schedule.next(), Some(tenant(1)));
        assert!(!schedule.may_sweep());
        schedule.finished(tenant(1), true);
        schedule.sweep_next();
        assert_eq!(schedule.next(), Some(tenant(2)));
    }

    #[test]
    fn outbox_seen_empty_is_swept_again_only_after_a_commit_or_when_trust_ends() {
        let mut schedule = Schedule::default();
        let swept = |schedule: &mut Schedule| {
            schedule.sweep(vec![tenant(1), tenant(2)]);
            let mut swept = 0;
            while schedule.may_sweep() {
                schedule.sweep_next();
                let tenant = schedule.next().unwrap();
                schedule.finished(tenant, true);
                swept += 1;
            }
            swept
        };
        assert_eq!(swept(&mut schedule), 2);
        assert_eq!(swept(&mut schedule), 0);
        schedule.wake(tenant(1));
        schedule.next();
        schedule.finished(tenant(1), false);
        assert_eq!(swept(&mut schedule), 1);
        schedule.distrust();
        assert_eq!(swept(&mut schedule), 2);
    }

    #[test]
    fn with_the_broker_away_unknown_tenants_are_looked_at_before_woken_ones() {
        let mut schedule = Schedule::default();
        schedule.wake(tenant(1));
        schedule.sweep(vec![tenant(1), tenant(2)]);
        let mut looked = Vec::new();
        while schedule.may_look() {
            if let Some(tenant) = schedule.look_next() {
                looked.push(tenant);
                schedule.finished(tenant, false);
            }
        }
        assert_eq!(looked, [tenant(2), tenant(1)]);
        schedule.retry_all();
        let mut back: Vec<_> = std::iter::from_fn(|| schedule.next()).collect();
        back.sort();
        assert_eq!(back, [tenant(1), tenant(2)]);
    }

    #[test]
    fn failed_tenant_is_retried_at_ever_longer_intervals() {
        let mut schedule = Schedule::default();
        let mut tried = Vec::new();
        schedule.wake(tenant(1));
        for retry in 0..20 {
            while let Some(tenant) = schedule.next() {
                tried.push(retry);
                schedule.finished(tenant, false);
            }
            schedule.retry_failed();
        }
        assert_eq!(tried, [0, 1, 3, 7, 15]);
        schedule.wake(tenant(1));
        schedule.next();
        schedule.finished(tenant(1), true);
        assert_eq!(schedule.waiting(), 0);
    }
}

//! Which tenants are busiest: acquires of the last minute, counted in slices of time.

use std::collections::{HashMap, VecDeque};

use kernel::TenantId;

/// Slices that make the window.
const SLICES: usize = 6;
/// Periods that make a slice.
const PERIODS_PER_SLICE: u64 = 10;

/// Acquires by tenant; a tenant that has not acquired for the whole window is not in it.
#[derive(Default)]
pub(super) struct Activity {
    present: HashMap<TenantId, u32>,
    past: VecDeque<HashMap<TenantId, u32>>,
}

impl Activity {
    pub(super) fn add(&mut self, tenant: TenantId, acquires: u32) {
        if acquires > 0 {
            let count = self.present.entry(tenant).or_default();
            *count = count.saturating_add(acquires);
        }
    }

    pub(super) fn period_passed(&mut self, period: u64) {
        if period.is_multiple_of(PERIODS_PER_SLICE) {
            self.past.push_back(std::mem::take(&mut self.present));
            if self.past.len() >= SLICES {
                self.past.pop_front();
            }
        }
    }

    pub(super) fn sums(&self) -> HashMap<TenantId, u32> {
        let mut sums = self.present.clone();
        for (tenant, count) in self.past.iter().flatten() {
            let sum = sums.entry(*tenant).or_default();
            *sum = sum.saturating_add(*count);
        }
        sums
    }
}

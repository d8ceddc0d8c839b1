//! What the operator sees of a cluster's pool. No label names a tenant.

use std::time::Duration;

use kernel::ClusterId;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use super::state::Counts;

pub(super) struct Meters {
    hits: Counter,
    misses: Counter,
    connects: Counter,
    evictions: Counter,
    wait_seconds: Histogram,
    open: Gauge,
    idle: Gauge,
    in_use: Gauge,
    waiting: Gauge,
}

impl Meters {
    pub(super) fn new(cluster: ClusterId) -> Self {
        let cluster = cluster.to_string();
        let count = |name: &'static str| counter!(name, "cluster" => cluster.clone());
        let level = |state: &'static str| gauge!("tenancy_connections", "cluster" => cluster.clone(), "state" => state);
        Self {
            hits: count("tenancy_acquire_hits_total"),
            misses: count("tenancy_acquire_misses_total"),
            connects: count("tenancy_connects_total"),
            evictions: count("tenancy_evictions_total"),
            wait_seconds: histogram!("tenancy_acquire_seconds", "cluster" => cluster.clone()),
            open: level("open"),
            idle: level("idle"),
            in_use: level("in_use"),
            waiting: gauge!("tenancy_waiting", "cluster" => cluster.clone()),
        }
    }

    pub(super) fn hit(&self) {
        self.hits.increment(1);
    }

    pub(super) fn miss(&self) {
        self.misses.increment(1);
    }

    pub(super) fn connected(&self) {
        self.connects.increment(1);
    }

    pub(super) fn evicted(&self) {
        self.evictions.increment(1);
    }

    pub(super) fn waited(&self, time: Duration) {
        self.wait_seconds.record(time);
    }

    pub(super) fn show(&self, counts: Counts) {
        let gauges = [
            (&self.open, counts.open),
            (&self.idle, counts.idle),
            (&self.in_use, counts.in_use),
            (&self.waiting, counts.waiting),
        ];
        for (gauge, value) in gauges {
            gauge.set(u32::try_from(value).unwrap_or(u32::MAX));
        }
    }
}

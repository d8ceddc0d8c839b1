//! What the operator sees of a cluster's pool. No label names a tenant.

use std::time::Duration;

use kernel::ClusterId;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use super::state::{Counts, Purpose};

pub(super) struct Meters {
    hits: Counter,
    misses: Counter,
    background: Counter,
    connects: Counter,
    evictions: Counter,
    wait_seconds: Histogram,
    open: Gauge,
    idle: Gauge,
    in_use: Gauge,
    waiting: Gauge,
    waiting_tenants: Gauge,
    longest_wait_seconds: Gauge,
}

impl Meters {
    pub(super) fn new(cluster: ClusterId) -> Self {
        let cluster = cluster.to_string();
        let count = |name: &'static str| counter!(name, "cluster" => cluster.clone());
        let level = |name: &'static str| gauge!(name, "cluster" => cluster.clone());
        let connections = |state: &'static str| gauge!("tenancy_connections", "cluster" => cluster.clone(), "state" => state);
        Self {
            hits: count("tenancy_acquire_hits_total"),
            misses: count("tenancy_acquire_misses_total"),
            background: count("tenancy_background_acquires_total"),
            connects: count("tenancy_connects_total"),
            evictions: count("tenancy_evictions_total"),
            wait_seconds: histogram!("tenancy_acquire_seconds", "cluster" => cluster.clone()),
            open: connections("open"),
            idle: connections("idle"),
            in_use: connections("in_use"),
            waiting: level("tenancy_waiting"),
            waiting_tenants: level("tenancy_waiting_tenants"),
            longest_wait_seconds: level("tenancy_longest_wait_seconds"),
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

    /// Background work waits by its nature: only requests are in the histogram.
    pub(super) fn waited(&self, purpose: Purpose, time: Duration) {
        match purpose {
            Purpose::Request => self.wait_seconds.record(time),
            Purpose::Background => self.background.increment(1),
        }
    }

    /// Sets the gauges; `longest` is the longest present wait of a request.
    pub(super) fn show(&self, counts: Counts, longest: Duration) {
        let gauges = [
            (&self.open, counts.open),
            (&self.idle, counts.idle),
            (&self.in_use, counts.in_use),
            (&self.waiting, counts.waiting),
            (&self.waiting_tenants, counts.waiting_tenants),
        ];
        for (gauge, value) in gauges {
            gauge.set(u32::try_from(value).unwrap_or(u32::MAX));
        }
        self.longest_wait_seconds.set(longest);
    }
}

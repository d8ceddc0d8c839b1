//! The process's metrics in Prometheus' text form. Names carry their unit; labels come from closed sets.

use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds in seconds: from what a cache answers to what a deadline ends.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 8.0,
];

/// Between two clean-ups of the histograms' raw samples.
const UPKEEP: Duration = Duration::from_secs(5);

/// Linux counts a process's CPU time in hundredths of a second on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;

/// Renders what was recorded.
#[derive(Clone)]
pub(crate) struct MetricsPage(PrometheusHandle);

/// Makes the recorder of the process; needs an executor for its upkeep.
pub(crate) fn install(service: &'static str) -> anyhow::Result<MetricsPage> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .context("set up metrics")?
        .add_global_label("service", service)
        .install_recorder()
        .context("set up metrics")?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut interval = tokio::time::interval(UPKEEP);
        loop {
            interval.tick().await;
            upkeep.run_upkeep();
        }
    });
    metrics::gauge!("build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(MetricsPage(handle))
}

impl MetricsPage {
    pub(crate) fn render(&self) -> String {
        record_process();
        self.0.render()
    }
}

/// Reads `/proc`; elsewhere than on Linux these metrics are absent.
fn record_process() {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).ok();
    if let Some(kib) = read("status").as_deref().and_then(resident_kib) {
        metrics::gauge!("process_resident_memory_bytes").set(kib * 1024.0);
    }
    if let Some(ticks) = read("stat").as_deref().and_then(cpu_ticks) {
        metrics::gauge!("process_cpu_seconds_total").set(ticks / TICKS_PER_SECOND);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        metrics::gauge!("process_open_fds").set(open.fold(0.0, |count, _| count + 1.0));
    }
}

fn resident_kib(status: &str) -> Option<f64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// User and system time: fields 14 and 15, counted after the command, which may hold spaces.
fn cpu_ticks(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_memory_and_cpu_of_a_process() {
        assert_eq!(resident_kib("Name:\tx\nVmRSS:\t   1234 kB\n"), Some(1234.0));
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 100 0 0 0 25 17 0 0 20 0 4 0 100 1 1";
        assert_eq!(cpu_ticks(stat), Some(42.0));
    }
}

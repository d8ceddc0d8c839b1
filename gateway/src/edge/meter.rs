//! The door's metrics, made once: looking a metric up by its labels for each request costs more than to count.

use std::collections::HashMap;
use std::time::Duration;

use http::StatusCode;
use metrics::{Counter, Histogram};
use runtime::layers::class_label;

use crate::route::{LABELS, NO_ROUTE};

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Counters and histograms of every route.
pub struct Meters(HashMap<(&'static str, &'static str), (Counter, Histogram)>);

impl Meters {
    /// Registers the metrics; the recorder must be installed.
    pub fn new() -> Self {
        let labels = LABELS.into_iter().chain([NO_ROUTE]);
        let pairs = labels.flat_map(|route| CLASSES.into_iter().map(move |class| (route, class)));
        Self(
            pairs
                .map(|(route, class)| {
                    let counter = metrics::counter!("http_requests_total", "route" => route, "status" => class);
                    let seconds = metrics::histogram!("http_request_duration_seconds", "route" => route, "status" => class);
                    ((route, class), (counter, seconds))
                })
                .collect(),
        )
    }

    /// Counts an answered request.
    pub fn record(&self, route: &'static str, status: StatusCode, elapsed: Duration) {
        if let Some((counter, seconds)) = self.0.get(&(route, class_label(status))) {
            counter.increment(1);
            seconds.record(elapsed.as_secs_f64());
        }
    }
}

//! Readiness: named checks that are asked together, each with a deadline. A needed check that fails makes the
//! service unready; one that may be away only marks it degraded, since restarting would not help.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use serde::Serialize;

/// A check that takes longer has failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The checks of one service and whether it is leaving.
#[derive(Clone, Default)]
pub struct Health(Arc<Inner>);

#[derive(Default)]
struct Inner {
    checks: RwLock<Vec<Named>>,
    started: AtomicBool,
    draining: AtomicBool,
}

#[derive(Clone)]
struct Named {
    name: &'static str,
    needed: bool,
    check: Check,
}

/// What readiness answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// `start` has not returned yet.
    Starting,
    Ready,
    /// Ready, though something that may be away is away.
    Degraded,
    /// A needed check fails.
    Unready,
    /// A signal came; no new work, please.
    Draining,
}

impl Status {
    /// Whether traffic should come here.
    pub fn takes_traffic(self) -> bool {
        matches!(self, Self::Ready | Self::Degraded)
    }
}

/// The body of `/readyz`.
#[derive(Debug, Serialize)]
pub struct Report {
    pub status: Status,
    pub checks: Vec<Checked>,
}

/// One check's answer; the cause is in the log, since it may name hosts.
#[derive(Debug, Serialize)]
pub struct Checked {
    pub name: &'static str,
    pub ok: bool,
    pub needed: bool,
}

impl Health {
    /// Without this the service cannot work: its failure makes it unready.
    pub fn add<F, Fut, E>(&self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display,
    {
        self.insert(name, true, check);
    }

    /// Without this the service works in part (a broker that is away while the outbox grows).
    pub fn add_optional<F, Fut, E>(&self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display,
    {
        self.insert(name, false, check);
    }

    /// Asks every check.
    pub async fn report(&self) -> Report {
        let checks = self
            .0
            .checks
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let checks = join_all(checks.into_iter().map(ask)).await;
        Report {
            status: self.status(&checks),
            checks,
        }
    }

    /// Whether the service is leaving.
    pub fn draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    pub(crate) fn started(&self) {
        self.0.started.store(true, Ordering::Relaxed);
    }

    pub(crate) fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    fn status(&self, checks: &[Checked]) -> Status {
        if self.draining() {
            Status::Draining
        } else if !self.0.started.load(Ordering::Relaxed) {
            Status::Starting
        } else if checks.iter().any(|check| check.needed && !check.ok) {
            Status::Unready
        } else if checks.iter().any(|check| !check.ok) {
            Status::Degraded
        } else {
            Status::Ready
        }
    }

    fn insert<F, Fut, E>(&self, name: &'static str, needed: bool, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display,
    {
        let check: Check = Arc::new(move || {
            let answer = check();
            Box::pin(async move { answer.await.map_err(|error| error.to_string()) })
        });
        let named = Named {
            name,
            needed,
            check,
        };
        self.0
            .checks
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(named);
    }
}

async fn ask(named: Named) -> Checked {
    let answer = tokio::time::timeout(CHECK_TIMEOUT, (named.check)()).await;
    let failure = match answer {
        Ok(Ok(())) => None,
        Ok(Err(reason)) => Some(reason),
        Err(_) => Some(format!("no answer in {} s", CHECK_TIMEOUT.as_secs())),
    };
    if let Some(reason) = &failure {
        tracing::warn!(check = named.name, reason, "health check failed");
    }
    Checked {
        name: named.name,
        ok: failure.is_none(),
        needed: named.needed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn with(needed: bool, ok: bool) -> Status {
        let health = Health::default();
        health.started();
        health.insert("thing", needed, move || async move {
            if ok { Ok(()) } else { Err("away") }
        });
        health.report().await.status
    }

    #[tokio::test]
    async fn a_failed_check_decides_by_its_need() {
        assert_eq!(with(true, true).await, Status::Ready);
        assert_eq!(with(true, false).await, Status::Unready);
        assert_eq!(with(false, false).await, Status::Degraded);
    }

    #[tokio::test]
    async fn takes_no_traffic_before_the_start_and_after_the_signal() {
        let health = Health::default();
        assert!(!health.report().await.status.takes_traffic());
        health.started();
        assert!(health.report().await.status.takes_traffic());
        health.drain();
        assert_eq!(health.report().await.status, Status::Draining);
    }
}

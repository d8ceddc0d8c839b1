//! What a service gets from its runtime. Background work goes through [`App::spawn`]: it is tracked, awaited
//! at shutdown, and its unexpected end is told to the operator.

use std::any::Any;
use std::fmt::Display;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use kernel::{Clock, Ids};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::common::Common;
use crate::health::Health;
use crate::pages::Pages;

/// Cheap to clone; hold it in the service's state.
#[derive(Clone)]
pub struct App {
    /// The settings all services share.
    pub common: Arc<Common>,
    /// The only source of time.
    pub clock: Clock,
    /// The only source of ids.
    pub ids: Ids,
    /// Cancelled when the service begins to leave, while it still answers: what holds connections open lets go of
    /// them here.
    pub leaving: CancellationToken,
    /// Cancelled after the last request was answered: jobs stop here.
    pub shutdown: CancellationToken,
    /// Every task of the service.
    pub tasks: TaskTracker,
    /// What readiness asks.
    pub health: Health,
    /// The service's own pages on the admin listener.
    pub pages: Pages,
}

impl App {
    /// An app on the system's clock. [`crate::run`] makes it; tests that start a service in process do too.
    pub fn new(common: Common) -> Self {
        install_tls();
        Self {
            common: Arc::new(common),
            clock: Clock::system(),
            ids: Ids::system(),
            leaving: CancellationToken::new(),
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
            health: Health::default(),
            pages: Pages::default(),
        }
    }

    /// Starts a job that runs until [`App::shutdown`]. Its earlier end, with or without an error, is logged as
    /// an error and counted; the job is not started again, so a job handles what it can recover from by itself.
    pub fn spawn<F>(&self, name: &'static str, job: F)
    where
        F: Future + Send + 'static,
        F::Output: Outcome,
    {
        let shutdown = self.shutdown.clone();
        self.track(name, job, move |ended| match ended {
            Ok(()) if shutdown.is_cancelled() => tracing::debug!(job.name = name, "job stopped"),
            Ok(()) => fail(name, "ended", "the job ended before shutdown"),
            Err(reason) => fail(name, "failed", &reason),
        });
    }

    /// Starts work that ends by itself: tracked and awaited at shutdown like a job.
    pub fn spawn_once<F>(&self, name: &'static str, work: F)
    where
        F: Future + Send + 'static,
        F::Output: Outcome,
    {
        self.track(name, work, move |ended| {
            if let Err(reason) = ended {
                fail(name, "failed", &reason);
            }
        });
    }

    /// Stops the jobs and waits for them; for tests that started a service in process.
    pub async fn stop(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn track<F>(
        &self,
        name: &'static str,
        work: F,
        report: impl FnOnce(Result<(), String>) + Send + 'static,
    ) where
        F: Future + Send + 'static,
        F::Output: Outcome,
    {
        let span = tracing::info_span!(parent: None, "job", job.name = name);
        let guarded = AssertUnwindSafe(work).catch_unwind();
        let tracked = async move {
            match guarded.await {
                Ok(output) => report(output.reason()),
                Err(panic) => fail(name, "panicked", panic_text(&*panic)),
            }
        };
        self.tasks.spawn(tracked.instrument(span));
    }
}

/// What a job may end with.
pub trait Outcome {
    /// Why it failed, if it did.
    fn reason(self) -> Result<(), String>;
}

impl Outcome for () {
    fn reason(self) -> Result<(), String> {
        Ok(())
    }
}

impl<E: Display> Outcome for Result<(), E> {
    fn reason(self) -> Result<(), String> {
        // The alternate form of an anyhow error carries its causes.
        self.map_err(|error| format!("{error:#}"))
    }
}

/// HTTP clients panic without it. A second install fails and changes nothing.
pub(crate) fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The text of a panic, where it has one.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panic without a message")
}

fn fail(name: &'static str, how: &'static str, reason: &str) {
    metrics::counter!("jobs_ended_unexpectedly_total", "job" => name, "how" => how).increment(1);
    tracing::error!(job.name = name, how, reason, "job ended unexpectedly");
}

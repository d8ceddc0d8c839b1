//! Leaving without losing a request: readiness goes false, answers tell clients to close for a while so that
//! none writes into a connection about to go, then no more connections, then what is in progress ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;

/// How long answers carry `Connection: close` and [`httpkit::LEAVING_HEADER`] while connections are still accepted:
/// closing idle keep-alive connections, or the listener, at once loses the requests already on their way.
const POLITE: Duration = Duration::from_millis(1500);

/// After the requests, jobs get this long at least.
const JOBS_AT_LEAST: Duration = Duration::from_secs(2);

/// The state that listeners share while the service leaves.
#[derive(Clone, Default)]
pub struct Drain(Arc<Inner>);

#[derive(Default)]
struct Inner {
    polite: AtomicBool,
    stop: CancellationToken,
    connections: TaskTracker,
}

impl Drain {
    /// Whether answers should tell the client to close its connection.
    pub fn closing(&self) -> bool {
        self.0.polite.load(Ordering::Relaxed)
    }

    /// Begins the polite part.
    pub fn ask_to_close(&self) {
        self.0.polite.store(true, Ordering::Relaxed);
    }

    /// Ends accepting, lets each connection finish its request.
    pub fn stop(&self) {
        self.0.stop.cancel();
        self.0.connections.close();
    }

    /// Resolves when accepting has to end.
    pub async fn stopped(&self) {
        self.0.stop.cancelled().await;
    }

    /// Resolves when the last connection is gone, after [`Drain::stop`].
    pub async fn finished(&self) {
        self.0.connections.wait().await;
    }

    pub(crate) fn connections(&self) -> &TaskTracker {
        &self.0.connections
    }
}

/// Resolves with the first SIGTERM or SIGINT.
pub(crate) async fn signalled() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// The whole way out, bounded by `TENANTRY_DRAIN_SECONDS` after the polite part.
pub(crate) async fn leave(app: &App, drain: &Drain) {
    tracing::info!("draining");
    app.health.drain();
    drain.ask_to_close();
    app.leaving.cancel();
    tokio::time::sleep(POLITE).await;

    let deadline = tokio::time::Instant::now() + Duration::from_secs(app.common.drain_seconds);
    drain.stop();
    if tokio::time::timeout_at(deadline, drain.finished())
        .await
        .is_err()
    {
        tracing::warn!(
            connections = drain.connections().len(),
            "requests cut off by the drain's deadline"
        );
    }

    app.shutdown.cancel();
    app.tasks.close();
    let deadline = deadline.max(tokio::time::Instant::now() + JOBS_AT_LEAST);
    if tokio::time::timeout_at(deadline, app.tasks.wait())
        .await
        .is_err()
    {
        tracing::warn!(
            jobs = app.tasks.len(),
            "jobs cut off by the drain's deadline"
        );
    }
    tracing::info!("stopped");
}

//! What belongs to the request being served: its id, its trace, its path.
//!
//! Kept in a task-local, so that errors, log lines, calls to other services and database sessions
//! can name the request without each function handing it on.

use std::sync::Arc;

tokio::task_local! {
    static CURRENT: Arc<Context>;
}

/// The request being served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The gateway's id of the request; the same in every service it passes.
    pub request_id: String,
    /// W3C Trace Context §3.2 `traceparent` of this hop.
    pub traceparent: Option<String>,
    /// Path of the request, without its query.
    pub path: String,
}

impl Context {
    /// The trace id inside [`Context::traceparent`]: 32 hex digits.
    pub fn trace_id(&self) -> Option<&str> {
        self.traceparent.as_deref()?.split('-').nth(1)
    }
}

/// Runs `work` as part of the request.
pub async fn scope<F: Future>(context: Arc<Context>, work: F) -> F::Output {
    CURRENT.scope(context, work).await
}

/// The request being served; `None` in a background job.
pub fn current() -> Option<Arc<Context>> {
    CURRENT.try_with(Arc::clone).ok()
}

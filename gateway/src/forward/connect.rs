//! Connecting to a service that may be restarting: one more try, within a budget. Nothing of a request has
//! been sent yet, so trying again is safe for every method; once bytes are out nothing is ever sent twice.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use tower::Service;

/// Deadline of one try.
const CONNECT: Duration = Duration::from_secs(1);

/// Before the second try: as long as a restarted service needs to listen again at best.
const PAUSE: Duration = Duration::from_millis(100);

/// Second tries in a second; beyond it retries would be the load that keeps a service down.
const RETRIES_PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// The connector to the services.
pub(super) fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT));
    connector
}

/// A connector that tries once more.
#[derive(Clone)]
pub(super) struct Patient<C> {
    inner: C,
    budget: Arc<DefaultDirectRateLimiter>,
}

impl<C> Patient<C> {
    pub(super) fn new(inner: C) -> Self {
        let budget = Arc::new(RateLimiter::direct(Quota::per_second(RETRIES_PER_SECOND)));
        Self { inner, budget }
    }
}

impl<C> Service<Uri> for Patient<C>
where
    C: Service<Uri> + Clone + Send + 'static,
    C::Response: Send,
    C::Error: Send,
    C::Future: Send,
{
    type Response = C::Response;
    type Error = C::Error;
    type Future = BoxFuture<'static, Result<C::Response, C::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (mut connector, budget) = (self.inner.clone(), Arc::clone(&self.budget));
        Box::pin(async move {
            let first = connector.call(uri.clone()).await;
            if first.is_ok() || budget.check().is_err() {
                return first;
            }
            tokio::time::sleep(PAUSE).await;
            connector.call(uri).await
        })
    }
}

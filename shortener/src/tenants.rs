//! What the resolver tells of organizations: under which public address one is reached, for the links that are
//! handed out, and whether it answers at all. `tenant.*` events make it ask anew.

use std::sync::Arc;
use std::time::Duration;

use events::{Action, Amqp, Consumer, Envelope, Queue};
use futures::FutureExt;
use http::StatusCode;
use httpkit::client::{Upstream, UpstreamError};
use kernel::TenantId;
use moka::future::Cache;
use runtime::Common;
use serde::Deserialize;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Time an answer serves when no event is heard. The former address of a renamed organization keeps working until
/// the operator releases it.
const KEPT_FOR: Duration = Duration::from_secs(60);
const CAPACITY: u64 = 20_000;

/// A guest waits no longer to learn whether the organization is there: the gateway has asked before.
const PATIENCE: Duration = Duration::from_millis(500);

/// Knows organizations. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tenants {
    resolver: Upstream,
    common: Arc<Common>,
    known: Cache<TenantId, Known>,
}

/// What is remembered of one.
#[derive(Clone)]
enum Known {
    /// It answers, under this origin.
    Open(Arc<str>),
    /// It is suspended.
    Closed(Arc<str>),
    /// There is none, or none any more.
    Gone,
}

#[derive(Deserialize)]
struct Tenant {
    subdomain: String,
    status: String,
}

impl Tenants {
    pub(crate) fn new(resolver: Upstream, common: Arc<Common>) -> Self {
        let known = Cache::builder()
            .max_capacity(CAPACITY)
            .time_to_live(KEPT_FOR)
            .build();
        Self {
            resolver,
            common,
            known,
        }
    }

    /// The organization's public origin, without a trailing slash; `None` where it is gone.
    pub(crate) async fn origin(
        &self,
        tenant: TenantId,
    ) -> Result<Option<Arc<str>>, Arc<UpstreamError>> {
        Ok(match self.known(tenant).await? {
            Known::Open(origin) | Known::Closed(origin) => Some(origin),
            Known::Gone => None,
        })
    }

    /// Whether the organization shows anything to guests. While the resolver is away it does, as before.
    pub(crate) async fn is_open(&self, tenant: TenantId) -> bool {
        match timeout(PATIENCE, self.known(tenant)).await {
            Ok(Ok(known)) => matches!(known, Known::Open(_)),
            Ok(Err(_)) | Err(_) => true,
        }
    }

    /// Whether that is known without asking anybody.
    pub(crate) fn is_known_open(&self, tenant: TenantId) -> bool {
        let known = self.known.get(&tenant).now_or_never().flatten();
        matches!(known, Some(Known::Open(_)))
    }

    /// Asks anew next time.
    pub(crate) async fn forget(&self, tenant: TenantId) {
        self.known.invalidate(&tenant).await;
    }

    async fn known(&self, tenant: TenantId) -> Result<Known, Arc<UpstreamError>> {
        self.known.try_get_with(tenant, self.ask(tenant)).await
    }

    async fn ask(&self, tenant: TenantId) -> Result<Known, UpstreamError> {
        let path = format!("/internal/v1/tenants/{tenant}");
        let found = self.resolver.get::<Tenant>(&path, Some(tenant)).await;
        let found = match found {
            Ok(found) => found,
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => return Ok(Known::Gone),
            Err(error) => return Err(error),
        };
        let origin = self.common.tenant_origin(found.subdomain).into();
        Ok(match found.status.as_str() {
            "suspended" => Known::Closed(origin),
            "deleting" | "deleted" => Known::Gone,
            _ => Known::Open(origin),
        })
    }
}

/// The consumer of `tenant.*` events, on a queue of this instance alone.
pub(crate) fn consumer(amqp: Amqp, queue: &str) -> Consumer {
    Consumer::new(amqp, Queue::live(queue, &["tenant.*"]))
}

/// Listens until shutdown; spawn it.
pub(crate) async fn listen(tenants: Tenants, consumer: Consumer, shutdown: CancellationToken) {
    // What was missed while nothing was heard is not known.
    let doubted = tenants.clone();
    let consumer = consumer.on_connected(move || {
        doubted.known.invalidate_all();
        async { Ok(()) }
    });
    let handler = move |batch: Vec<Envelope>| {
        let tenants = tenants.clone();
        async move {
            for tenant in batch.iter().filter_map(|event| event.tenantid) {
                tenants.forget(tenant).await;
            }
            vec![Action::Ack; batch.len()]
        }
    };
    consumer.run(handler, shutdown).await;
}

//! Closes the connections of a tenant whose state changed, on every instance: who wants one asks the resolver
//! anew. Its name is not known here, and its limits are asked for without closing anything. A lost event costs no more than the time an answer of the resolver stays fresh.

use events::topic::tenant::{TenantCreated, TenantLimitsChanged, TenantRenamed};
use events::{Action, Envelope};
use futures::future::{BoxFuture, FutureExt};

use crate::state::AppState;

/// The consumer's step from envelopes to actions.
pub(super) fn handler(
    state: AppState,
) -> impl Fn(Vec<Envelope>) -> BoxFuture<'static, Vec<Action>> + Send + Sync {
    move |envelopes| {
        let state = state.clone();
        async move {
            for envelope in &envelopes {
                let Some(tenant) = envelope.tenantid else {
                    continue;
                };
                if envelope.is::<TenantLimitsChanged>() {
                    state.pools.resolver().refresh(tenant).await;
                } else if !envelope.is::<TenantCreated>() && !envelope.is::<TenantRenamed>() {
                    state.pools.evict(tenant).await;
                }
            }
            vec![Action::Ack; envelopes.len()]
        }
        .boxed()
    }
}

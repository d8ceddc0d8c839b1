//! Closes the connections of a tenant whose state changed, on every instance: the next request asks the
//! resolver anew. A lost event costs no more than the time an answer of the resolver stays fresh.

use events::topic::tenant::TenantCreated;
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
            let changed = envelopes
                .iter()
                .filter(|event| !event.is::<TenantCreated>());
            for tenant in changed.filter_map(|event| event.tenantid) {
                state.pools.evict(tenant).await;
            }
            vec![Action::Ack; envelopes.len()]
        }
        .boxed()
    }
}

//! The removal, and the list of who is gone.

use kernel::TenantId;
use serde::Serialize;

use crate::scope::TenantScope;
use crate::store::{Collection, Store, StoreError};

/// How many documents were removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Erased {
    pub(crate) events: u64,
    tasks: u64,
    rollups: u64,
}

/// Removes everything of an organization. That it is gone is written down first: who writes something of it at the
/// same time finds that out after its commit, and removes it again.
pub(crate) async fn erase(store: &Store, tenant: TenantId) -> Result<Erased, StoreError> {
    let scope = TenantScope::new(store, tenant);
    scope.note_erased().await?;
    scope.clear(Collection::Organizations).await?;
    scope.clear(Collection::Rebuilds).await?;
    clear_all(&scope, &Collection::REPORTS).await?;
    Ok(Erased {
        events: scope.clear(Collection::Events).await?,
        tasks: scope.clear(Collection::Tasks).await?,
        rollups: clear_all(&scope, &Collection::ROLLUPS).await?,
    })
}

async fn clear_all(scope: &TenantScope<'_>, all: &[Collection]) -> Result<u64, StoreError> {
    let mut removed = 0;
    for collection in all {
        removed += scope.clear(*collection).await?;
    }
    Ok(removed)
}

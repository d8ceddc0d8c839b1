//! Which clusters take new tenants, the one with the most room first. Counted by the refill every few seconds: a claim
//! must not count thousands of rows, and being a little late only puts a tenant on the second best cluster.

use std::sync::{Arc, PoisonError, RwLock};

use deadpool_postgres::GenericClient;
use kernel::ClusterId;

use crate::catalog;
use crate::error::Error;

/// The order last counted; empty until then, and then spares are taken by their age alone.
#[derive(Default)]
pub(crate) struct Placement(RwLock<Arc<[ClusterId]>>);

/// What a cluster that takes tenants has in stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stock {
    pub(crate) cluster: ClusterId,
    pub(crate) name: String,
    pub(crate) spares: i64,
    /// Half-built or failed ones, which are removed by the next sweep.
    pub(crate) unfinished: i64,
}

impl Placement {
    /// The order to take spares in.
    pub(crate) fn order(&self) -> Arc<[ClusterId]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts anew.
    pub(crate) async fn count(&self, client: &impl GenericClient) -> Result<Vec<Stock>, Error> {
        let stocks = count(client).await?;
        let order = stocks.iter().map(|stock| stock.cluster).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = order;
        Ok(stocks)
    }
}

impl Stock {
    /// Whether another spare should be made. Unfinished ones count: when builds fail they must not pile up.
    pub(crate) fn is_short_of(&self, wanted: u32) -> bool {
        self.spares + self.unfinished < i64::from(wanted)
    }
}

async fn count(client: &impl GenericClient) -> Result<Vec<Stock>, Error> {
    let sql = "select c.id, c.name, count(*) filter (where t.status = 'spare') as spares,
            count(*) filter (where t.status in ('provisioning', 'failed') and t.subdomain is null) as unfinished
        from clusters c left join tenants t on t.cluster_id = c.id and t.status <> 'deleted'
        where c.open_for_placement
        group by c.id order by count(t.id)::float8 / c.connection_budget, c.id";
    let rows = catalog::rows(client, sql, &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(Stock {
                cluster: row.try_get::<_, uuid::Uuid>("id")?.into(),
                name: row.try_get("name")?,
                spares: row.try_get("spares")?,
                unfinished: row.try_get("unfinished")?,
            })
        })
        .collect()
}

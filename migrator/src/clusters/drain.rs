//! Emptying a cluster: no new tenants, and every tenant there moved to others, a few at a time.

use std::collections::BTreeMap;

use futures::StreamExt;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{Place, find, list, set_open};
use crate::resolver::Resolver;
use crate::tenants::moving::{self, Moved};
use crate::tenants::{Error, Operator, Subject, Tell};

/// What to empty, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// The cluster's name.
    pub cluster: String,
    /// Only to this one; else each tenant to the open one with the most room.
    pub to: Option<String>,
    /// Moves at once. Each takes a replication slot on the source and up to three workers on its target.
    pub parallel: usize,
    /// The operator's wish to stop; moves under way are undone or finished.
    pub stop: CancellationToken,
}

/// What became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Drained {
    /// Tenants that live elsewhere now.
    pub moved: Vec<Moved>,
    /// Tenants that stayed, and why.
    pub stayed: Vec<Stayed>,
    /// Databases made ahead of need that are still there; nobody is given one any more.
    pub spares: i64,
}

/// A tenant that was not moved.
#[derive(Clone, Debug, Serialize)]
pub struct Stayed {
    /// What a person calls it.
    pub tenant: String,
    /// Why.
    pub error: String,
}

/// Empties a cluster. `progress` is told how many are through, of how many.
pub async fn drain(
    operator: &Operator,
    resolver: &Resolver,
    request: &Request,
    progress: &(dyn Fn(usize, usize, &str) + Send + Sync),
) -> Result<Drained, Error> {
    let source = set_open(&operator.registry, &request.cluster, false).await?;
    let mut tenants = operator.tenants().await?;
    tenants.retain(|tenant| tenant.cluster.id == source.id);
    let plan = plan(operator, &source, request.to.as_deref(), &tenants).await?;
    let total = plan.len();
    let mut drained = Drained {
        moved: Vec::new(),
        stayed: Vec::new(),
        spares: source.spares,
    };
    let moves = plan.into_iter().map(|(tenant, to)| {
        let request = moving::Request {
            to,
            verify: false,
            keep_source: false,
            stop: request.stop.clone(),
        };
        async move {
            let quiet: Tell<'_> = &|_step| {};
            let id = tenant.id.to_string();
            let moved = match request.stop.is_cancelled() {
                true => Err(Error::Stopped),
                false => moving::run(operator, resolver, &id, &request, quiet).await,
            };
            (tenant.label(), moved)
        }
    });
    let moves = futures::stream::iter(moves).buffer_unordered(request.parallel.max(1));
    futures::pin_mut!(moves);
    while let Some((tenant, moved)) = moves.next().await {
        match moved {
            Ok(moved) => drained.moved.push(moved),
            Err(error) => drained.stayed.push(Stayed {
                tenant: tenant.clone(),
                error: error.to_string(),
            }),
        }
        let through = drained.moved.len() + drained.stayed.len();
        progress(through, total, &tenant);
    }
    drained
        .moved
        .sort_by(|one, two| one.tenant.cmp(&two.tenant));
    Ok(drained)
}

/// Each tenant with the cluster it goes to, the emptiest first by its budget.
async fn plan(
    operator: &Operator,
    source: &Place,
    to: Option<&str>,
    tenants: &[Subject],
) -> Result<Vec<(Subject, String)>, Error> {
    if let Some(to) = to {
        let target = find(&operator.registry, to).await?;
        let plan = tenants
            .iter()
            .map(|tenant| (tenant.clone(), target.name.clone()));
        return Ok(plan.collect());
    }
    let places = list(&operator.registry).await?;
    let open: Vec<_> = places
        .iter()
        .filter(|place| place.open && place.id != source.id)
        .collect();
    let mut counts: BTreeMap<&str, i64> = open
        .iter()
        .map(|place| (place.name.as_str(), place.tenants))
        .collect();
    let mut plan = Vec::new();
    for tenant in tenants {
        let fullness = |place: &&&Place| {
            let count = counts.get(place.name.as_str()).copied().unwrap_or_default();
            count.saturating_mul(1_000_000) / i64::from(place.budget.max(1))
        };
        let Some(target) = open.iter().min_by_key(fullness) else {
            return Err(Error::Refused(format!(
                "no cluster but {} is open: see `migrator clusters add` and `open`",
                source.name
            )));
        };
        *counts.entry(target.name.as_str()).or_default() += 1;
        plan.push((tenant.clone(), target.name.clone()));
    }
    Ok(plan)
}

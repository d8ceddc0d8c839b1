//! Access as an argument: the link behind the code of the path, in the host's organization.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::response::Response;
use http::HeaderMap;
use http::request::Parts;
use httpkit::{Caller, ClientAddress, Guard, Path, Service};

use super::answer::{Format, Refusal};
use super::store;
use crate::code::Address;
use crate::entity::link;
use crate::links::model::{Standing, standing};
use crate::state::Shortener;

/// A guest before a link that is there and whose time is not over.
pub(super) struct Guest {
    /// As it was within the last seconds; what may not be so old is asked again.
    pub(super) link: Arc<link::Model>,
    /// What it was asked by.
    pub(super) address: Address,
    pub(super) headers: HeaderMap,
    pub(super) client: Option<IpAddr>,
    pub(super) format: Format,
}

impl<S> FromRequestParts<S> for Guest
where
    S: Send + Sync,
    Guard: FromRef<S>,
    Arc<Shortener>: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let shortener = Arc::<Shortener>::from_ref(state);
        let format = Format::of(&parts.headers);
        let found = find(parts, state, &shortener).await;
        let (link, address) = found.map_err(|refusal| refusal.respond(format, &shortener.pages))?;
        let client = ClientAddress::from_request_parts(parts, state).await;
        Ok(Self {
            link,
            address,
            headers: parts.headers.clone(),
            client: client.ok().and_then(|client| client.0),
            format,
        })
    }
}

async fn find<S>(
    parts: &mut Parts,
    state: &S,
    shortener: &Shortener,
) -> Result<(Arc<link::Model>, Address), Refusal>
where
    S: Send + Sync,
    Guard: FromRef<S>,
{
    let caller = Caller::from_request_parts(parts, state).await?;
    caller.only(&[Service::Gateway])?;
    let tenant = caller.tenant.ok_or(Refusal::Missing)?;
    let path = Path::<String>::from_request_parts(parts, state).await;
    let address = path.ok().and_then(|Path(text)| Address::parse(&text));
    let address = address.ok_or(Refusal::Missing)?;
    let load = store::by_address(&shortener.db, tenant, &address);
    let link = shortener.known.get_or_load(tenant, &address, load).await?;
    let link = link.ok_or(Refusal::Missing)?;
    if !shortener.tenants.is_open(tenant).await {
        return Err(Refusal::Missing);
    }
    match standing(&link, shortener.clock.now()) {
        // Who is in already may stay after the last open.
        Standing::UsedUp => Ok((link, address)),
        standing => Refusal::of(standing, &address).map(|()| (link, address)),
    }
}

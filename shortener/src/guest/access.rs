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
use crate::code::Code;
use crate::entity::link;
use crate::links::model::{Standing, standing};
use crate::state::Shortener;

/// A guest before a link that is there and whose time is not over.
pub(super) struct Guest {
    pub(super) link: link::Model,
    pub(super) code: Code,
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
        let (link, code) = found.map_err(|refusal| refusal.respond(format, &shortener.pages))?;
        let client = ClientAddress::from_request_parts(parts, state).await;
        Ok(Self {
            link,
            code,
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
) -> Result<(link::Model, Code), Refusal>
where
    S: Send + Sync,
    Guard: FromRef<S>,
{
    let caller = Caller::from_request_parts(parts, state).await?;
    caller.only(&[Service::Gateway])?;
    let tenant = caller.tenant.ok_or(Refusal::Missing)?;
    let path = Path::<String>::from_request_parts(parts, state).await;
    let code = path.ok().and_then(|Path(text)| Code::parse(&text));
    let code = code.ok_or(Refusal::Missing)?;
    let link = store::by_code(&shortener.db, tenant, &code).await?;
    let link = link.ok_or(Refusal::Missing)?;
    if !shortener.tenants.is_open(tenant).await {
        return Err(Refusal::Missing);
    }
    match standing(&link, shortener.clock.now()) {
        Standing::Revoked => Err(Refusal::Missing),
        Standing::Expired => Err(Refusal::Expired),
        // Who is in already may stay after the last open.
        Standing::UsedUp | Standing::Live => Ok((link, code)),
    }
}

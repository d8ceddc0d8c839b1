//! Which service may ask what. Access is an argument of each handler: a route without it does not compile to one
//! that answers strangers.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use httpkit::{Caller, Guard, Problem, Service};

/// A list of services.
pub(crate) trait Callers: Send {
    /// Who is on it.
    const SERVICES: &'static [Service];
}

/// Proof that the caller is one of `C`.
pub(crate) struct Allowed<C>(PhantomData<C>);

/// Whoever needs to know which tenants there are.
pub(crate) struct Readers;

/// Signs organizations up.
pub(crate) struct Identity;

/// The only holder of tenant connections.
pub(crate) struct Project;

impl Callers for Readers {
    const SERVICES: &'static [Service] = &[
        Service::Gateway,
        Service::Identity,
        Service::ProjectSvc,
        Service::Shortener,
        Service::Analytics,
        Service::Migrator,
    ];
}

impl Callers for Identity {
    const SERVICES: &'static [Service] = &[Service::Identity];
}

impl Callers for Project {
    const SERVICES: &'static [Service] = &[Service::ProjectSvc];
}

impl<S, C> FromRequestParts<S> for Allowed<C>
where
    S: Send + Sync,
    C: Callers,
    Guard: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.only(C::SERVICES)?;
        Ok(Self(PhantomData))
    }
}

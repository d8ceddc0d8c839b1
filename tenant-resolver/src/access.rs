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
pub(crate) struct Allowed<C> {
    caller: Service,
    list: PhantomData<C>,
}

/// Whoever needs to know which tenants there are.
pub(crate) struct Readers;

/// Signs organizations up: identity for people, the migrator for its operator.
pub(crate) struct SignUp;

/// The only holder of tenant connections.
pub(crate) struct Project;

/// The operator's hand.
pub(crate) struct Operator;

impl<C> Allowed<C> {
    /// Whether the operator asks, who sees more than the services do.
    pub(crate) fn is_operator(&self) -> bool {
        self.caller == Service::Migrator
    }
}

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

impl Callers for SignUp {
    const SERVICES: &'static [Service] = &[Service::Identity, Service::Migrator];
}

impl Callers for Project {
    const SERVICES: &'static [Service] = &[Service::ProjectSvc];
}

impl Callers for Operator {
    const SERVICES: &'static [Service] = &[Service::Migrator];
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
        Ok(Self {
            caller: caller.service,
            list: PhantomData,
        })
    }
}

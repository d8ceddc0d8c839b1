use std::collections::HashMap;
use std::sync::Mutex;

use axum::Router;
use axum::response::IntoResponse;
use httpkit::client::http_client;
use httpkit::tokens::ServiceSigner;
use httpkit::{Path, Service};
use serde_json::json;
use tokio::sync::Semaphore;

use super::*;

/// A resolver whose answers are what it knew when it was asked, and come when the test lets them go.
#[derive(Clone)]
struct Resolver {
    known: Arc<Mutex<HashMap<String, (String, String)>>>,
    asked: Arc<Semaphore>,
    answers: Arc<Semaphore>,
    away: Arc<std::sync::atomic::AtomicBool>,
}

impl Resolver {
    async fn start() -> (Self, Tenants) {
        let resolver = Self {
            known: Arc::default(),
            asked: Arc::new(Semaphore::new(0)),
            answers: Arc::new(Semaphore::new(0)),
            away: Arc::default(),
        };
        let answering = resolver.clone();
        let router = Router::new().route(
            "/internal/v1/tenants/by-subdomain/{name}",
            axum::routing::get(async move |Path(name): Path<String>| answering.answer(&name).await),
        );
        let base = testkit::listen(router).await.parse().unwrap();
        let signer = ServiceSigner::new(&testkit::SECRET.into(), Service::Gateway);
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = http_client().unwrap();
        let tenants = Tenants::new(Upstream::new(http, base, Service::TenantResolver, signer));
        (resolver, tenants)
    }

    fn says(&self, name: &str, subdomain: &str, status: &str) {
        let now = (subdomain.to_owned(), status.to_owned());
        self.known.lock().unwrap().insert(name.to_owned(), now);
    }

    async fn answer(&self, name: &str) -> axum::response::Response {
        let known = self.known.lock().unwrap().get(name).cloned();
        self.asked.add_permits(1);
        self.answers.acquire().await.unwrap().forget();
        if self.away.load(Ordering::SeqCst) {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let Some((subdomain, status)) = known else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let id = uuid::Uuid::from_u128(1);
        json!({ "id": id, "subdomain": subdomain, "status": status })
            .to_string()
            .into_response()
    }

    /// Until the resolver has been asked once more; its answer is settled from then on.
    async fn is_asked(&self) {
        self.asked.acquire().await.unwrap().forget();
    }

    fn answers(&self, times: usize) {
        self.answers.add_permits(times);
    }
}

fn name(text: &str) -> Subdomain {
    Subdomain::parse(text).unwrap()
}

async fn code(tenants: &Tenants, of: &str) -> &'static str {
    match tenants.find(&name(of)).await {
        Ok(Place::Here(_)) => "here",
        Ok(Place::Moved(..)) => "moved",
        Err(problem) => problem.code(),
    }
}

#[tokio::test]
async fn an_answer_from_before_a_change_serves_nobody_who_comes_after_it() {
    let (resolver, tenants) = Resolver::start().await;
    resolver.says("acme", "acme", "active");
    let early = tokio::spawn({
        let tenants = tenants.clone();
        async move { code(&tenants, "acme").await }
    });
    resolver.is_asked().await;
    // The change is told while the answer from before it is still on its way.
    resolver.says("acme", "acme", "suspended");
    tenants.forget(&name("acme"));
    let late = tokio::spawn({
        let tenants = tenants.clone();
        async move { code(&tenants, "acme").await }
    });
    resolver.is_asked().await;
    resolver.answers(2);
    assert_eq!(early.await.unwrap(), "here");
    assert_eq!(late.await.unwrap(), "tenant_suspended");
    assert_eq!(code(&tenants, "acme").await, "tenant_suspended");
}

#[tokio::test]
async fn an_answer_from_before_a_change_is_not_kept_for_when_the_resolver_is_away() {
    let (resolver, tenants) = Resolver::start().await;
    resolver.says("acme", "acme", "active");
    let early = tokio::spawn({
        let tenants = tenants.clone();
        async move { code(&tenants, "acme").await }
    });
    resolver.is_asked().await;
    tenants.forget(&name("acme"));
    resolver.answers(1);
    assert_eq!(early.await.unwrap(), "here");
    resolver.away.store(true, Ordering::SeqCst);
    resolver.answers(1);
    assert_eq!(code(&tenants, "acme").await, "tenant_lookup_unavailable");
}

#[tokio::test]
async fn what_is_doubted_serves_on_while_the_resolver_is_away() {
    let (resolver, tenants) = Resolver::start().await;
    resolver.says("acme", "acme", "active");
    resolver.answers(1);
    assert_eq!(code(&tenants, "acme").await, "here");
    tenants.doubt_all();
    resolver.away.store(true, Ordering::SeqCst);
    resolver.answers(1);
    assert_eq!(code(&tenants, "acme").await, "here");
}

#[tokio::test]
async fn every_state_has_its_answer() {
    let (resolver, tenants) = Resolver::start().await;
    for (status, expected) in [
        ("active", "here"),
        ("moving", "here"),
        ("migrating", "here"),
        ("suspended", "tenant_suspended"),
        ("deleting", "tenant_unknown"),
        ("deleted", "tenant_unknown"),
        ("spare", "tenant_unknown"),
        ("provisioning", "tenant_provisioning"),
        ("failed", "tenant_provisioning"),
    ] {
        resolver.says("acme", "acme", status);
        tenants.forget(&name("acme"));
        resolver.answers(1);
        assert_eq!(code(&tenants, "acme").await, expected, "{status}");
    }
    resolver.says("acme", "apex", "active");
    tenants.forget(&name("acme"));
    resolver.answers(1);
    let found = tenants.find(&name("acme")).await.unwrap();
    assert!(matches!(found, Place::Moved(_, present) if present == name("apex")));
}

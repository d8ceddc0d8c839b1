//! Signing in with providers: a real one from the npm registry, and one that says whatever a test wants.

mod crooked;
mod linking;
mod manage;
mod newcomers;
mod sign_in;
mod told;

use axum::http::header::{LOCATION, SET_COOKIE};
use kernel::TenantId;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use testkit::setting;
use url::Url;

use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

const CALLBACK: &str = "http://localhost:8080/api/v1/auth/oauth/callback/";
const PROVIDERS: &str = "/api/v1/organization/identity-providers";

/// Where a provider sends browsers back to.
pub(super) fn callback(provider: &str) -> String {
    format!("{CALLBACK}{provider}")
}

/// A browser: what it keeps of us, and of the provider.
pub(super) struct Browser {
    cookie: String,
    http: reqwest::Client,
}

impl Browser {
    pub(super) fn new() -> Self {
        let http = reqwest::Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .build();
        Self {
            cookie: String::new(),
            http: http.unwrap(),
        }
    }

    /// All the way to a provider and back, as `email`.
    pub(super) async fn sign_in(
        &mut self,
        world: &World,
        tenant: TenantId,
        provider: &str,
        email: &str,
    ) -> Answer {
        let to = self.start(world, tenant, provider).await;
        let back = self.at_provider(to, email).await;
        self.come_back(world, tenant, &back).await
    }

    /// Sets out; answers where it is sent to.
    pub(super) async fn start(
        &mut self,
        world: &World,
        tenant: TenantId,
        provider: &str,
    ) -> String {
        let path = format!("/api/v1/auth/oauth/{provider}/start");
        let answer = world.get(&path).at(tenant).send().await.expect(303);
        self.keep(&answer);
        location(&answer)
    }

    /// Sets out from inside a session.
    pub(super) async fn start_link(
        &mut self,
        world: &World,
        tenant: TenantId,
        provider: &str,
        token: &str,
    ) -> String {
        let answer = begin_link(world, tenant, provider, token).await.expect(200);
        self.keep(&answer);
        answer.text("authorization_url")
    }

    fn keep(&mut self, answer: &Answer) {
        let line = answer.headers[SET_COOKIE].to_str().unwrap();
        let rest = "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600";
        assert!(
            line.starts_with("__Host-tenantry_oauth=") && line.ends_with(rest),
            "{line}"
        );
        self.cookie = line.split(';').next().unwrap().to_owned();
    }

    /// Signs in at the provider; answers the address it sends the browser back to.
    pub(super) async fn at_provider(&self, to: String, email: &str) -> String {
        let mut at: Url = to.parse().unwrap();
        let form = [("prompt", "login"), ("login", email), ("password", "any")];
        for _ in 0..10 {
            if at.as_str().starts_with(CALLBACK) {
                return at.into();
            }
            let mut answer = self.http.get(at.clone()).send().await.unwrap();
            if answer.status() == 200 {
                answer = self.http.post(at.clone()).form(&form).send().await.unwrap();
            }
            assert!(answer.status().is_redirection(), "{answer:?}");
            at = at
                .join(answer.headers()[LOCATION].to_str().unwrap())
                .unwrap();
        }
        panic!("the provider leads nowhere: {at}")
    }

    /// By the bare domain to the organization's host.
    pub(super) async fn come_back(&self, world: &World, tenant: TenantId, back: &str) -> Answer {
        let back: Url = back.parse().unwrap();
        let path = format!("{}?{}", back.path(), back.query().unwrap());
        let answer = world.get(&path).send().await.expect(303);
        self.finish(world, tenant, &location(&answer)).await
    }

    /// The last step.
    pub(super) async fn finish(&self, world: &World, tenant: TenantId, at: &str) -> Answer {
        let at: Url = at.parse().unwrap();
        let path = format!("{}?{}", at.path(), at.query().unwrap());
        let call = world.get(&path).at(tenant);
        call.header("cookie", &self.cookie).send().await.expect(303)
    }
}

/// Asks where to go to link an account.
pub(super) async fn begin_link(
    world: &World,
    tenant: TenantId,
    provider: &str,
    token: &str,
) -> Answer {
    let body = json!({"password": PASSWORD});
    begin_link_with(world, tenant, provider, token, &body).await
}

/// The same, with another proof of who asks.
pub(super) async fn begin_link_with(
    world: &World,
    tenant: TenantId,
    provider: &str,
    token: &str,
    proof: &Value,
) -> Answer {
    let path = format!("/api/v1/auth/oauth/{provider}/link");
    let call = world.post(&path, proof).at(tenant);
    call.bearer(token).send().await
}

pub(super) fn location(answer: &Answer) -> String {
    answer.headers[LOCATION].to_str().unwrap().to_owned()
}

/// The access token that a browser was given; panics when it was not let in.
#[track_caller]
pub(super) fn access_token(answer: &Answer) -> String {
    assert_eq!(location(answer), "/", "{answer:?}");
    let lines = answer.headers.get_all(SET_COOKIE).iter();
    let mut lines = lines.map(|line| line.to_str().unwrap());
    let found = lines.find_map(|line| line.strip_prefix("__Host-tenantry_access="));
    let (token, _) = found.unwrap().split_once(';').unwrap();
    token.to_owned()
}

/// The word the page is given; panics when somebody was let in.
#[track_caller]
pub(super) fn word(answer: &Answer) -> String {
    let lines: Vec<_> = answer.headers.get_all(SET_COOKIE).iter().collect();
    assert_eq!(lines.len(), 1, "{answer:?}");
    assert!(
        lines[0]
            .to_str()
            .unwrap()
            .starts_with("__Host-tenantry_oauth=;")
    );
    let at = location(answer);
    at.strip_prefix("/#sign_in=").unwrap().to_owned()
}

/// Where the real provider is.
pub(super) fn issuer() -> String {
    setting("TENANTRY_TEST_OIDC_URL")
}

/// Adds the real provider to an organization; answers its id. We are made known to it once our address there is known.
pub(super) async fn add_provider(world: &World, organization: &Organization) -> String {
    let body = json!({
        "name": "Acme SSO", "issuer": issuer(), "client_id": "to be", "client_secret": "to be",
    });
    let made = create_provider(world, organization, &body).await;
    let made = made.expect(201);
    let client = json!({"redirect_uris": [made.text("redirect_uri")]});
    let register = format!("{}/reg", issuer());
    let client = reqwest::Client::new().post(register).json(&client);
    let client: Value = client.send().await.unwrap().json().await.unwrap();
    let known = json!({
        "client_id": client["client_id"], "client_secret": client["client_secret"],
    });
    let path = format!("{PROVIDERS}/{}", made.text("id"));
    let call = world.patch(&path, &known).at(organization.id);
    let known = call.bearer(&organization.owner).send().await;
    known.expect(200).text("id")
}

pub(super) async fn create_provider(
    world: &World,
    organization: &Organization,
    body: &Value,
) -> Answer {
    let call = world.post(PROVIDERS, body);
    let call = call.at(organization.id).bearer(&organization.owner);
    call.send().await
}

/// As if the person had followed the link in a mail.
pub(super) async fn verify(world: &World, email: &str) {
    let sql = format!("update users set email_verified_at = now() where email = '{email}'");
    world.alter(&sql).await;
}

/// Lets everybody join who reads mail at a domain.
pub(super) async fn allow_domain(world: &World, organization: &Organization, domain: &str) {
    let id = organization.id;
    let sql = format!(
        "update organizations set allowed_email_domains = '{{{domain}}}' where tenant_id = '{id}'"
    );
    world.alter(&sql).await;
}

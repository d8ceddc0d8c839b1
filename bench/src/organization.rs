//! An organization of the measurement's own, made through the front door.

use anyhow::{Context, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::{Front, Site};

/// The owner's password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// An organization and its owner.
#[derive(Clone)]
pub(crate) struct Organization {
    /// Its id.
    pub(crate) id: String,
    /// Its host, asked as nobody.
    pub(crate) site: Site,
    /// Its host, asked as the owner.
    pub(crate) owner: Site,
    /// The owner's access token.
    pub(crate) token: String,
    /// The owner's address.
    pub(crate) email: String,
}

impl Organization {
    /// Signs up under a name that nobody has.
    pub(crate) async fn sign_up(front: &Front) -> anyhow::Result<Self> {
        let subdomain = testkit::unique("office");
        let email = format!("owner@{subdomain}.example");
        let body = json!({
            "name": "The office",
            "subdomain": subdomain,
            "owner": {"name": "Olivia", "email": email, "password": PASSWORD},
        });
        let made = created(&front.bare(), "/api/v1/organizations", &body).await?;
        let site = front.tenant(&subdomain);
        let token = text(&made, "/session/access_token")?;
        Ok(Self {
            id: text(&made, "/organization/id")?.to_owned(),
            owner: site.with_token(token),
            token: token.to_owned(),
            site,
            email,
        })
    }
}

/// What a POST made.
pub(crate) async fn created(site: &Site, path: &str, body: &Value) -> anyhow::Result<Value> {
    let answer = site.post(path, body).await;
    ensure!(
        answer.status == StatusCode::CREATED,
        "{path}: {}",
        answer.text
    );
    Ok(serde_json::from_str(&answer.text)?)
}

/// What a GET finds.
pub(crate) async fn found(site: &Site, path: &str) -> anyhow::Result<Value> {
    let answer = site.get(path).await;
    ensure!(answer.status == StatusCode::OK, "{path}: {}", answer.text);
    Ok(serde_json::from_str(&answer.text)?)
}

/// A text in an answer, by its place (RFC 6901).
pub(crate) fn text<'a>(answer: &'a Value, place: &str) -> anyhow::Result<&'a str> {
    let text = answer.pointer(place).and_then(Value::as_str);
    text.with_context(|| format!("no text at {place}"))
}

/// A list in an answer, by its place.
pub(crate) fn list<'a>(answer: &'a Value, place: &str) -> anyhow::Result<&'a [Value]> {
    let list = answer.pointer(place).and_then(Value::as_array);
    let list = list.map(Vec::as_slice);
    list.with_context(|| format!("no list at {place}"))
}

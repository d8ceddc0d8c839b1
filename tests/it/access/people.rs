//! Everybody there is, from nobody to the owner.

use e2e::{Organization, Person, signing_key, tomorrow};
use kernel::Role;
use reqwest::header::COOKIE;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use testkit::Site;

/// The columns of the table, the weakest first.
pub(super) const PEOPLE: [&str; 10] = [
    "nobody",
    "expired",
    "elsewhere",
    "guest",
    "program",
    "viewer",
    "member",
    "manager",
    "admin",
    "owner",
];

/// Somebody who asks.
pub(super) struct Asker {
    site: Site,
    cookie: Option<String>,
}

impl Asker {
    fn of(site: &Site) -> Self {
        Self {
            site: site.clone(),
            cookie: None,
        }
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.site.request(method, path);
        match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        }
    }

    pub(super) fn site(&self) -> &Site {
        &self.site
    }
}

/// All of them, in the order of [`PEOPLE`].
pub(super) struct People(Vec<Asker>);

impl People {
    pub(super) async fn gather(acme: &Organization) -> Self {
        let elsewhere = Organization::sign_up().await;
        let mut all = vec![
            Asker::of(&acme.site),
            Asker::of(&acme.site.with_token(&expired(acme).await)),
            Asker::of(&acme.site.with_token(&elsewhere.owner.access_token)),
            guest(acme).await,
            Asker::of(&acme.site.with_token(&program(&acme.owner).await)),
        ];
        for role in [Role::Viewer, Role::Member, Role::Manager, Role::Admin] {
            all.push(Asker::of(&acme.join(role).await.api));
        }
        all.push(Asker::of(&acme.owner.api));
        assert_eq!(all.len(), PEOPLE.len());
        Self(all)
    }

    pub(super) fn all(&self) -> &[Asker] {
        &self.0
    }
}

/// Who opened a shared task's page, with the cookie that page gave.
async fn guest(acme: &Organization) -> Asker {
    let (project, _) = acme.project("Shared").await;
    let task = acme.task(&project, "Shared").await;
    let body = json!({"resource": {"kind": "task", "id": task["id"]}, "password": "opensesame-42"});
    let link = acme
        .owner
        .api
        .post("/api/v1/links", &body)
        .await
        .expect(201);
    let path = format!("/s/{}", link.json()["code"].as_str().expect("a code"));
    let unlock = acme
        .site
        .request(Method::POST, &path)
        .header("accept", "text/html")
        .form(&[("password", "opensesame-42")]);
    let opened = acme.site.send(unlock).await;
    let cookie = opened.header("set-cookie").expect("a guest's cookie");
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();
    Asker {
        site: acme.site.clone(),
        cookie: Some(cookie),
    }
}

/// A token of the owner that was good until a minute ago.
async fn expired(acme: &Organization) -> String {
    let mut claims = testkit::claims(acme.id, Role::Owner);
    let minute_ago = claims.iat - 60;
    claims.sub = acme.owner.id;
    (claims.iat, claims.nbf, claims.exp) = (minute_ago - 900, minute_ago - 900, minute_ago);
    signing_key().await.sign(&claims).expect("a token")
}

/// A personal access token of the owner that may read analytics and nothing else.
async fn program(owner: &Person) -> String {
    let body = json!({
        "name": "reads the dashboard",
        "scopes": ["analytics:read"],
        "expires_at": tomorrow(),
    });
    let made = owner.api.post("/api/v1/tokens", &body).await.expect(201);
    made.json()["token"].as_str().expect("a token").to_owned()
}

//! Organizations and people, made through the front door.

use kernel::{Role, TenantId, UserId};
use serde_json::{Value, json};
use testkit::{Front, Site, eventually, setting, unique};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";
const MAIL_SECONDS: u64 = 10;

/// An organization with its owner signed in.
#[derive(Debug, Clone)]
pub struct Organization {
    /// The organization.
    pub id: TenantId,
    /// Its name in the address.
    pub subdomain: String,
    /// Its host, asked as nobody.
    pub site: Site,
    /// Its first person.
    pub owner: Person,
}

/// A person, signed in.
#[derive(Debug, Clone)]
pub struct Person {
    /// The person.
    pub id: UserId,
    /// Sign-in name.
    pub email: String,
    /// The organization's host, asked as this person.
    pub api: Site,
    /// Access token.
    pub access_token: String,
    /// Refresh token.
    pub refresh_token: String,
}

impl Organization {
    /// Signs up under a name of its own.
    pub async fn sign_up() -> Self {
        Self::sign_up_as(&unique("org")).await
    }

    /// Signs up under `subdomain`.
    pub async fn sign_up_as(subdomain: &str) -> Self {
        let front = Front::door();
        let email = format!("owner@{subdomain}.example");
        let body = sign_up_body(subdomain, &email);
        let answer = front
            .bare()
            .post("/api/v1/organizations", &body)
            .await
            .expect(201)
            .json();
        let site = front.tenant(subdomain);
        Self {
            id: answer["organization"]["id"]
                .as_str()
                .and_then(|id| id.parse().ok())
                .expect("an organization id"),
            subdomain: subdomain.to_owned(),
            owner: Person::from_session(&site, &answer["session"], &email).await,
            site,
        }
    }

    /// Invites a person with `role` and lets the person accept.
    pub async fn join(&self, role: Role) -> Person {
        let email = format!("{}@{}.example", unique("p"), self.subdomain);
        let invitation = json!({"email": email, "role": role});
        let _ = self
            .owner
            .api
            .post("/api/v1/invitations", &invitation)
            .await
            .expect(201);
        let token = token_in_mail(&email).await;
        let body = json!({"token": token, "name": format!("A {role}"), "password": PASSWORD});
        let answer = self
            .site
            .post("/api/v1/invitations/accept", &body)
            .await
            .expect(200)
            .json();
        let session = answer.get("session").unwrap_or(&answer).clone();
        Person::from_session(&self.site, &session, &email).await
    }

    /// Signs a person in anew.
    pub async fn log_in(&self, email: &str) -> Person {
        let body = json!({"email": email, "password": PASSWORD});
        let answer = self
            .site
            .post("/api/v1/auth/login", &body)
            .await
            .expect(200)
            .json();
        let session = answer.get("session").unwrap_or(&answer).clone();
        Person::from_session(&self.site, &session, email).await
    }

    /// Creates a project as the owner: the project, and its columns by category.
    pub async fn project(&self, name: &str) -> (Value, Value) {
        let project = self
            .owner
            .api
            .post("/api/v1/projects", &json!({"name": name}))
            .await
            .expect(201)
            .json();
        let id = project["id"].as_str().expect("a project id");
        let boards = self
            .owner
            .api
            .get(&format!("/api/v1/projects/{id}/boards"))
            .await
            .expect(200)
            .json();
        let board = boards["items"][0]["id"].as_str().expect("a board");
        let columns = self
            .owner
            .api
            .get(&format!("/api/v1/boards/{board}/columns"))
            .await
            .expect(200)
            .json();
        let columns = columns
            .get("items")
            .unwrap_or(&columns)
            .as_array()
            .expect("columns")
            .clone();
        let by_category = columns.iter().map(|column| {
            (
                column["category"].as_str().unwrap_or_default().to_owned(),
                column["id"].clone(),
            )
        });
        let columns = Value::Object(by_category.collect());
        (project, columns)
    }

    /// Creates a task as the owner.
    pub async fn task(&self, project: &Value, title: &str) -> Value {
        let id = project["id"].as_str().expect("a project id");
        let path = format!("/api/v1/projects/{id}/tasks");
        self.owner
            .api
            .post(&path, &json!({"title": title}))
            .await
            .expect(201)
            .json()
    }
}

impl Person {
    async fn from_session(site: &Site, session: &Value, email: &str) -> Self {
        let text = |name: &str| {
            session[name]
                .as_str()
                .unwrap_or_else(|| panic!("no {name} in {session}"))
                .to_owned()
        };
        let (access_token, refresh_token) = (text("access_token"), text("refresh_token"));
        let api = site.with_token(&access_token);
        let me = api.get("/api/v1/auth/me").await.expect(200).json();
        let id = me["user"]["id"]
            .as_str()
            .or_else(|| me["id"].as_str())
            .and_then(|id| id.parse().ok())
            .expect("own id");
        Self {
            id,
            email: email.to_owned(),
            api,
            access_token,
            refresh_token,
        }
    }
}

/// What a sign-up sends.
pub fn sign_up_body(subdomain: &str, email: &str) -> Value {
    json!({
        "name": format!("The {subdomain} company"),
        "subdomain": subdomain,
        "owner": {"name": "Olivia Owner", "email": email, "password": PASSWORD},
    })
}

/// This time tomorrow, as JSON tells it.
pub fn tomorrow() -> Value {
    let tomorrow = kernel::Clock::system().now() + chrono::TimeDelta::days(1);
    json!(tomorrow.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

/// Waits for the newest mail to `address`, as the mail catcher lists it.
pub async fn mail_to(address: &str, about: &str) -> Value {
    let url = format!(
        "{}/messages.json?to={address}",
        setting("TENANTRY_TEST_MAIL_URL")
    );
    eventually(&format!("a mail about {about}"), MAIL_SECONDS, async || {
        let mails: Value = reqwest::get(&url).await.ok()?.json().await.ok()?;
        mails
            .as_array()?
            .iter()
            .find(|mail| {
                mail["text"]
                    .as_str()
                    .is_some_and(|text| text.contains(about))
            })
            .cloned()
    })
    .await
}

/// Waits for an invitation to `address` and takes the token out of its link.
pub async fn token_in_mail(address: &str) -> String {
    token_in_link(address, "invit").await
}

/// Waits for a mail to `address` with a link that contains `word`, and takes the token out of it.
pub async fn token_in_link(address: &str, word: &str) -> String {
    let mail = mail_to(address, word).await;
    let links = mail["links"].as_array().expect("links").clone();
    let link = links
        .iter()
        .filter_map(Value::as_str)
        .find(|link| link.contains(word))
        .expect("such a link");
    let (_, token) = link
        .rsplit_once(['=', '/', '#'])
        .expect("a token in the link");
    token.to_owned()
}

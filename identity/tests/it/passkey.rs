//! Passkeys, with a software authenticator.

use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use webauthn_authenticator_rs::AuthenticatorBackend;
use webauthn_authenticator_rs::softpasskey::SoftPasskey;
use webauthn_rs::prelude::{CreationChallengeResponse, RequestChallengeResponse, Url};

use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

/// An authenticator that says it knows its person, in a browser at an origin.
pub(crate) struct Browser {
    authenticator: SoftPasskey,
    origin: String,
    credential_id: Value,
}

const TIMEOUT_MS: u32 = 1000;
const REFUSED: (u16, &str) = (401, "passkey_refused");

impl Browser {
    fn at(subdomain: &str) -> Self {
        Self {
            authenticator: SoftPasskey::new(true),
            origin: format!("http://{subdomain}.localhost:8080"),
            credential_id: Value::Null,
        }
    }

    fn origin(&self) -> Url {
        self.origin.parse().unwrap()
    }

    fn create(&mut self, options: &Value) -> Value {
        let options: CreationChallengeResponse = serde_json::from_value(options.clone()).unwrap();
        let (origin, options) = (self.origin(), options.public_key);
        let made = self
            .authenticator
            .perform_register(origin, options, TIMEOUT_MS);
        let mut made = serde_json::to_value(made.unwrap()).unwrap();
        // As browsers send it.
        made["authenticatorAttachment"] = "platform".into();
        self.credential_id = made["id"].clone();
        made
    }

    fn get(&mut self, options: &Value) -> Value {
        let options: RequestChallengeResponse = serde_json::from_value(options.clone()).unwrap();
        let (origin, options) = (self.origin(), options.public_key);
        let given = self.authenticator.perform_auth(origin, options, TIMEOUT_MS);
        serde_json::to_value(given.unwrap()).unwrap()
    }

    /// Answers without being told which key: it knows its person.
    fn discover(&mut self, options: &Value, user_id: &str) -> Value {
        let mut options = options.clone();
        options["publicKey"]["allowCredentials"] =
            json!([{"type": "public-key", "id": self.credential_id}]);
        let mut given = self.get(&options);
        let user: uuid::Uuid = user_id.parse().unwrap();
        given["response"]["userHandle"] = URL_SAFE_NO_PAD.encode(user.as_bytes()).into();
        given
    }
}

impl World {
    async fn as_owner(
        &self,
        organization: &Organization,
        method: Method,
        path: &str,
        body: Value,
    ) -> Answer {
        let call = self.call(method, path).json(&body).at(organization.id);
        call.bearer(&organization.owner).send().await
    }

    async fn passkey_options(&self, organization: &Organization) -> Answer {
        let path = "/api/v1/auth/passkeys/options";
        let body = json!({"password": PASSWORD});
        let asked = self.as_owner(organization, Method::POST, path, body).await;
        asked.expect(200)
    }

    async fn keep_passkey(
        &self,
        organization: &Organization,
        asked: &Answer,
        passkey: Value,
    ) -> Answer {
        let path = "/api/v1/auth/passkeys";
        let ceremony = asked.text("ceremony");
        let body = json!({"ceremony": ceremony, "name": "work laptop", "passkey": passkey});
        self.as_owner(organization, Method::POST, path, body).await
    }

    /// Gives the owner a passkey; answers it and what the service said.
    pub(crate) async fn passkey(
        &self,
        organization: &Organization,
        subdomain: &str,
    ) -> (Browser, Answer) {
        let mut browser = Browser::at(subdomain);
        let asked = self.passkey_options(organization).await;
        let made = browser.create(&asked.body["options"]);
        let kept = self.keep_passkey(organization, &asked, made).await;
        (browser, kept.expect(201))
    }

    async fn login_options(&self, organization: &Organization) -> Answer {
        let call = self.call(Method::POST, "/api/v1/auth/passkeys/login/options");
        call.at(organization.id).send().await.expect(200)
    }

    async fn login_with(
        &self,
        organization: &Organization,
        asked: &Answer,
        passkey: &Value,
    ) -> Answer {
        let body = json!({"ceremony": asked.text("ceremony"), "passkey": passkey});
        let call = self.post("/api/v1/auth/passkeys/login", &body);
        call.at(organization.id).send().await
    }

    /// What the owner's authenticators are asked in the second step.
    async fn second_step(&self, organization: &Organization, challenge: &str) -> Value {
        let body = json!({"challenge": challenge});
        let call = self.post("/api/v1/auth/second-factor/passkey", &body);
        let asked = call.at(organization.id).send().await;
        asked.expect(200).body["options"].take()
    }

    async fn give(&self, organization: &Organization, challenge: &str, passkey: &Value) -> Answer {
        let body = json!({"challenge": challenge, "passkey": passkey});
        let call = self.post("/api/v1/auth/second-factor", &body);
        call.at(organization.id).send().await
    }
}

#[tokio::test]
async fn passkey_signs_in_alone_where_a_second_factor_is_demanded_and_passwords_are_not_taken() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let (mut browser, kept) = world.passkey(&acme, "acme").await;
    assert_eq!(kept.body["passkey"]["name"], "work laptop");
    assert_eq!(kept.body["recovery_codes"].as_array().unwrap().len(), 10);
    world
        .rule(
            &acme,
            "require_second_factor = true, password_sign_in = false",
        )
        .await;

    let asked = world.login_options(&acme).await;
    let options = &asked.body["options"]["publicKey"];
    assert_eq!(options["rpId"], "localhost");
    assert_eq!(options["userVerification"], "required");
    let given = browser.discover(&asked.body["options"], &acme.owner_id);
    let session = world.login_with(&acme, &asked, &given).await.expect(200);
    let token = session.text("refresh_token");
    world.refresh(acme.id, &token).await.expect(200);
    assert_eq!(
        world
            .count("sessions where method = 'passkey' and second_factor")
            .await,
        1
    );

    // What was answered once is worth nothing again.
    let again = world.login_with(&acme, &asked, &given).await;
    assert_eq!(again.problem(), (401, "challenge_expired"));
    let fresh = world.login_options(&acme).await;
    let replayed = world.login_with(&acme, &fresh, &given).await;
    assert_eq!(replayed.problem(), REFUSED);
    world.close().await;
}

#[tokio::test]
async fn passkey_opens_for_its_own_person_as_a_member_and_on_the_host_it_was_asked_on() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let (mut browser, _) = world.passkey(&acme, "acme").await;

    // Somebody else's name on it.
    let asked = world.login_options(&acme).await;
    let given = browser.discover(&asked.body["options"], &zeta.owner_id);
    let forged = world.login_with(&acme, &asked, &given).await;
    assert_eq!(forged.problem(), REFUSED);
    // No member of the other organization.
    browser.origin = "http://zeta.localhost:8080".to_owned();
    let asked = world.login_options(&zeta).await;
    let given = browser.discover(&asked.body["options"], &acme.owner_id);
    let stranger = world.login_with(&zeta, &asked, &given).await;
    assert_eq!(stranger.problem(), REFUSED);
    // A page of another host that got hold of a ceremony.
    for origin in [
        "http://zeta.localhost:8080",
        "http://localhost:8080",
        "https://acme.localhost:8080",
        "http://acme.localhost:9999",
    ] {
        browser.origin = origin.to_owned();
        let asked = world.login_options(&acme).await;
        let given = browser.discover(&asked.body["options"], &acme.owner_id);
        let phished = world.login_with(&acme, &asked, &given).await;
        assert_eq!(phished.problem(), REFUSED, "{origin}");
    }
    browser.origin = "http://acme.localhost:8080".to_owned();
    let asked = world.login_options(&acme).await;
    let mut given = browser.discover(&asked.body["options"], &acme.owner_id);
    let elsewhere = world.login_with(&zeta, &asked, &given).await;
    assert_eq!(elsewhere.problem(), (401, "challenge_expired"));
    // A signature that is not the key's.
    let asked = world.login_options(&acme).await;
    let other = browser.discover(&asked.body["options"], &acme.owner_id);
    given["response"]["clientDataJSON"] = other["response"]["clientDataJSON"].clone();
    let mixed = world.login_with(&acme, &asked, &given).await;
    assert_eq!(mixed.problem(), REFUSED);
    world.close().await;
}

#[tokio::test]
async fn passkey_is_a_second_factor_after_a_password() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let (mut browser, _) = world.passkey(&acme, "acme").await;
    let (mut foreign, _) = world.passkey(&zeta, "zeta").await;
    foreign.origin.clone_from(&browser.origin);
    let asked = world.login(acme.id, "acme@example.com", PASSWORD).await;
    let asked = asked.expect(202);
    assert_eq!(asked.body["methods"], json!(["passkey", "recovery_code"]));
    let challenge = asked.text("challenge");

    // Nothing was asked yet.
    let login = world.login_options(&acme).await;
    let unasked = browser.discover(&login.body["options"], &acme.owner_id);
    let refused = world.give(&acme, &challenge, &unasked).await;
    assert_eq!(refused.problem(), (401, "second_factor_refused"));
    let mut options = world.second_step(&acme, &challenge).await;
    options["publicKey"]["allowCredentials"][0]["id"] = foreign.credential_id.clone();
    let other = foreign.get(&options);
    let refused = world.give(&acme, &challenge, &other).await;
    assert_eq!(refused.problem(), (401, "second_factor_refused"));
    let options = world.second_step(&acme, &challenge).await;
    let given = browser.get(&options);
    world.give(&acme, &challenge, &given).await.expect(200);
    let again = world.give(&acme, &challenge, &given).await;
    assert_eq!(again.problem(), (401, "challenge_expired"));
    world.close().await;
}

#[tokio::test]
async fn copied_passkey_shows_by_its_counter() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let (mut browser, _) = world.passkey(&acme, "acme").await;
    let further = "update passkeys set credential = jsonb_set(credential, '{cred,counter}', '100')";
    let login = world.login(acme.id, "acme@example.com", PASSWORD).await;
    let challenge = login.text("challenge");
    let options = world.second_step(&acme, &challenge).await;
    world.alter(further).await;
    let given = browser.get(&options);
    let refused = world.give(&acme, &challenge, &given).await;
    assert_eq!(refused.problem(), (401, "second_factor_refused"));
    let asked = world.login_options(&acme).await;
    let given = browser.discover(&asked.body["options"], &acme.owner_id);
    let refused = world.login_with(&acme, &asked, &given).await;
    assert_eq!(refused.problem(), REFUSED);
    world.close().await;
}

#[tokio::test]
async fn passkeys_are_kept_listed_and_removed_by_their_owner() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let path = "/api/v1/auth/passkeys";
    let bare = world.as_owner(
        &acme,
        Method::POST,
        "/api/v1/auth/passkeys/options",
        json!({}),
    );
    assert_eq!(bare.await.problem(), (403, "confirmation_required"));
    let mut browser = Browser::at("acme");
    let asked = world.passkey_options(&acme).await;
    let selection = &asked.body["options"]["publicKey"]["authenticatorSelection"];
    assert_eq!(selection["residentKey"], "preferred");
    assert_eq!(selection["userVerification"], "required");
    let made = browser.create(&asked.body["options"]);
    let stolen = world.keep_passkey(&zeta, &asked, made.clone()).await;
    assert_eq!(stolen.problem(), (401, "challenge_expired"));
    // Of a ceremony that was tried once nothing is left.
    let asked = world.passkey_options(&acme).await;
    let garbage = world.keep_passkey(&acme, &asked, json!({"id": 1})).await;
    assert_eq!(garbage.status, 422);
    let stale = world.keep_passkey(&acme, &asked, made).await;
    assert_eq!(stale.status, 422);
    let made = browser.create(&asked.body["options"]);
    let kept = world.keep_passkey(&acme, &asked, made.clone()).await;
    let kept = kept.expect(201);
    let twice = world.keep_passkey(&acme, &asked, made).await;
    assert_eq!(twice.problem(), (401, "challenge_expired"));

    let list = world.as_owner(&acme, Method::GET, path, json!({})).await;
    let list = list.expect(200);
    assert_eq!(list.body["items"][0]["id"], kept.body["passkey"]["id"]);
    assert!(list.body["items"][0].get("credential").is_none());
    let others = world.as_owner(&zeta, Method::GET, path, json!({})).await;
    assert_eq!(others.expect(200).body["items"], json!([]));

    let one = format!("{path}/{}", kept.body["passkey"]["id"].as_str().unwrap());
    let password = json!({"password": PASSWORD});
    let foreign = world.as_owner(&zeta, Method::DELETE, &one, password.clone());
    foreign.await.expect(404);
    world.rule(&acme, "require_second_factor = true").await;
    let last = world.as_owner(&acme, Method::DELETE, &one, password.clone());
    assert_eq!(last.await.problem(), (409, "second_factor_demanded"));
    world.rule(&acme, "require_second_factor = false").await;
    let removed = world.as_owner(&acme, Method::DELETE, &one, password);
    removed.await.expect(204);
    assert_eq!(world.count("recovery_codes").await, 0);
    let open = world.login(acme.id, "acme@example.com", PASSWORD).await;
    open.expect(200);
    world.close().await;
}

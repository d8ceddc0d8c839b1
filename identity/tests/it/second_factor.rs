//! Second factors: codes, recovery codes, and the rules of organizations about them.

use axum::http::Method;
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};
use totp_rs::Totp;

use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

/// An authenticator app.
pub(crate) struct App(Totp);

impl App {
    pub(crate) fn scan(uri: &Value) -> Self {
        Self(Totp::from_url(uri.as_str().unwrap()).unwrap())
    }

    /// The code it shows, as many steps from now.
    pub(crate) fn code(&self, world: &World, steps: i64) -> String {
        let now = world.clock.now() + TimeDelta::seconds(30 * steps);
        self.0
            .generate(now.timestamp().try_into().unwrap())
            .to_string()
    }
}

impl World {
    /// Sets an authenticator app up for the owner; answers it with the recovery codes.
    pub(crate) async fn totp(&self, organization: &Organization) -> (App, Vec<String>) {
        let begun = self
            .post("/api/v1/auth/totp", &json!({"password": PASSWORD}))
            .at(organization.id)
            .bearer(&organization.owner);
        let begun = begun.send().await.expect(200);
        let app = App::scan(&begun.body["uri"]);
        let code = json!({"code": app.code(self, 0)});
        let confirmed = self
            .post("/api/v1/auth/totp/confirm", &code)
            .at(organization.id);
        let confirmed = confirmed.bearer(&organization.owner).send().await;
        let codes = confirmed.expect(200).body["recovery_codes"].take();
        self.clock.advance(TimeDelta::seconds(60));
        (app, serde_json::from_value(codes).unwrap())
    }

    /// Sets an authenticator app up during a sign-in that demands one.
    pub(crate) async fn enroll(&self, organization: &Organization, email: &str) {
        let challenge = self.challenge(organization, email).await;
        let body = json!({"challenge": challenge});
        let call = self.post("/api/v1/auth/second-factor/enroll", &body);
        let begun = call.at(organization.id).send().await.expect(200);
        let code = App::scan(&begun.body["totp"]["uri"]).code(self, 0);
        let given = ("code", code.as_str());
        self.answer(organization, &challenge, given)
            .await
            .expect(200);
    }

    pub(crate) async fn challenge(&self, organization: &Organization, email: &str) -> String {
        let asked = self.login(organization.id, email, PASSWORD).await;
        let asked = asked.expect(202);
        assert!(asked.body.get("access_token").is_none());
        asked.text("challenge")
    }

    pub(crate) async fn answer(
        &self,
        organization: &Organization,
        challenge: &str,
        (way, given): (&str, &str),
    ) -> Answer {
        let body = json!({"challenge": challenge, way: given});
        let call = self.post("/api/v1/auth/second-factor", &body);
        call.at(organization.id).send().await
    }

    pub(crate) async fn rule(&self, organization: &Organization, rule: &str) {
        let id = organization.id;
        self.alter(&format!(
            "update organizations set {rule} where tenant_id = '{id}'"
        ))
        .await;
    }
}

const REFUSED: (u16, &str) = (401, "second_factor_refused");

#[tokio::test]
async fn password_alone_opens_nothing_once_there_is_a_second_factor() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let (app, _) = world.totp(&acme).await;
    let asked = world.login(acme.id, "acme@example.com", PASSWORD).await;
    let asked = asked.expect(202);
    assert_eq!(asked.body["methods"], json!(["totp", "recovery_code"]));
    assert_eq!(asked.body["enroll"], false);
    assert_eq!(asked.body["expires_in"], 600);

    let challenge = asked.text("challenge");
    let code = app.code(&world, 0);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let answer = world.answer(&acme, &challenge, ("code", wrong)).await;
    assert_eq!(answer.problem(), REFUSED);
    let session = world.answer(&acme, &challenge, ("code", &code)).await;
    let token = session.expect(200).text("refresh_token");
    world.refresh(acme.id, &token).await.expect(200);

    // The challenge and the code are used up.
    let again = world.answer(&acme, &challenge, ("code", &code)).await;
    assert_eq!(again.problem(), (401, "challenge_expired"));
    let challenge = world.challenge(&acme, "acme@example.com").await;
    let again = world.answer(&acme, &challenge, ("code", &code)).await;
    assert_eq!(again.problem(), REFUSED);
    let next = app.code(&world, 1);
    let next = world.answer(&acme, &challenge, ("code", &next)).await;
    next.expect(200);
    world.close().await;
}

#[tokio::test]
async fn one_code_opens_one_session_however_many_ask_at_once() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let (app, _) = world.totp(&acme).await;
    let mut challenges = Vec::new();
    for _ in 0..4 {
        challenges.push(world.challenge(&acme, "acme@example.com").await);
    }
    let code = app.code(&world, 0);
    let answers = challenges
        .iter()
        .map(|challenge| world.answer(&acme, challenge, ("code", &code)));
    let answers = join_all(answers).await;
    let opened = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(opened, 1, "{answers:?}");
    world.close().await;
}

#[tokio::test]
async fn codes_of_other_times_and_challenges_of_other_hosts_are_refused() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let (app, _) = world.totp(&acme).await;
    let challenge = world.challenge(&acme, "acme@example.com").await;
    for steps in [-3, 3] {
        let code = app.code(&world, steps);
        let answer = world.answer(&acme, &challenge, ("code", &code)).await;
        assert_eq!(answer.problem(), REFUSED);
    }
    let code = app.code(&world, 0);
    let elsewhere = world.answer(&zeta, &challenge, ("code", &code)).await;
    assert_eq!(elsewhere.problem(), (401, "challenge_expired"));
    let none = world.answer(&acme, "unknown", ("code", &code)).await;
    assert_eq!(none.problem(), (401, "challenge_expired"));
    let neither = json!({"challenge": challenge});
    let neither = world.post("/api/v1/auth/second-factor", &neither);
    neither.at(acme.id).send().await.expect(422);
    world.clock.advance(TimeDelta::minutes(11));
    let code = app.code(&world, 0);
    let late = world.answer(&acme, &challenge, ("code", &code)).await;
    assert_eq!(late.problem(), (401, "challenge_expired"));
    world.close().await;
}

#[tokio::test]
async fn recovery_code_is_good_once_and_for_its_owner() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let (_, codes) = world.totp(&acme).await;
    let (_, others) = world.totp(&zeta).await;
    assert_eq!(codes.len(), 10);
    let challenge = world.challenge(&acme, "acme@example.com").await;
    let other = world
        .answer(&acme, &challenge, ("recovery_code", &others[0]))
        .await;
    assert_eq!(other.problem(), REFUSED);
    let typed = codes[0].to_uppercase().replace('-', " ");
    let given = ("recovery_code", typed.as_str());
    world.answer(&acme, &challenge, given).await.expect(200);
    let challenge = world.challenge(&acme, "acme@example.com").await;
    let again = world.answer(&acme, &challenge, given).await;
    assert_eq!(again.problem(), REFUSED);
    let left = world.get("/api/v1/auth/second-factors").at(acme.id);
    let left = left.bearer(&acme.owner).send().await.expect(200);
    assert_eq!(left.body["recovery_codes"], 9);
    assert_eq!(
        world
            .count(&format!(
                "recovery_codes where encode(code_hash, 'escape') like '%{}%'",
                codes[0]
            ))
            .await,
        0
    );
    world.close().await;
}

#[tokio::test]
async fn guesses_are_limited_by_challenge_and_by_account() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let (app, codes) = world.totp(&acme).await;
    let first = world.challenge(&acme, "acme@example.com").await;
    let second = world.challenge(&acme, "acme@example.com").await;
    let right = app.code(&world, 0);
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    let guesses = (0..20).map(|guess| {
        let challenge = if guess % 2 == 0 { &first } else { &second };
        world.answer(&acme, challenge, ("code", wrong))
    });
    let answers = join_all(guesses).await;
    let checked = answers.iter().filter(|answer| answer.problem() == REFUSED);
    assert_eq!(checked.count(), 5);
    let limited: Vec<_> = answers.iter().filter(|a| a.status == 429).collect();
    // Where one challenge met all five, it was used up besides.
    let used_up = answers
        .iter()
        .filter(|answer| answer.problem() == (401, "challenge_expired"));
    assert_eq!(limited.len() + used_up.count(), 15);
    assert!(limited[0].headers.contains_key("retry-after"));

    // The right code comes too early now, from wherever; a recovery code does not.
    let third = world.challenge(&acme, "acme@example.com").await;
    let early = world.answer(&acme, &third, ("code", &right)).await;
    assert_eq!(early.problem(), (429, "too_many_attempts"));
    world.clock.advance(TimeDelta::seconds(31));
    let right = app.code(&world, 0);
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    let sixth = world.answer(&acme, &third, ("code", wrong)).await;
    assert_eq!(sixth.problem(), REFUSED);
    world.clock.advance(TimeDelta::seconds(31));
    let code = app.code(&world, 0);
    let early = world.answer(&acme, &third, ("code", &code)).await;
    assert_eq!(early.problem(), (429, "too_many_attempts"));
    world.clock.advance(TimeDelta::seconds(30));
    let code = app.code(&world, 0);
    let in_time = world.answer(&acme, &third, ("code", &code)).await;
    in_time.expect(200);

    // Five wrong recovery codes use a challenge up.
    let challenge = world.challenge(&acme, "acme@example.com").await;
    for _ in 0..5 {
        let given = ("recovery_code", "0000-0000-0000-0000");
        let answer = world.answer(&acme, &challenge, given).await;
        assert_eq!(answer.problem(), REFUSED);
    }
    let given = ("recovery_code", codes[0].as_str());
    let after = world.answer(&acme, &challenge, given).await;
    assert_eq!(after.problem(), (401, "challenge_expired"));
    world.close().await;
}

#[tokio::test]
async fn who_has_none_sets_one_up_where_the_organization_demands_it() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    world.rule(&acme, "require_second_factor = true").await;
    let asked = world.login(acme.id, "acme@example.com", PASSWORD).await;
    let asked = asked.expect(202);
    assert_eq!(asked.body["methods"], json!([]));
    assert_eq!(asked.body["enroll"], true);
    let challenge = asked.text("challenge");
    let nothing = world.answer(&acme, &challenge, ("code", "123456")).await;
    assert_eq!(nothing.problem(), REFUSED);

    let body = json!({"challenge": challenge});
    let enroll = || {
        let call = world.post("/api/v1/auth/second-factor/enroll", &body);
        call.at(acme.id).send()
    };
    let begun = enroll().await.expect(200);
    let app = App::scan(&begun.body["totp"]["uri"]);
    let codes: Vec<String> = serde_json::from_value(begun.body["recovery_codes"].clone()).unwrap();
    // Not before the app has shown that it works.
    let early = ("recovery_code", codes[0].as_str());
    let early = world.answer(&acme, &challenge, early).await;
    assert_eq!(early.problem(), REFUSED);
    let code = app.code(&world, 0);
    let session = world.answer(&acme, &challenge, ("code", &code)).await;
    let session = session.expect(200);
    let renewed = world.refresh(acme.id, &session.text("refresh_token")).await;
    renewed.expect(200);

    let challenge = world.challenge(&acme, "acme@example.com").await;
    let body = json!({"challenge": challenge});
    let call = world.post("/api/v1/auth/second-factor/enroll", &body);
    let again = call.at(acme.id).send().await;
    assert_eq!(again.problem(), (409, "second_factor_exists"));
    let given = ("recovery_code", codes[0].as_str());
    world.answer(&acme, &challenge, given).await.expect(200);
    world.close().await;
}

#[tokio::test]
async fn session_without_second_factor_ends_at_its_refresh_once_one_is_demanded() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    world.totp(&zeta).await;
    world.rule(&acme, "require_second_factor = true").await;
    world.rule(&zeta, "require_second_factor = true").await;
    let refused = world.refresh(acme.id, &acme.refresh_token).await;
    assert_eq!(refused.problem(), (401, "second_factor_required"));
    assert_eq!(world.events().await.last().unwrap(), "session.revoked");
    world.rule(&acme, "require_second_factor = false").await;
    let over = world.refresh(acme.id, &acme.refresh_token).await;
    assert_eq!(over.problem(), (401, "invalid_refresh_token"));
    // That one set its app up inside the session, and proved it with that.
    world
        .refresh(zeta.id, &zeta.refresh_token)
        .await
        .expect(200);
    world.close().await;
}

#[tokio::test]
async fn sign_up_and_invitation_do_not_get_around_the_second_factor() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let (app, _) = world.totp(&acme).await;
    let token = world.invite(&zeta, "acme@example.com", "member").await;
    let body = json!({"token": token, "password": PASSWORD});
    let call = world.post("/api/v1/invitations/accept", &body).at(zeta.id);
    let accepted = call.send().await.expect(202);
    assert!(accepted.body.get("access_token").is_none());
    let code = app.code(&world, 0);
    let challenge = accepted.text("challenge");
    world
        .answer(&zeta, &challenge, ("code", &code))
        .await
        .expect(200);

    let body = crate::world::sign_up("second", "acme@example.com");
    let second = world.post("/api/v1/organizations", &body).send().await;
    let second = second.expect(201);
    assert!(second.body.get("session").is_none(), "{second:?}");
    assert_eq!(second.body["second_factor"]["enroll"], false);

    // A new member of an organization that demands one begins with setting it up.
    world.rule(&zeta, "require_second_factor = true").await;
    let token = world.invite(&zeta, "grace@example.com", "member").await;
    let body = json!({"token": token, "name": "Grace", "password": PASSWORD});
    let call = world.post("/api/v1/invitations/accept", &body).at(zeta.id);
    assert_eq!(call.send().await.expect(202).body["enroll"], true);
    world.close().await;
}

#[tokio::test]
async fn personal_token_of_who_lacks_a_demanded_second_factor_opens_nothing() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let body = json!({
        "name": "nightly export",
        "scopes": ["task:read"],
        "expires_at": world.clock.now() + TimeDelta::days(30),
    });
    let made = world.post("/api/v1/tokens", &body).at(acme.id);
    let made = made.bearer(&acme.owner).send().await.expect(201);
    let body = json!({"token": made.text("token")});
    let exchange = || {
        let call = world.post("/internal/v1/tokens/exchange", &body);
        call.at(acme.id).send()
    };
    world.rule(&acme, "require_second_factor = true").await;
    assert_eq!(exchange().await.problem(), (401, "token_refused"));
    world.totp(&acme).await;
    exchange().await.expect(200);
    world.close().await;
}

#[tokio::test]
async fn organization_without_passwords_refuses_right_and_wrong_ones_alike() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    world.rule(&acme, "password_sign_in = false").await;
    for password in [PASSWORD, "wrong horse battery"] {
        let answer = world.login(acme.id, "acme@example.com", password).await;
        assert_eq!(answer.problem(), (403, "sign_in_method_refused"));
    }
    let token = {
        world.rule(&acme, "password_sign_in = true").await;
        world.invite(&acme, "grace@example.com", "member").await
    };
    world.rule(&acme, "password_sign_in = false").await;
    let body = json!({"token": token, "name": "Grace", "password": PASSWORD});
    let call = world.post("/api/v1/invitations/accept", &body).at(acme.id);
    let refused = call.send().await;
    assert_eq!(refused.problem(), (403, "sign_in_method_refused"));
    assert_eq!(world.count("users where name = 'Grace'").await, 0);
    world.close().await;
}

#[tokio::test]
async fn factors_change_only_for_who_proves_again_to_be_the_owner() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let (app, codes) = world.totp(&acme).await;
    let ask = async |method: Method, path: &str, body: Value| {
        let call = world.call(method, path).json(&body);
        call.at(acme.id).bearer(&acme.owner).send().await
    };
    let totp = "/api/v1/auth/totp";
    for path in [totp, "/api/v1/auth/recovery-codes"] {
        let bare = ask(Method::POST, path, json!({})).await;
        assert_eq!(bare.problem(), (403, "confirmation_required"));
    }
    let wrong = json!({"password": "wrong horse battery"});
    let wrong = ask(Method::DELETE, totp, wrong).await;
    assert_eq!(wrong.problem(), (403, "confirmation_refused"));
    let twice = ask(Method::POST, totp, json!({"password": PASSWORD})).await;
    assert_eq!(twice.problem(), (409, "totp_exists"));

    let body = json!({"code": app.code(&world, 0)});
    let renewed = ask(Method::POST, "/api/v1/auth/recovery-codes", body).await;
    let renewed = renewed.expect(200).body["recovery_codes"].clone();
    let challenge = world.challenge(&acme, "acme@example.com").await;
    let old = ("recovery_code", codes[0].as_str());
    assert_eq!(
        world.answer(&acme, &challenge, old).await.problem(),
        REFUSED
    );

    world.rule(&acme, "require_second_factor = true").await;
    let code = json!({"recovery_code": renewed[0]});
    let demanded = ask(Method::DELETE, totp, code).await;
    assert_eq!(demanded.problem(), (409, "second_factor_demanded"));
    world.rule(&acme, "require_second_factor = false").await;
    let password = json!({"password": PASSWORD});
    ask(Method::DELETE, totp, password).await.expect(204);
    let code = json!({"recovery_code": renewed[1]});
    let none = ask(Method::DELETE, totp, code).await;
    assert_eq!(none.problem(), (403, "confirmation_refused"));
    assert_eq!(world.count("recovery_codes").await, 0);
    let open = world.login(acme.id, "acme@example.com", PASSWORD).await;
    open.expect(200);
    assert_eq!(
        world.count("audit_events where action in ('totp.enrolled', 'totp.removed', 'recovery_codes.replaced')").await,
        3
    );
    world.close().await;
}

#[tokio::test]
async fn secret_is_sealed_and_never_shown_again() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let (app, _) = world.totp(&acme).await;
    let secret = app.0.secret().as_bytes();
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let stored =
        format!("totp_devices where position('{hex}' in encode(sealed_secret, 'hex')) > 0");
    assert_eq!(world.count("totp_devices").await, 1);
    assert_eq!(world.count(&stored).await, 0);
    let factors = world.get("/api/v1/auth/second-factors").at(acme.id);
    let factors = factors.bearer(&acme.owner).send().await.expect(200);
    assert!(
        !factors
            .body
            .to_string()
            .contains(&app.0.secret().to_base32())
    );
    assert!(factors.body["totp_since"].is_string());
    world.close().await;
}

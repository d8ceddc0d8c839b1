//! Forgotten and changed passwords.

use std::time::{Duration, Instant};

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use chrono::TimeDelta;
use futures::future::join_all;
use sea_orm::sqlx;
use serde_json::json;

use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

const NEW: &str = "tyger tyger burning";

async fn forgot(world: &World, at: &Organization, email: &str) -> Answer {
    let body = json!({"email": email});
    let call = world.post("/api/v1/auth/forgot-password", &body).at(at.id);
    call.send().await
}

async fn reset(world: &World, at: &Organization, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "password": password});
    let call = world.post("/api/v1/auth/reset-password", &body).at(at.id);
    call.send().await
}

async fn check(world: &World, at: &Organization, token: &str) -> Answer {
    let path = "/api/v1/auth/validate-forgot-password-token";
    let call = world.post(path, &json!({"token": token})).at(at.id);
    call.send().await
}

/// A link by mail.
async fn link(world: &World, at: &Organization, email: &str) -> String {
    forgot(world, at, email).await.expect(202);
    world.letters().await;
    world.token_of_newest_mail(email).await
}

#[tokio::test]
async fn forgotten_password_is_replaced_by_mail_and_all_sessions_end() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let zeta = world.organization("zeta").await;
    let invited = world.invite(&zeta, "acme@example.com", "member").await;
    let body = json!({"token": invited, "password": PASSWORD});
    let call = world.post("/api/v1/invitations/accept", &body).at(zeta.id);
    let elsewhere = call.send().await.expect(200).text("refresh_token");

    let token = link(&world, &acme, "acme@example.com").await;
    check(&world, &acme, &token).await.expect(204);
    let path = format!("/api/v1/auth/validate-forgot-password-token?token={token}");
    world.get(&path).at(acme.id).send().await.expect(204);
    let answer = reset(&world, &acme, &token, NEW).await.expect(204);
    assert!(answer.body.is_null(), "signs nobody in: {answer:?}");

    let old = world.login(acme.id, "acme@example.com", PASSWORD).await;
    assert_eq!(old.problem(), (401, "invalid_credentials"));
    for (tenant, refresh_token) in [(acme.id, &acme.refresh_token), (zeta.id, &elsewhere)] {
        let answer = world.refresh(tenant, refresh_token).await;
        assert_eq!(answer.problem(), (401, "invalid_refresh_token"));
    }
    let told = "outbox where type = 'session.revoked'";
    assert_eq!(world.count(told).await, 2);
    world
        .login(acme.id, "acme@example.com", NEW)
        .await
        .expect(200);

    // The mailbox was read, so the address is proved; its owner is told.
    let proved = "users where email = 'acme@example.com' and email_verified_at is not null";
    assert_eq!(world.count(proved).await, 1);
    let told = world.subjects("acme@example.com").await;
    assert!(
        told.contains(&"Your password was changed".to_owned()),
        "{told:?}"
    );
    let audited = "audit_events where action = 'password.reset' and succeeded";
    assert_eq!(world.count(audited).await, 1);
    world.close().await;
}

#[tokio::test]
async fn reset_that_proves_the_address_leaves_no_other_way_in() {
    let world = World::new().await;
    let count = async |kept: i64| {
        for table in [
            "totp_devices",
            "recovery_codes",
            "passkeys",
            "external_identities",
        ] {
            let left = world.count(table).await;
            assert_eq!(left.min(1), kept, "{table}");
        }
    };
    // Somebody made an account in another's name, and ways into it.
    let acme = world.organization("acme").await;
    world.totp(&acme).await;
    world.passkey(&acme, "acme").await;
    let linked = "insert into external_identities (provider, subject, user_id, linked_at)
                  select 'google', 'subject', id, now() from users";
    world.alter(linked).await;
    count(1).await;
    let token = link(&world, &acme, "acme@example.com").await;
    reset(&world, &acme, &token, "brand new horse battery")
        .await
        .expect(204);
    count(0).await;
    let entered = world.login(acme.id, "acme@example.com", "brand new horse battery");
    entered.await.expect(200);

    // By now the address is proved: who reads the mail is no more than that, and second factors stay.
    let device = "insert into totp_devices (user_id, sealed_secret, confirmed_at, created_at)
                  select id, 'sealed', now(), now() from users";
    world.alter(device).await;
    let token = link(&world, &acme, "acme@example.com").await;
    reset(&world, &acme, &token, "another new horse battery")
        .await
        .expect(204);
    assert_eq!(world.count("totp_devices").await, 1);
    world.close().await;
}

#[tokio::test]
async fn reset_tokens_are_good_once_for_an_hour_and_on_their_host() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let zeta = world.organization("zeta").await;
    let older = link(&world, &acme, "acme@example.com").await;
    let token = link(&world, &acme, "acme@example.com").await;
    let refused = |answer: Answer| assert_eq!(answer.problem(), (400, "invalid_token"));
    refused(check(&world, &acme, &older).await);
    refused(reset(&world, &acme, &older, NEW).await);
    refused(reset(&world, &zeta, &token, NEW).await);
    refused(reset(&world, &acme, "guessed", NEW).await);
    let weak = reset(&world, &acme, &token, "password123").await;
    assert_eq!(weak.problem(), (422, "validation_failed"));

    // Of many at once one is taken.
    let both = join_all((0..4).map(|_| reset(&world, &acme, &token, NEW))).await;
    let taken = both.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(taken, 1, "{both:?}");
    refused(check(&world, &acme, &token).await);

    let token = link(&world, &acme, "acme@example.com").await;
    world.clock.advance(TimeDelta::minutes(60));
    refused(reset(&world, &acme, &token, NEW).await);
    let stored = format!("one_time_tokens where payload::text like '%{token}%'");
    assert_eq!(world.count(&stored).await, 0);
    world.close().await;
}

#[tokio::test]
async fn only_members_of_the_organization_get_a_link() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    world.organization("zeta").await;
    let letters = world.count("mail_queue").await;
    for email in ["nobody@example.com", "zeta@example.com"] {
        forgot(&world, &acme, email).await.expect(202);
    }
    world
        .alter("update users set active = false where email = 'acme@example.com'")
        .await;
    forgot(&world, &acme, "acme@example.com").await.expect(202);
    world.letters().await;
    assert_eq!(world.count("mail_queue").await, letters);
    // Nothing is kept of who is not known, either.
    assert_eq!(world.count("letters").await, 0);
    world.close().await;
}

#[tokio::test]
async fn asking_elsewhere_uses_no_letters_up() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let globex = world.organization("globex").await;
    let grace = "grace@example.com";
    world.member(&acme, grace, "member").await;
    let ask = async |at: &Organization, net: u8| {
        let address = format!("10.7.{net}.1");
        let call = world.post("/api/v1/auth/forgot-password", &json!({"email": grace}));
        let asked = call.at(at.id).from(&address).send().await;
        asked.expect(202);
    };
    // Whoever has an organization asks there for somebody else.
    for net in 0..10 {
        ask(&globex, net).await;
    }
    world.letters().await;
    let mails = format!("mail_queue where recipient = '{grace}'");
    let before = world.count(&mails).await;
    ask(&acme, 20).await;
    world.letters().await;
    assert_eq!(world.count(&mails).await, before + 1);
    // Also where mails came of it: each organization has its own.
    world.member(&globex, grace, "member").await;
    for net in 0..10 {
        ask(&globex, net).await;
    }
    world.letters().await;
    let before = world.count(&mails).await;
    ask(&acme, 21).await;
    world.letters().await;
    assert_eq!(world.count(&mails).await, before + 1);
    world.close().await;
}

#[tokio::test]
async fn who_is_invited_may_choose_a_password_first() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    world.organization("zeta").await;
    world.invite(&acme, "zeta@example.com", "member").await;
    let token = link(&world, &acme, "zeta@example.com").await;
    reset(&world, &acme, &token, NEW).await.expect(204);
    // Once the invitation is over there is none.
    world.clock.advance(TimeDelta::days(7));
    let mails = world.count("mail_queue").await;
    forgot(&world, &acme, "zeta@example.com").await.expect(202);
    world.letters().await;
    assert_eq!(world.count("mail_queue").await, mails);
    world.close().await;
}

#[tokio::test]
async fn new_password_ends_what_the_old_one_began() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let (app, _) = world.totp(&acme).await;
    let challenge = world.challenge(&acme, "acme@example.com").await;
    let body = json!({"current_password": PASSWORD, "new_password": NEW});
    let change = world.put("/api/v1/auth/password", &body).at(acme.id);
    change.bearer(&acme.owner).send().await.expect(204);
    let code = app.code(&world, 0);
    let answer = world.answer(&acme, &challenge, ("code", &code)).await;
    assert_eq!(answer.problem(), (401, "challenge_expired"));
    world.close().await;
}

#[tokio::test]
async fn password_that_is_changed_while_it_is_checked_opens_nothing() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sessions = world.count("sessions").await;
    let invited = world.organization("zeta").await;
    let token = world.invite(&invited, "acme@example.com", "member").await;
    for way in ["login", "organizations", "accept"] {
        let mut changing = world.meanwhile().await;
        let change = "update users set password_hash = password_hash || '0'
                      where email = 'acme@example.com'";
        sqlx::query(change).execute(&mut *changing).await.unwrap();
        let credentials = json!({"email": "acme@example.com", "password": PASSWORD});
        let signing_in = async {
            match way {
                "login" => world.login(acme.id, "acme@example.com", PASSWORD).await,
                "organizations" => {
                    let path = "/api/v1/auth/organizations";
                    world.post(path, &credentials).send().await
                }
                _ => {
                    let body = json!({"token": token, "password": PASSWORD});
                    let call = world.post("/api/v1/invitations/accept", &body);
                    call.at(invited.id).send().await
                }
            }
        };
        let committing = async {
            world.waiting(1).await;
            changing.commit().await.unwrap();
        };
        let (answer, ()) = tokio::join!(signing_in, committing);
        assert_eq!(answer.problem(), (401, "invalid_credentials"), "{way}");
        let back = "update users set password_hash = left(password_hash, -1)
                    where email = 'acme@example.com'";
        world.alter(back).await;
    }
    assert_eq!(world.count("sessions").await, sessions + 1);
    assert_eq!(
        world
            .count("one_time_tokens where purpose = 'ticket'")
            .await,
        0
    );
    let joined = world.login(invited.id, "acme@example.com", PASSWORD).await;
    assert_eq!(joined.problem(), (401, "invalid_credentials"));
    world.close().await;
}

#[tokio::test]
async fn asking_leaves_the_same_behind_for_every_address() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let mut seen = Vec::new();
    for email in ["acme@example.com", "nobody@example.com"] {
        let (letters, mails) = (
            world.count("letters").await,
            world.count("mail_queue").await,
        );
        let tokens = world.count("one_time_tokens").await;
        let mut answer = forgot(&world, &acme, email).await;
        answer.headers.remove("x-request-id");
        let left = (
            world.count("letters").await - letters,
            world.count("mail_queue").await - mails,
            world.count("one_time_tokens").await - tokens,
        );
        seen.push((answer.status, answer.headers, answer.body, left));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].3, (1, 0, 0));
    world.close().await;
}

/// Medians of two calls, made in turns.
async fn medians<A, B>(rounds: usize, known: A, unknown: B) -> (Duration, Duration)
where
    A: AsyncFn(usize),
    B: AsyncFn(usize),
{
    let (mut of_known, mut of_unknown) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let start = Instant::now();
        known(round).await;
        of_known.push(start.elapsed());
        let start = Instant::now();
        unknown(round).await;
        of_unknown.push(start.elapsed());
    }
    of_known.sort();
    of_unknown.sort();
    (of_known[rounds / 2], of_unknown[rounds / 2])
}

#[track_caller]
fn assert_alike(what: &str, (known, unknown): (Duration, Duration)) {
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    assert!(
        (0.75..1.33).contains(&ratio),
        "{what}: {known:?} and {unknown:?}"
    );
}

#[tokio::test]
async fn time_tells_nothing_about_an_address() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    world
        .alter("update organizations set allowed_email_domains = '{example.com}'")
        .await;
    let ask = async |path: &str, body: serde_json::Value, round: usize, net: u8| {
        let address = format!("10.{net}.{}.{}", round / 250, round % 250);
        let call = world.post(path, &body).at(acme.id).from(&address);
        call.send().await.status.as_u16()
    };
    for path in ["/api/v1/auth/forgot-password", "/api/v1/auth/register"] {
        let of = |email: &str| match path {
            "/api/v1/auth/register" => json!({"email": email, "name": "Somebody"}),
            _ => json!({"email": email}),
        };
        let (known, unknown) = (of("acme@example.com"), of("nobody@example.com"));
        let medians = medians(
            150,
            async |round| assert_eq!(ask(path, known.clone(), round, 1).await, 202),
            async |round| assert_eq!(ask(path, unknown.clone(), round, 2).await, 202),
        );
        assert_alike(path, medians.await);
    }
    let path = "/api/v1/auth/login";
    let of = |email: &str| json!({"email": email, "password": "wrong horse battery"});
    let medians = medians(
        40,
        async |round| assert_eq!(ask(path, of("acme@example.com"), round, 3).await, 401),
        async |round| assert_eq!(ask(path, of("nobody@example.com"), round, 4).await, 401),
    );
    assert_alike(path, medians.await);
    world.close().await;
}

#[tokio::test]
async fn letters_to_one_address_have_an_end() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let ask = async |from: &str| {
        let body = json!({"email": "acme@example.com"});
        let call = world
            .post("/api/v1/auth/forgot-password", &body)
            .at(acme.id);
        call.from(from).send().await.status.as_u16()
    };
    for _ in 0..5 {
        assert_eq!(ask("192.0.2.1").await, 202);
    }
    assert_eq!(ask("192.0.2.1").await, 429);
    // From many addresses: each is let, but the mailbox gets no more.
    for n in 0..5 {
        assert_eq!(ask(&format!("198.51.100.{n}")).await, 202);
    }
    world.letters().await;
    let subject = "A new password for Tenantry".to_owned();
    let sent = world.subjects("acme@example.com").await;
    assert_eq!(sent.iter().filter(|sent| **sent == subject).count(), 5);
    world.close().await;
}

#[tokio::test]
async fn changing_a_password_ends_the_other_sessions() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let other = world.login(acme.id, "acme@example.com", PASSWORD).await;
    let other = other.expect(200).text("refresh_token");
    let change = async |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        let call = world.put("/api/v1/auth/password", &body).at(acme.id);
        call.bearer(&acme.owner).send().await
    };
    let token = link(&world, &acme, "acme@example.com").await;
    let wrong = change("wrong horse battery", NEW).await;
    assert_eq!(wrong.problem(), (403, "wrong_password"));
    assert_eq!(change(PASSWORD, PASSWORD).await.problem().0, 422);
    assert_eq!(change(PASSWORD, "password123").await.problem().0, 422);
    change(PASSWORD, NEW).await.expect(204);

    let ended = world.refresh(acme.id, &other).await;
    assert_eq!(ended.problem(), (401, "invalid_refresh_token"));
    world
        .refresh(acme.id, &acme.refresh_token)
        .await
        .expect(200);
    world
        .login(acme.id, "acme@example.com", NEW)
        .await
        .expect(200);
    // A link that was sent before is void.
    let late = reset(&world, &acme, &token, PASSWORD).await;
    assert_eq!(late.problem(), (400, "invalid_token"));
    let told = world.subjects("acme@example.com").await;
    assert!(
        told.contains(&"Your password was changed".to_owned()),
        "{told:?}"
    );
    world.close().await;
}

#[tokio::test]
async fn a_stolen_session_does_not_guess_the_password() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    for guess in 0..11 {
        let body = json!({"current_password": "wrong horse battery", "new_password": NEW});
        let call = world.put("/api/v1/auth/password", &body).at(acme.id);
        let call = call.bearer(&acme.owner).from("192.0.2.50");
        let expected = if guess < 10 { 403 } else { 429 };
        call.send().await.expect(expected);
    }
    world.close().await;
}

#[tokio::test]
async fn weaker_hashes_are_replaced_at_sign_in() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let params = argon2::Params::new(4096, 1, 1, None).unwrap();
    let version = argon2::Version::V0x13;
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, version, params);
    let weak: PasswordHash = argon2.hash_password(PASSWORD.as_bytes()).unwrap();
    world
        .alter(&format!("update users set password_hash = '{weak}'"))
        .await;
    let strong = "users where password_hash like '$argon2id$v=19$m=19456,t=2,p=1$%'";

    let wrong = world
        .login(acme.id, "acme@example.com", "wrong horse battery")
        .await;
    assert_eq!(wrong.problem(), (401, "invalid_credentials"));
    assert_eq!(world.count(strong).await, 0);
    for _ in 0..2 {
        world
            .login(acme.id, "acme@example.com", PASSWORD)
            .await
            .expect(200);
        assert_eq!(world.count(strong).await, 1);
    }
    world.close().await;
}

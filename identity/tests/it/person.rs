//! What people ask of their data: a copy of all of it, or its end.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use axum::http::Method;
use chrono::TimeDelta;
use image::ImageFormat;
use kernel::TenantId;
use sea_orm::sqlx::{self, AssertSqlSafe, Row};
use serde_json::{Value, json};

use crate::avatar::{picture, served};
use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

const NAME: &str = "Zebulon Quartermaine";
const EMAIL: &str = "zebulon@example.com";
/// The address he asked to have.
const WISHED: &str = "zq@elsewhere.example";

/// A member under the name that the tests look for.
async fn zebulon(world: &World, organization: &Organization, role: &str) -> String {
    let token = world.invite(organization, EMAIL, role).await;
    let body = json!({"token": token, "name": NAME, "password": PASSWORD});
    let call = world.post("/api/v1/invitations/accept", &body);
    let session = call.at(organization.id).send().await.expect(200);
    session.text("access_token")
}

async fn erase(world: &World, at: TenantId, token: &str, body: &Value) -> Answer {
    let call = world.post("/api/v1/auth/erase", body).at(at);
    call.bearer(token).send().await
}

async fn report(world: &World, at: TenantId, receipt: &str) -> Value {
    let body = json!({"receipt": receipt});
    let call = world.post("/api/v1/auth/erase/report", &body).at(at);
    call.send().await.expect(200).body
}

async fn work(world: &World) {
    identity::person::job::work_off(&world.identity)
        .await
        .unwrap();
}

/// Columns of the database, with the bytes in them, that hold a text.
async fn traces(world: &World, text: &str) -> Vec<String> {
    let mut session = world.meanwhile().await;
    let columns = "select c.table_name::text, c.column_name::text from information_schema.columns c
        join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = 'public' and t.table_type = 'BASE TABLE'";
    let columns = sqlx::query(columns).fetch_all(&mut *session).await.unwrap();
    let mut found = Vec::new();
    for column in columns {
        let (table, name): (String, String) = (column.get(0), column.get(1));
        let sql = format!(
            "select count(*) from {table} where {name}::text ilike $1
             or case when pg_typeof({name}) = 'bytea'::regtype
                then strpos({name}::text, encode($2::text::bytea, 'hex')) > 0 else false end"
        );
        let count = sqlx::query_scalar(AssertSqlSafe(sql));
        let count = count.bind(format!("%{text}%")).bind(text);
        let count: i64 = count.fetch_one(&mut *session).await.unwrap();
        if count > 0 {
            found.push(format!("{table}.{name}"));
        }
    }
    found
}

#[tokio::test]
async fn erasure_waits_for_every_service_and_leaves_no_trace() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let token = zebulon(&world, &acme, "admin").await;
    let file = picture(8, 8, ImageFormat::Png);
    let call = world.call(Method::PUT, "/api/v1/auth/avatar").at(acme.id);
    let call = call.bearer(&token).file("image/png", &file);
    call.send().await.expect(200);
    // In both organizations, with an invitation of his own making and one that he never answered.
    let invitation = world.invite(&zeta, EMAIL, "member").await;
    let body = json!({"token": invitation, "password": PASSWORD});
    let call = world.post("/api/v1/invitations/accept", &body).at(zeta.id);
    let elsewhere = call.send().await.expect(200).text("access_token");
    let third = world.organization("third").await;
    let _ = world.invite(&third, EMAIL, "viewer").await;
    let body = json!({"email": "friend@example.com", "role": "member"});
    let call = world.post("/api/v1/invitations", &body).at(acme.id);
    let call = call.bearer(&token).header("idempotency-key", "once");
    call.send().await.expect(201);
    let body = json!({"email": WISHED, "password": PASSWORD});
    let call = world.post("/api/v1/auth/change-email", &body).at(acme.id);
    call.bearer(&token).send().await.expect(202);
    world.letters().await;
    let body = json!({"email": EMAIL});
    let call = world.post("/api/v1/auth/forgot-password", &body);
    call.at(acme.id).send().await.expect(202);
    let registration = format!(
        "insert into one_time_tokens (token_hash, purpose, payload, expires_at)
         values (sha256('registration'), 'register', '{{\"email\": \"{EMAIL}\", \"name\": \"{NAME}\"}}', now())"
    );
    world.alter(&registration).await;
    for seen in [NAME, EMAIL, WISHED] {
        let found = traces(&world, seen).await;
        assert!(found.len() >= 2, "the scan finds what is there: {found:?}");
    }

    world.resolver.claims().keepers_down = true;
    let begun = erase(&world, acme.id, &token, &json!({"password": PASSWORD})).await;
    let receipt = begun.expect(202).text("receipt");
    for (tenant, token) in [(acme.id, &token), (zeta.id, &elsewhere)] {
        let me = world.get("/api/v1/auth/me").at(tenant).bearer(token);
        me.send().await.expect(401);
    }
    let refused = world.login(acme.id, EMAIL, PASSWORD).await;
    assert_eq!(refused.problem(), (401, "invalid_credentials"));
    work(&world).await;
    let waiting = report(&world, acme.id, &receipt).await;
    assert_eq!(
        (&waiting["status"], &waiting["report"]),
        (&json!("waiting"), &Value::Null)
    );

    world.resolver.claims().keepers_down = false;
    world.clock.advance(TimeDelta::minutes(10));
    work(&world).await;
    let done = report(&world, acme.id, &receipt).await;
    assert_eq!(done["status"], "done", "{done}");
    for tenant in [acme.id, zeta.id] {
        let answers = &done["report"]["organizations"][tenant.to_string()];
        for service in ["project-svc", "shortener", "analytics"] {
            assert_eq!(answers[service], json!({"forgotten": true}), "{done}");
        }
    }
    assert_eq!(done["report"]["identity"]["accounts"], 1, "{done}");
    for gone in [NAME, EMAIL, WISHED] {
        assert_eq!(traces(&world, gone).await, Vec::<String>::new(), "{gone}");
    }
    assert_eq!(world.count("avatars").await, 0);
    let kept = "audit_events where action = 'account.erased' and address is null";
    assert_eq!(world.count(kept).await, 2);
    let acts = "audit_events where action = 'session.opened' and address is null";
    assert!(
        world.count(acts).await >= 2,
        "that it was done stays, from where does not"
    );
    let events = world.events().await;
    assert_eq!(
        events.iter().filter(|kind| *kind == "member.left").count(),
        2
    );
    // The others are as they were.
    world
        .login(acme.id, "acme@example.com", PASSWORD)
        .await
        .expect(200);
    world.close().await;
}

#[tokio::test]
async fn last_owner_cannot_go_and_is_told_where() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let body = json!({"password": PASSWORD});
    let refused = erase(&world, acme.id, &acme.owner, &body).await;
    assert_eq!(refused.problem(), (409, "last_owner"));
    assert_eq!(refused.body["errors"][0]["detail"], "The acme company");
    assert_eq!(world.count("person_requests").await, 0);
    let me = world.get("/api/v1/auth/me").at(acme.id).bearer(&acme.owner);
    me.send().await.expect(200);
    let _ = zebulon(&world, &acme, "owner").await;
    erase(&world, acme.id, &acme.owner, &body).await.expect(202);
    world.close().await;
}

#[tokio::test]
async fn two_owners_who_go_at_once_leave_one() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let other = zebulon(&world, &acme, "owner").await;
    let body = json!({"password": PASSWORD});
    let (one, two) = tokio::join!(
        erase(&world, acme.id, &acme.owner, &body),
        erase(&world, acme.id, &other, &body),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409], "{one:?} {two:?}");
    world.close().await;
}

#[tokio::test]
async fn erasure_asks_for_the_password_and_for_the_second_factor() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let token = zebulon(&world, &acme, "member").await;
    let right = json!({"password": PASSWORD});
    let wrong = erase(
        &world,
        acme.id,
        &token,
        &json!({"password": "not the password"}),
    )
    .await;
    assert_eq!(wrong.problem(), (403, "wrong_password"));
    let none = erase(&world, acme.id, &token, &json!({})).await;
    assert_eq!(none.problem(), (422, "validation_failed"));
    let factor = format!(
        "insert into totp_devices (user_id, sealed_secret, confirmed_at)
         select id, 'x', now() from users where email = '{EMAIL}'"
    );
    world.alter(&factor).await;
    let copy = || world.post("/api/v1/auth/export", &json!({})).at(acme.id);
    world
        .alter("update sessions set method = 'own_provider'")
        .await;
    let confined = erase(&world, acme.id, &token, &right).await;
    assert_eq!(confined.problem(), (403, "session_confined"));
    let confined = copy().bearer(&token).send().await;
    assert_eq!(confined.problem(), (403, "session_confined"));
    world.alter("update sessions set method = 'password'").await;
    let half = erase(&world, acme.id, &token, &right).await;
    assert_eq!(half.problem(), (403, "second_factor_required"));
    world
        .alter("update sessions set second_factor = true")
        .await;
    erase(&world, acme.id, &token, &right).await.expect(202);
    world.close().await;
}

async fn export(world: &World, at: TenantId, token: &str) -> String {
    let call = world.post("/api/v1/auth/export", &json!({})).at(at);
    call.bearer(token).send().await.expect(202).text("id")
}

async fn archive(world: &World, at: TenantId, token: &str, id: &str) -> Answer {
    let call = world.call(Method::GET, &format!("/api/v1/auth/export/{id}/archive"));
    call.at(at).bearer(token).send().await
}

/// The files of an archive.
fn unzip(bytes: &[u8]) -> BTreeMap<String, Value> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        let value = match name.ends_with(".json") {
            true => serde_json::from_slice(&content).unwrap(),
            false => json!({ "bytes": content }),
        };
        files.insert(name, value);
    }
    files
}

#[tokio::test]
async fn export_holds_what_every_service_keeps_and_no_secret() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let token = zebulon(&world, &acme, "member").await;
    let picture = picture(8, 8, ImageFormat::Jpeg);
    let call = world.call(Method::PUT, "/api/v1/auth/avatar").at(acme.id);
    let call = call.bearer(&token).file("image/jpeg", &picture);
    call.send().await.expect(200);
    let id = export(&world, acme.id, &token).await;
    let early = archive(&world, acme.id, &token, &id).await;
    assert_eq!(early.problem(), (409, "export_not_ready"));
    assert_eq!(export(&world, acme.id, &token).await, id, "one at a time");
    work(&world).await;
    let call = world.get(&format!("/api/v1/auth/export/{id}")).at(acme.id);
    let shown = call.bearer(&token).send().await.expect(200).body;
    assert_eq!(shown["status"], "done", "{shown}");

    let answer = archive(&world, acme.id, &token, &id).await.expect(200);
    assert_eq!(answer.headers["content-type"], "application/zip");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let files = unzip(&answer.raw);
    assert_eq!(files["identity/users.id.json"][0]["email"], EMAIL);
    assert_eq!(files["identity/users.id.json"][0]["name"], NAME);
    assert!(
        files.contains_key("identity/sessions.user_id.json"),
        "{:?}",
        files.keys()
    );
    assert!(files.contains_key("identity/security_events.json"));
    assert_eq!(
        files["identity/avatar.png"]["bytes"],
        json!(served(&world, &acme, &token).await)
    );
    for service in ["project-svc", "shortener", "analytics"] {
        let kept = &files[&format!("{}/{service}.json", acme.id)];
        assert_eq!(kept.as_array().unwrap().len(), 3, "all pages of {service}");
    }
    let all = serde_json::to_string(&files).unwrap();
    for secret in ["argon2", "password_hash", "token_hash", "sealed"] {
        assert!(!all.contains(secret), "{secret}");
    }
    world.clock.advance(TimeDelta::days(7));
    let late = archive(&world, acme.id, &token, &id).await;
    assert!([401, 404].contains(&late.status.as_u16()), "{late:?}");
    identity::jobs::forget(&world.identity).await.unwrap();
    assert_eq!(world.count("person_requests").await, 0);
    world.close().await;
}

#[tokio::test]
async fn export_is_for_its_person_where_it_was_asked_for() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let token = zebulon(&world, &acme, "member").await;
    let invitation = world.invite(&zeta, EMAIL, "member").await;
    let body = json!({"token": invitation, "password": PASSWORD});
    let call = world.post("/api/v1/invitations/accept", &body).at(zeta.id);
    let elsewhere = call.send().await.expect(200).text("access_token");
    world
        .alter("update organizations set switch_without_password = false where subdomain = 'zeta'")
        .await;
    let id = export(&world, acme.id, &token).await;
    work(&world).await;
    archive(&world, zeta.id, &elsewhere, &id).await.expect(404);
    archive(&world, acme.id, &acme.owner, &id).await.expect(404);
    let files = unzip(&archive(&world, acme.id, &token, &id).await.expect(200).raw);
    assert_eq!(files["index.json"]["left_out"], json!([zeta.id]));
    assert!(
        !files
            .keys()
            .any(|name| name.starts_with(&zeta.id.to_string()))
    );
    world.close().await;
}

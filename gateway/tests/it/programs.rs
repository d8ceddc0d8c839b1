use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chrono::TimeDelta;
use events::topic::session::SessionRevoked;
use events::topic::user::UserPermissionChanged;
use http::StatusCode;
use httpkit::tokens::Via;
use kernel::{Clock, Ids, Permissions, Role, SessionId, UserId};
use serde_json::{Value, json};
use testkit::{eventually, setting};

use crate::news::{publish, publish_of};
use crate::support::{ACME, Answer, Door, claims, config, signer, tenant};

/// Programs that identity of the tests knows by their personal tokens, and what it does with them.
#[derive(Clone, Default)]
pub(crate) struct Programs {
    pub(crate) away: Arc<AtomicBool>,
    pub(crate) asked: Arc<AtomicUsize>,
    known: Arc<Mutex<HashMap<String, Program>>>,
}

#[derive(Clone, Copy)]
struct Program {
    id: SessionId,
    user: UserId,
    permissions: Permissions,
}

impl Programs {
    pub(crate) fn routes(&self) -> Router {
        let programs = self.clone();
        let answer = async move |body: Bytes| programs.exchange(&body);
        Router::new().route("/internal/v1/tokens/exchange", post(answer))
    }

    fn exchange(&self, body: &[u8]) -> Response {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.away.load(Ordering::Relaxed) {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        let body: Value = serde_json::from_slice(body).unwrap();
        let known = self.known.lock().unwrap();
        let Some(program) = known.get(body["token"].as_str().unwrap()) else {
            return StatusCode::UNAUTHORIZED.into_response();
        };
        let mut claims = claims(ACME, program.id, program.user, Role::Member);
        claims.permissions = program.permissions;
        claims.via = Via::PersonalToken;
        let access_token = signer().sign(&claims).unwrap();
        let answer = json!({ "access_token": access_token, "expires_in": 300 });
        answer.to_string().into_response()
    }

    /// A program in acme; answers its token.
    fn start(&self, permissions: Permissions) -> (String, Program) {
        let program = Program {
            id: Ids::system().next(),
            user: Ids::system().next(),
            permissions,
        };
        let token = format!("tntp_{}", kernel::secret::random_token().unwrap());
        self.known.lock().unwrap().insert(token.clone(), program);
        (token, program)
    }

    fn allow(&self, token: &str, permissions: Permissions) {
        let mut known = self.known.lock().unwrap();
        known.get_mut(token).unwrap().permissions = permissions;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn ask(door: &Door, host: &str, token: &str) -> Answer {
    let headers = format!("authorization: Bearer {token}\r\n");
    door.send("GET", host, "/api/v1/tasks", &headers).await
}

#[tokio::test]
async fn a_service_sees_an_access_token_in_place_of_a_personal_one() {
    let door = Door::open(&config());
    let (token, _) = door.programs.start(Role::Viewer.permissions());
    for _ in 0..3 {
        let answer = ask(&door, "acme.pm.test", &token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let told = String::from_utf8(answer.body).unwrap();
        assert!(
            told.contains("Bearer ey") && !told.contains("tntp_"),
            "{told}"
        );
    }
    assert_eq!(door.programs.asked(), 1, "it is remembered");
}

#[tokio::test]
async fn what_identity_refuses_is_refused_and_not_asked_again_at_once() {
    let door = Door::open(&config());
    for _ in 0..3 {
        let answer = ask(&door, "acme.pm.test", "tntp_forged").await;
        assert_eq!(
            (answer.status, answer.code()),
            (401, "token_refused".into())
        );
    }
    assert_eq!(door.programs.asked(), 1);
}

#[tokio::test]
async fn identity_that_is_away_is_no_refusal() {
    let door = Door::open(&config());
    let (token, _) = door.programs.start(Role::Viewer.permissions());
    door.programs.away.store(true, Ordering::Relaxed);
    let answer = ask(&door, "acme.pm.test", &token).await;
    assert_eq!(
        (answer.status, answer.code()),
        (503, "identity_unavailable".into())
    );
    door.programs.away.store(false, Ordering::Relaxed);
    assert_eq!(ask(&door, "acme.pm.test", &token).await.status, 200);
}

#[tokio::test]
async fn many_requests_with_a_new_token_ask_identity_once() {
    let door = Door::open(&config());
    let (token, _) = door.programs.start(Role::Viewer.permissions());
    let all = (0..20).map(|_| ask(&door, "acme.pm.test", &token));
    let all = futures::future::join_all(all).await;
    assert!(all.iter().all(|answer| answer.status == 200));
    assert_eq!(door.programs.asked(), 1);
}

#[tokio::test]
async fn a_token_is_good_on_its_own_host_alone() {
    let door = Door::open(&config());
    let (token, _) = door.programs.start(Role::Viewer.permissions());
    assert_eq!(ask(&door, "acme.pm.test", &token).await.status, 200);
    // Identity of the tests does not look at the organization; the gateway does.
    let answer = ask(&door, "globex.pm.test", &token).await;
    assert_eq!(answer.code(), "token_of_other_organization");
}

#[tokio::test]
async fn a_revoked_token_is_out_at_once() {
    let door = Door::open_with(&config(), &setting("TENANTRY_TEST_AMQP_URL"));
    let (token, program) = door.programs.start(Role::Viewer.permissions());
    assert_eq!(ask(&door, "acme.pm.test", &token).await.status, 200);
    door.connected().await;
    publish(&SessionRevoked {
        session_id: program.id,
        user_id: program.user,
        expires_at: Clock::system().now() + TimeDelta::minutes(5),
    })
    .await;
    let code = eventually("the token is out", 5, async || {
        let answer = ask(&door, "acme.pm.test", &token).await;
        (answer.status == 401).then(|| answer.code())
    });
    assert_eq!(code.await, "session_revoked");
}

#[tokio::test]
async fn a_token_follows_the_rights_of_its_owner_without_a_refusal() {
    let door = Door::open_with(&config(), &setting("TENANTRY_TEST_AMQP_URL"));
    let (token, program) = door.programs.start(Role::Member.permissions());
    assert_eq!(ask(&door, "acme.pm.test", &token).await.status, 200);
    door.connected().await;
    let changed = async |role: Role| {
        let event = UserPermissionChanged {
            user_id: program.user,
            role,
            permissions: None,
        };
        publish_of(Some(tenant(ACME)), &event).await;
    };
    // More than the token has: it stays as it is.
    changed(Role::Admin).await;
    assert_eq!(ask(&door, "acme.pm.test", &token).await.status, 200);
    door.programs.allow(&token, Role::Viewer.permissions());
    changed(Role::Viewer).await;
    eventually("it is asked for anew", 5, async || {
        let answer = ask(&door, "acme.pm.test", &token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        (door.programs.asked() == 2).then_some(())
    })
    .await;
}

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use events::outbox::OutboxRow;
use events::topic::session::SessionRevoked;
use events::topic::tenant::{TenantLimitsChanged, TenantRenamed, TenantResumed, TenantSuspended};
use events::topic::user::UserPermissionChanged;
use events::{Amqp, Envelope, Event, Publisher};
use kernel::{Clock, Ids, Role, TenantId};
use testkit::{eventually, setting};
use tokio_util::sync::CancellationToken;

use crate::support::{ACME, Door, GLOBEX, config, tenant};

/// Publishes as a service would, until the broker has confirmed it.
pub(crate) async fn publish<E: Event>(event: &E) {
    publish_of(None, event).await;
}

pub(crate) async fn publish_of<E: Event>(tenant: Option<TenantId>, event: &E) {
    let publisher =
        Publisher::new(Amqp::new(&setting("TENANTRY_TEST_AMQP_URL"), "gateway-test").unwrap());
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(publisher.clone().run(shutdown.clone()));
    let envelope = Envelope::new(
        &Ids::system(),
        &Clock::system(),
        "gateway-test",
        tenant,
        None,
        event,
    );
    let row = OutboxRow {
        seq: 1,
        id: envelope.id.uuid(),
        kind: E::TYPE.to_owned(),
        event: envelope.to_json().to_string(),
        behind: 1,
        age_ms: 0,
    };
    eventually("the broker takes an event", 10, async || {
        publisher.publish(std::slice::from_ref(&row)).await.ok()
    })
    .await;
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_revoked_session_is_out_at_once() {
    let door = Door::open_with(&config(), &setting("TENANTRY_TEST_AMQP_URL"));
    let session = Ids::system().next();
    let token = door.token_of_session(ACME, session);
    let ask = async || {
        let headers = format!("authorization: Bearer {token}\r\n");
        door.send("GET", "acme.pm.test", "/api/v1/tasks", &headers)
            .await
    };
    assert_eq!(ask().await.status, 200);
    door.connected().await;
    let expires_at = Clock::system().now() + TimeDelta::minutes(15);
    publish(&SessionRevoked {
        session_id: session,
        user_id: Ids::system().next(),
        expires_at,
    })
    .await;
    let code = eventually("the session is out", 5, async || {
        let answer = ask().await;
        (answer.status == 401).then(|| answer.code())
    });
    assert_eq!(code.await, "session_revoked");
    assert_eq!(door.member("GET", "/api/v1/tasks", "").await.status, 200);
}

#[tokio::test]
async fn tokens_of_a_former_role_are_out_at_once() {
    let door = Door::open_with(&config(), &setting("TENANTRY_TEST_AMQP_URL"));
    let user_id = Ids::system().next();
    let [admin, viewer] =
        [Role::Admin, Role::Viewer].map(|role| door.token_of_person(ACME, user_id, role));
    let elsewhere = door.token_of_person(GLOBEX, user_id, Role::Admin);
    let ask = async |host: &str, token: &str| {
        let headers = format!("authorization: Bearer {token}\r\n");
        let answer = door.send("GET", host, "/api/v1/tasks", &headers).await;
        (answer.status, answer.code())
    };
    assert_eq!(ask("acme.pm.test", &admin).await.0, 200);
    door.connected().await;
    let role = Role::Viewer;
    let event = UserPermissionChanged {
        user_id,
        role,
        permissions: None,
    };
    publish_of(Some(tenant(ACME)), &event).await;
    let code = eventually("the former role is out", 5, async || {
        let (status, code) = ask("acme.pm.test", &admin).await;
        (status == 401).then_some(code)
    });
    assert_eq!(code.await, "token_outdated");
    assert_eq!(ask("acme.pm.test", &viewer).await.0, 200);
    assert_eq!(ask("globex.pm.test", &elsewhere).await.0, 200);
}

#[tokio::test]
async fn a_suspended_organization_is_closed_at_once() {
    let door = Door::open_with(&config(), &setting("TENANTRY_TEST_AMQP_URL"));
    assert_eq!(door.get("globex.pm.test", "/").await.status, 200);
    door.connected().await;
    door.resolver
        .globex_suspended
        .store(true, Ordering::Relaxed);
    publish(&TenantSuspended {
        tenant_id: tenant(GLOBEX),
        subdomain: "globex".into(),
    })
    .await;
    eventually("the organization is closed", 5, async || {
        (door.get("globex.pm.test", "/").await.code() == "tenant_suspended").then_some(())
    })
    .await;
    door.resolver
        .globex_suspended
        .store(false, Ordering::Relaxed);
    publish(&TenantResumed {
        tenant_id: tenant(GLOBEX),
        subdomain: "globex".into(),
    })
    .await;
    eventually("the organization is open again", 5, async || {
        (door.get("globex.pm.test", "/").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_renamed_organization_is_at_its_new_name_at_once_and_the_former_one_leads_there() {
    let door = Door::open_with(&config(), &setting("TENANTRY_TEST_AMQP_URL"));
    assert_eq!(door.get("globex.pm.test", "/").await.status, 200);
    assert_eq!(door.get("initech.pm.test", "/").await.status, 404);
    door.connected().await;
    door.resolver.globex_renamed.store(true, Ordering::Relaxed);
    publish(&TenantRenamed {
        tenant_id: tenant(GLOBEX),
        subdomain: "initech".into(),
        former_subdomain: "globex".into(),
    })
    .await;
    eventually("both names are asked for anew", 5, async || {
        let former = door.get("globex.pm.test", "/x").await;
        let moved = former.header("location") == Some("http://initech.pm.test:8080/x");
        (moved && door.get("initech.pm.test", "/").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_changed_plan_counts_at_once() {
    let door = Door::open_with(&config(), &setting("TENANTRY_TEST_AMQP_URL"));
    let ask = async || door.member("GET", "/api/v1/tasks", "").await;
    assert_eq!(ask().await.status, 200);
    door.connected().await;
    let change = async |quota| {
        door.resolver.acme_quota.store(quota, Ordering::Relaxed);
        publish(&TenantLimitsChanged {
            tenant_id: tenant(ACME),
            subdomain: "acme".into(),
        })
        .await;
    };
    change(2).await;
    eventually("the limit bites", 5, async || {
        (ask().await.code() == "limit_requests").then_some(())
    })
    .await;
    change(0).await;
    eventually("the limit is gone", 5, async || {
        (ask().await.status == 200).then_some(())
    })
    .await;
}

//! What the operator does to a tenant, over HTTP.

use chrono::TimeDelta;
use httpkit::Service;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

/// Does something to a tenant; answers status and code or status of the tenant.
async fn act(world: &World, id: kernel::TenantId, what: &str, body: Value) -> (u16, String) {
    let path = format!("/tenants/{id}/{what}");
    let (status, answer) = world.operate(Method::POST, &path, body).await;
    let told = match status.is_success() {
        true => &answer["status"],
        false => &answer["code"],
    };
    (status.as_u16(), told.as_str().unwrap_or("").to_owned())
}

#[tokio::test]
async fn nobody_but_the_operator_may() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.active("acme").await;
    let post = [
        ("suspend", json!({})),
        ("resume", json!({})),
        ("delete", json!({})),
        ("undelete", json!({})),
        ("rename", json!({"subdomain": "other"})),
        ("hold", json!({"for": "move", "seconds": 5})),
        ("release", json!({})),
        ("rotate-password", json!({})),
        (
            "clone",
            json!({"request_id": "copy-one", "subdomain": "copy", "name": "Copy"}),
        ),
    ];
    let mut calls: Vec<_> = post
        .into_iter()
        .map(|(what, body)| (Method::POST, format!("/tenants/{id}/{what}"), body))
        .collect();
    calls.extend([
        (Method::PUT, format!("/tenants/{id}/limits"), json!({})),
        (Method::GET, format!("/tenants/{id}/transitions"), json!({})),
        (Method::DELETE, "/subdomains/old-acme".to_owned(), json!({})),
        (Method::POST, "/seal/rotate".to_owned(), json!({})),
    ]);
    for (method, path, body) in calls {
        for service in [
            Service::Gateway,
            Service::Identity,
            Service::ProjectSvc,
            Service::Shortener,
            Service::Analytics,
        ] {
            let (status, problem) = world
                .call(service, method.clone(), &path, Some(body.clone()))
                .await;
            let told = (status.as_u16(), &problem["code"]);
            assert_eq!(
                told,
                (403, &"service_not_allowed".into()),
                "{service} {path}"
            );
        }
    }
    assert_eq!(world.status(id).await, "active");
    assert_eq!(world.events().await, ["tenant.created"]);
    world.close().await;
}

#[tokio::test]
async fn suspended_tenant_serves_nobody_until_it_is_resumed() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.active("acme").await;
    let connection = format!("/tenants/{id}/connection");
    for _ in 0..2 {
        let suspended = act(&world, id, "suspend", json!({"reason": "unpaid"})).await;
        assert_eq!(suspended, (200, "suspended".into()));
    }
    let (status, problem) = world.get(Service::ProjectSvc, &connection).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (403, &"tenant_suspended".into())
    );
    for _ in 0..2 {
        let resumed = act(&world, id, "resume", json!({})).await;
        assert_eq!(resumed, (200, "active".into()));
    }
    let (_, told) = world.get(Service::ProjectSvc, &connection).await;
    assert_eq!(told["generation"], 3);
    assert_eq!(
        world.events().await,
        ["tenant.created", "tenant.suspended", "tenant.resumed"]
    );

    let (_, history) = world
        .get(Service::Migrator, &format!("/tenants/{id}/transitions"))
        .await;
    let lines: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (
                line["from"].as_str(),
                line["to"].as_str().unwrap(),
                &line["reason"],
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            (None, "provisioning", &Value::Null),
            (Some("provisioning"), "spare", &Value::Null),
            (Some("spare"), "provisioning", &Value::Null),
            (Some("provisioning"), "active", &Value::Null),
            (Some("active"), "suspended", &"unpaid".into()),
            (Some("suspended"), "active", &Value::Null),
        ]
    );
    world.close().await;
}

#[tokio::test]
async fn renamed_tenant_answers_to_both_names_until_the_former_is_released() {
    let world = World::new().await;
    world.build_spares(2).await;
    let id = world.active("acme").await;
    world.active("other").await;
    let rename = async |name: &str| act(&world, id, "rename", json!({"subdomain": name})).await;
    let asked = async |name: &str| {
        let path = format!("/tenants/by-subdomain/{name}");
        world.get(Service::Gateway, &path).await.1["subdomain"].clone()
    };

    assert_eq!(rename("other").await, (409, "subdomain_taken".into()));
    assert_eq!(rename("admin").await, (422, "subdomain_reserved".into()));
    for _ in 0..2 {
        assert_eq!(rename("acme-new").await, (200, "active".into()));
    }
    for name in ["acme", "acme-new"] {
        assert_eq!(asked(name).await, "acme-new");
    }
    // Nobody else may have the former name, but its own tenant may go back to it.
    let (status, _) = world.post_claim("sign-up-1", "acme").await;
    assert_eq!(status, 409);
    assert_eq!(rename("acme").await, (200, "active".into()));
    for name in ["acme", "acme-new"] {
        assert_eq!(asked(name).await, "acme");
    }
    let release = async |name: &str| {
        let path = format!("/subdomains/{name}");
        world
            .operate(Method::DELETE, &path, json!({}))
            .await
            .0
            .as_u16()
    };
    assert_eq!(release("acme").await, 404);
    assert_eq!(release("acme-new").await, 204);
    assert_eq!(release("acme-new").await, 404);
    assert_eq!(asked("acme-new").await, Value::Null);
    let (_, free) = world.get(Service::Identity, "/subdomains/acme-new").await;
    assert_eq!(free["available"], true);
    // A released name can become a former one of somebody else.
    world.build_spares(1).await;
    let third = world.active("acme-new").await;
    let renamed = act(&world, third, "rename", json!({"subdomain": "third"})).await;
    assert_eq!(renamed.0, 200);
    assert_eq!(asked("acme-new").await, "third");
    let renames = world.events().await;
    let renames = renames.iter().filter(|kind| *kind == "tenant.renamed");
    assert_eq!(renames.count(), 3);
    world.close().await;
}

#[tokio::test]
async fn limits_are_told_to_whoever_enforces_them() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.active("acme").await;
    let path = format!("/tenants/{id}/limits");
    let limits =
        json!({"people": 5, "requests_per_minute": 600, "storage_bytes": 1_000_000_000_000_u64});
    for _ in 0..2 {
        let (status, tenant) = world.operate(Method::PUT, &path, limits.clone()).await;
        assert_eq!((status.as_u16(), &tenant["limits"]), (200, &limits));
    }
    for (service, path) in [
        (Service::Gateway, format!("/tenants/{id}")),
        (Service::ProjectSvc, format!("/tenants/{id}/connection")),
    ] {
        assert_eq!(world.get(service, &path).await.1["limits"], limits);
    }
    for wrong in [
        json!({"people": 0}),
        json!({"people": -1}),
        json!({"pages": 3}),
        json!({"requests_per_minute": 0}),
    ] {
        let (status, _) = world.operate(Method::PUT, &path, wrong.clone()).await;
        assert_eq!(status, 422, "{wrong}");
    }
    let (_, tenant) = world.operate(Method::PUT, &path, json!({})).await;
    assert_eq!(tenant["limits"], json!({}));
    assert_eq!(
        world.events().await,
        [
            "tenant.created",
            "tenant.limits_changed",
            "tenant.limits_changed"
        ]
    );
    world.close().await;
}

#[tokio::test]
async fn deletion_can_be_taken_back_within_its_grace_only() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.active("acme").await;
    let path = format!("/tenants/{id}");
    let (status, tenant) = world
        .operate(
            Method::POST,
            &format!("{path}/delete"),
            json!({"grace_seconds": 60}),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &tenant["status"]),
        (200, &"deleting".into())
    );
    let ends = world.clock.now() + TimeDelta::seconds(60);
    assert_eq!(tenant["deletes_at"], json!(ends));

    // To the services it is gone, to the operator it is not.
    for asked in [path.clone(), "/tenants/by-subdomain/acme".to_owned()] {
        assert_eq!(world.get(Service::Gateway, &asked).await.0, 404);
        assert_eq!(world.get(Service::Migrator, &asked).await.0, 200);
    }
    let connection = format!("{path}/connection");
    assert_eq!(world.get(Service::ProjectSvc, &connection).await.0, 404);
    assert_eq!(
        act(&world, id, "suspend", json!({})).await,
        (409, "tenant_state".into())
    );
    assert_eq!(
        act(&world, id, "delete", json!({})).await,
        (200, "deleting".into())
    );
    world.sweep().await;
    assert_eq!(world.on_cluster(id).await, (true, true));

    assert_eq!(
        act(&world, id, "undelete", json!({})).await,
        (200, "active".into())
    );
    assert_eq!(
        act(&world, id, "undelete", json!({})).await,
        (200, "active".into())
    );
    assert!(world.log_in(id).await.is_ok());

    act(&world, id, "delete", json!({})).await;
    act(&world, id, "delete", json!({"grace_seconds": 1})).await;
    world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(
        act(&world, id, "undelete", json!({})).await,
        (409, "tenant_state".into())
    );
    world.close().await;
}

#[tokio::test]
async fn unknown_spare_and_unconfirmed_tenants_are_not_operated_on() {
    let world = World::new().await;
    world.build_spares(2).await;
    let claimed = world.claim("sign-up-1", "acme").await.unwrap().id;
    let tenants = world.tenants().await;
    let spare = *tenants.iter().find(|id| **id != claimed).unwrap();
    let nobody = kernel::Ids::system().next();
    for what in ["suspend", "resume", "delete", "undelete", "rotate-password"] {
        for id in [spare, nobody] {
            let told = act(&world, id, what, json!({})).await;
            assert_eq!(told, (404, "not_found".into()), "{what}");
        }
        let told = act(&world, claimed, what, json!({})).await;
        assert_eq!(told, (409, "tenant_state".into()), "{what}");
    }
    world.close().await;
}

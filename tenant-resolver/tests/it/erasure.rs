use httpkit::Service;
use kernel::TenantId;
use reqwest::Method;
use serde_json::{Value, json};
use tenant_resolver::erasure::{Erasure, KEEPERS};
use testkit::until;

use crate::world::World;

/// Steps of an erasure that may be its last.
const STEPS: usize = 5;

/// A tenant whose grace is over, with a former name.
async fn due(world: &World, subdomain: &str) -> TenantId {
    world.build_spares(1).await;
    let id = world.active_suspended(subdomain).await;
    let name = json!({"subdomain": format!("{subdomain}-new")});
    world
        .operate(Method::POST, &format!("/tenants/{id}/rename"), name)
        .await;
    let grace = json!({"grace_seconds": 0});
    let (status, _) = world
        .operate(Method::POST, &format!("/tenants/{id}/delete"), grace)
        .await;
    assert_eq!(status, 200);
    id
}

async fn certificate(world: &World, id: TenantId) -> Value {
    let catalog = world.resolver.catalog.get().await.unwrap();
    let sql = "select report from tenant_erasures where tenant_id = $1";
    let row = catalog.query_one(sql, &[&id.uuid()]).await.unwrap();
    row.get(0)
}

/// No name, no secret, no database, no role; both names free; a certificate.
async fn assert_erased(world: &World, id: TenantId, subdomain: &str) {
    assert_eq!(world.status(id).await, "deleted");
    assert_eq!(world.on_cluster(id).await, (false, false));
    for column in [
        "subdomain",
        "name",
        "request_id",
        "sealed_password",
        "next_sealed_password",
        "deletes_at",
        "last_error",
    ] {
        assert_eq!(world.column(id, column).await, None, "{column}");
    }
    assert_eq!(world.column(id, "limits").await.unwrap(), "{}");
    for name in [subdomain.to_owned(), format!("{subdomain}-new")] {
        let (_, told) = world
            .get(Service::Identity, &format!("/subdomains/{name}"))
            .await;
        assert_eq!(told["available"], true, "{name}");
    }
    let (status, _) = world
        .get(Service::Migrator, &format!("/tenants/{id}"))
        .await;
    assert_eq!(status, 404);
    let catalog = world.resolver.catalog.get().await.unwrap();
    let words = "select from tenant_transitions where tenant_id = $1 and reason is not null";
    assert!(
        catalog
            .query(words, &[&id.uuid()])
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        certificate(world, id).await,
        json!({
            "identity": {"things": 3},
            "shortener": {"things": 3},
            "analytics": {"things": 3},
            "tenant-resolver": {"databases": 1, "roles": 1, "former_subdomains": 1},
        })
    );
}

#[tokio::test]
async fn tenant_is_erased_everywhere_with_a_certificate() {
    let world = World::new().await;
    let id = due(&world, "acme").await;
    world.sweep().await;
    assert_erased(&world, id, "acme").await;
    assert_eq!(
        world.services.erased(),
        KEEPERS.map(|keeper| (keeper, id)).to_vec()
    );
    assert_eq!(world.events().await.last().unwrap(), "tenant.deleted");
    let told = world.events().await.len();
    world.sweep().await;
    assert_eq!(world.events().await.len(), told);
    world.close().await;
}

#[tokio::test]
async fn erasure_goes_on_when_a_service_is_back() {
    let world = World::new().await;
    let id = due(&world, "acme").await;
    for keeper in KEEPERS {
        world.services.break_down(keeper);
    }
    for keeper in KEEPERS {
        world.sweep().await;
        assert_eq!(world.status(id).await, "deleting");
        assert_eq!(world.on_cluster(id).await, (true, true));
        world.services.mend(keeper);
    }
    // There is no way back, however long it takes.
    let path = format!("/tenants/{id}/undelete");
    let (status, _) = world.operate(Method::POST, &path, json!({})).await;
    assert_eq!(status, 409);
    let later = json!({"grace_seconds": 600});
    world
        .operate(Method::POST, &format!("/tenants/{id}/delete"), later)
        .await;
    world.sweep().await;
    assert_erased(&world, id, "acme").await;
    world.close().await;
}

#[tokio::test]
async fn erasure_that_died_after_any_step_is_finished() {
    let world = World::new().await;
    for steps in 1..=STEPS {
        let name = format!("acme{steps}");
        let id = due(&world, &name).await;
        let erasure = Erasure::begin(&world.resolver, id).await.unwrap();
        let erasure = erasure.unwrap();
        for keeper in KEEPERS.into_iter().take(steps - 1) {
            erasure.ask(&world.neighbours, keeper).await.unwrap();
        }
        if steps > 4 {
            erasure.drop_database().await.unwrap();
        }
        drop(erasure);
        until("erasure is finished", async || {
            world.sweep().await;
            world.status(id).await == "deleted"
        })
        .await;
        assert_erased(&world, id, &name).await;
    }
    world.close().await;
}

#[tokio::test]
async fn tenant_whose_database_was_dropped_by_hand_can_be_erased() {
    let world = World::new().await;
    let id = due(&world, "acme").await;
    let name = crate::world::database(id);
    let drop = format!(r#"drop database "{name}""#);
    world.admin.batch_execute(&drop).await.unwrap();
    world.sweep().await;
    assert_erased(&world, id, "acme").await;
    world.close().await;
}

use httpkit::Service;
use reqwest::Method;
use serde_json::Value;
use tokio_postgres::error::SqlState;

use crate::world::{World, connect};

#[tokio::test]
async fn tenant_role_reaches_its_own_database_only() {
    let world = World::new().await;
    world.build_spares(2).await;
    let acme = active(&world, "acme").await;
    let other = active(&world, "other").await;

    let own = login(&world, &acme, acme["database"].as_str().unwrap());
    let client = connect(&own).await.unwrap();
    let row = client
        .query_one("select tenant_id::text from tenant_identity", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, &str>(0), acme["id"]);
    client
        .execute("update workspaces set name = 'Ours'", &[])
        .await
        .unwrap();
    for forbidden in [
        "drop table workspaces",
        "create table mine ()",
        "update tenant_identity set tenant_id = gen_random_uuid()",
    ] {
        let error = client.batch_execute(forbidden).await.unwrap_err();
        assert_eq!(
            error.code(),
            Some(&SqlState::INSUFFICIENT_PRIVILEGE),
            "{forbidden}"
        );
    }

    for database in [other["database"].as_str().unwrap(), "postgres"] {
        let error = connect(&login(&world, &acme, database))
            .await
            .map(drop)
            .unwrap_err();
        assert_eq!(
            error.code(),
            Some(&SqlState::INSUFFICIENT_PRIVILEGE),
            "{database}"
        );
    }
    world.close().await;
}

#[tokio::test]
async fn descriptor_is_told_to_project_svc_and_only_of_a_serving_tenant() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.claim("sign-up-1", "acme").await.unwrap().id;
    let path = format!("/tenants/{id}/connection");

    for service in [
        Service::Gateway,
        Service::Identity,
        Service::Shortener,
        Service::Migrator,
    ] {
        assert_eq!(world.get(service, &path).await.0, 403, "{service}");
    }
    assert_eq!(world.without_token(&path).await, 401);
    let (status, problem) = world.get(Service::ProjectSvc, &path).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (503, &"tenant_provisioning".into())
    );

    confirm(&world, &id.to_string()).await;
    let (_, descriptor) = world.get(Service::ProjectSvc, &path).await;
    assert_eq!(
        (&descriptor["connection_budget"], &descriptor["limits"]),
        (&80.into(), &serde_json::json!({}))
    );
    let newest = migrator::schema::TENANT
        .version(migrator::schema::TENANT.head())
        .unwrap();
    assert_eq!(
        (&descriptor["generation"], &descriptor["schema_version"]),
        (&1.into(), &newest.into())
    );

    let catalog = world.resolver.catalog.get().await.unwrap();
    catalog
        .execute("update tenants set status = 'suspended'", &[])
        .await
        .unwrap();
    let (status, problem) = world.get(Service::ProjectSvc, &path).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (403, &"tenant_suspended".into())
    );
    drop(catalog);
    world.close().await;
}

async fn active(world: &World, subdomain: &str) -> Value {
    let (_, claimed) = world
        .post_claim(&format!("sign-up-{subdomain}"), subdomain)
        .await;
    let id = claimed["id"].as_str().unwrap();
    confirm(world, id).await;
    world
        .get(Service::ProjectSvc, &format!("/tenants/{id}/connection"))
        .await
        .1
}

async fn confirm(world: &World, id: &str) {
    let path = format!("/tenants/{id}/confirm");
    let (status, _) = world
        .call(Service::Identity, Method::POST, &path, None)
        .await;
    assert_eq!(status, 200);
}

fn login(world: &World, tenant: &Value, database: &str) -> migrator::Address {
    let part = |name: &str| tenant[name].as_str().unwrap().to_owned();
    let (host, port) = (world.admin_address.host(), &tenant["port"]);
    format!(
        "postgres://{}:{}@{host}:{port}/{database}",
        part("role"),
        part("password")
    )
    .parse()
    .unwrap()
}

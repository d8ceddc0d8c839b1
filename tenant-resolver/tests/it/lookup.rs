use httpkit::Service;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn claimed_tenant_is_found_and_spare_is_not() {
    let world = World::new().await;
    world.build_spares(1).await;
    let spare = world.tenants().await[0];
    assert_eq!(
        world
            .get(Service::Gateway, &format!("/tenants/{spare}"))
            .await
            .0,
        404
    );

    let id = world.claim("sign-up-1", "acme").await.unwrap().id;
    let expected = json!({
        "id": id, "subdomain": "acme", "name": "The acme company", "status": "provisioning", "generation": 1,
        "limits": {}, "cluster": "first",
    });
    for path in ["by-subdomain/acme".to_owned(), id.to_string()] {
        assert_eq!(
            world
                .get(Service::Gateway, &format!("/tenants/{path}"))
                .await,
            (200.try_into().unwrap(), expected.clone())
        );
    }
    for path in ["by-subdomain/nobody", "by-subdomain/%00", "not-an-id"] {
        assert_eq!(
            world
                .get(Service::Gateway, &format!("/tenants/{path}"))
                .await
                .0,
            404,
            "{path}"
        );
    }
    assert_eq!(world.without_token("/tenants/by-subdomain/acme").await, 401);
    world.close().await;
}

#[tokio::test]
async fn active_tenants_come_page_by_page() {
    let world = World::new().await;
    world.build_spares(4).await;
    for (request, name) in [
        ("sign-up-1", "one"),
        ("sign-up-2", "two"),
        ("sign-up-3", "three"),
    ] {
        let id = world.claim(request, name).await.unwrap().id;
        tenant_resolver::claim::confirm(&world.resolver, id)
            .await
            .unwrap();
    }
    let (_, first) = world.get(Service::ProjectSvc, "/tenants?limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let (_, last) = world
        .get(
            Service::ProjectSvc,
            &format!("/tenants?limit=2&cursor={cursor}"),
        )
        .await;
    let names: Vec<_> = [&first, &last]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|tenant| tenant["subdomain"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 3);
    assert!(
        names
            .iter()
            .all(|name| ["one", "two", "three"].contains(name))
    );
    assert!(last["next_cursor"].is_null());
    world.close().await;
}

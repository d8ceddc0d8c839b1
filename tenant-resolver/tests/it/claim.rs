use std::collections::HashSet;

use futures::future::join_all;
use httpkit::Service;
use kernel::Subdomain;
use tenant_resolver::Error;
use tenant_resolver::claim::{Claim, claim};
use testkit::eventually;

use crate::world::World;

#[tokio::test]
async fn spare_is_claimed_without_ddl_and_once_per_request() {
    let world = World::new().await;
    world.build_spares(1).await;
    let spare = world.tenants().await;

    let (status, first) = world.post_claim("sign-up-1", "acme").await;
    assert_eq!(
        (status.as_u16(), &first["status"]),
        (201, &"provisioning".into())
    );
    let (status, again) = world.post_claim("sign-up-1", "acme").await;
    assert_eq!(status, 200);
    assert_eq!(again, first);
    let (status, other) = world.post_claim("sign-up-1", "acme-two").await;
    assert_eq!(
        (status.as_u16(), &other["code"]),
        (409, &"request_id_reused".into())
    );
    assert_eq!(world.tenants().await, spare);
    world.close().await;
}

#[tokio::test]
async fn twenty_claims_at_once_get_twenty_databases() {
    let world = World::new().await;
    world.build_spares(16).await;
    let names: Vec<(String, String)> = (0..20)
        .map(|n| (format!("sign-up-{n}"), format!("acme{n}")))
        .collect();
    let claims = join_all(
        names
            .iter()
            .map(|(request, name)| world.claim(request, name)),
    )
    .await;
    let tenants: HashSet<_> = claims
        .into_iter()
        .map(|claimed| claimed.unwrap().id)
        .collect();
    assert_eq!(tenants.len(), 20);
    for tenant in &tenants {
        assert_eq!(world.on_cluster(*tenant).await, (true, true));
    }
    world.close().await;
}

#[tokio::test]
async fn two_instances_never_hand_out_one_spare_twice() {
    let world = World::new().await;
    world.build_spares(40).await;
    let other = world.another_instance();
    let claims = (0..50).map(|n| {
        let resolver = if n % 2 == 0 { &world.resolver } else { &other };
        let wish = Claim {
            request_id: format!("sign-up-{n}"),
            subdomain: Subdomain::parse(&format!("acme{n}")).unwrap(),
            name: "Acme".to_owned(),
            cluster: None,
        };
        async move {
            // On a busy machine some must wait for a connection to the catalog too long, and ask again.
            let claimed = async || claim(resolver, &wish).await.ok();
            eventually("claimed", 60, claimed).await.id
        }
    });
    let tenants: HashSet<_> = join_all(claims).await.into_iter().collect();
    assert_eq!(tenants.len(), 50);
    for tenant in &tenants {
        assert_eq!(world.on_cluster(*tenant).await, (true, true));
    }
    other.catalog.close();
    world.close().await;
}

#[tokio::test]
async fn racing_claims_of_one_name_have_one_winner() {
    let world = World::new().await;
    world.build_spares(4).await;
    let requests = ["sign-up-a", "sign-up-a", "sign-up-b", "sign-up-c"];
    let claims = join_all(requests.map(|request| world.claim(request, "acme"))).await;
    let won: HashSet<_> = claims.iter().flatten().map(|claimed| claimed.id).collect();
    assert_eq!(won.len(), 1);
    assert!(
        claims
            .iter()
            .all(|claim| matches!(claim, Ok(_) | Err(Error::SubdomainTaken)))
    );
    world.close().await;
}

#[tokio::test]
async fn taken_reserved_and_malformed_names_are_refused() {
    let world = World::new().await;
    world.build_spares(1).await;
    world.claim("sign-up-1", "acme").await.unwrap();
    let table = [
        ("acme", 409, "subdomain_taken", "taken"),
        ("admin", 422, "subdomain_reserved", "reserved"),
        ("Acme", 422, "subdomain_malformed", "malformed"),
        ("xn--80ak6aa92e", 422, "subdomain_malformed", "malformed"),
    ];
    for (name, status, code, reason) in table {
        let (answered, problem) = world.post_claim("sign-up-2", name).await;
        assert_eq!(
            (answered.as_u16(), &problem["code"]),
            (status, &code.into()),
            "{name}"
        );
        let (_, availability) = world
            .get(Service::Identity, &format!("/subdomains/{name}"))
            .await;
        assert_eq!(
            (&availability["available"], &availability["reason"]),
            (&false.into(), &reason.into())
        );
    }
    let (_, free) = world.get(Service::Identity, "/subdomains/acme-two").await;
    assert_eq!(free["available"], true);
    world.close().await;
}

#[tokio::test]
async fn former_name_stays_taken_until_it_is_released() {
    let world = World::new().await;
    world.build_spares(2).await;
    let acme = world.claim("sign-up-1", "acme").await.unwrap();
    let catalog = world.resolver.catalog.get().await.unwrap();
    let alias = "insert into subdomain_aliases (subdomain, tenant_id) values ('old-acme', $1)";
    catalog.execute(alias, &[&acme.id.uuid()]).await.unwrap();

    let (_, found) = world
        .get(Service::Gateway, "/tenants/by-subdomain/old-acme")
        .await;
    assert_eq!(found["subdomain"], "acme");
    assert!(matches!(
        world.claim("sign-up-2", "old-acme").await,
        Err(Error::SubdomainTaken)
    ));
    catalog
        .execute("update subdomain_aliases set released_at = now()", &[])
        .await
        .unwrap();
    assert!(world.claim("sign-up-2", "old-acme").await.is_ok());
    drop(catalog);
    world.close().await;
}

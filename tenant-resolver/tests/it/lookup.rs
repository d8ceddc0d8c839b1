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

/// Tenants beside the one that is looked for.
const MANY: i64 = 10_000;

#[tokio::test]
async fn lookups_and_claims_read_no_whole_table_among_ten_thousand_tenants() {
    let world = World::new().await;
    world.build_spares(2).await;
    let id = world.active("acme").await;
    let many = format!(
        "insert into tenants (id, status, cluster_id, database_name, role_name, subdomain, name, sealed_password)
            select gen_random_uuid(), 'active', c.id, 'many_' || n, 'many_' || n, 'many' || n, 'Many', ''
            from clusters c, generate_series(1, {MANY}) n;
        insert into subdomain_aliases (subdomain, tenant_id) select 'old-' || subdomain, id from tenants
            where subdomain is not null;
        analyze tenants, subdomain_aliases"
    );
    world.on_catalog(&many).await;
    for path in [
        "by-subdomain/acme",
        "by-subdomain/old-acme",
        &id.to_string(),
    ] {
        let path = format!("/tenants/{path}");
        assert_eq!(world.get(Service::Gateway, &path).await.0, 200);
    }
    let path = format!("/tenants/{id}/connection");
    assert_eq!(world.get(Service::ProjectSvc, &path).await.0, 200);
    world.claim("sign-up-1", "other").await.unwrap();
    tenant_resolver::jobs::mend(&world.resolver).await;

    // What was just run is prepared on the connection, to be planned again for any parameters.
    let catalog = world.resolver.catalog.get().await.unwrap();
    catalog
        .batch_execute("set plan_cache_mode = force_generic_plan")
        .await
        .unwrap();
    let prepared = "select name, statement, cardinality(parameter_types) as parameters
        from pg_prepared_statements where statement ~ 'tenants' and statement !~ 'count|cluster_id = c.id'
            or statement ~ 'tenants t join clusters'";
    let mut explained = 0;
    for row in catalog.query(prepared, &[]).await.unwrap() {
        let (name, statement): (&str, &str) = (row.get("name"), row.get("statement"));
        let parameters: i32 = row.get("parameters");
        let nulls = vec!["null"; parameters.try_into().unwrap()].join(", ");
        let explain = match parameters {
            0 => format!(r#"explain execute "{name}""#),
            _ => format!(r#"explain execute "{name}"({nulls})"#),
        };
        let plan: String = catalog
            .simple_query(&explain)
            .await
            .unwrap()
            .iter()
            .filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            })
            .collect::<Vec<_>>()
            .join("\n");
        for table in ["tenants", "subdomain_aliases", "tenant_transitions"] {
            let scan = format!("Seq Scan on {table}");
            assert!(!plan.contains(&scan), "{statement}\n{plan}");
        }
        explained += 1;
    }
    assert!(explained >= 6, "{explained}");
    drop(catalog);
    world
        .on_catalog("delete from tenants where database_name like 'many_%'")
        .await;
    world.close().await;
}

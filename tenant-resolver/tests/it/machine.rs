//! Whatever is done to tenants, in whatever order and at once, the catalog and the cluster stay in step.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use kernel::{Subdomain, TenantId};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::json;
use tenant_resolver::claim::{Claim, abandon, claim, confirm};
use tenant_resolver::copy::copy;
use tenant_resolver::credentials::{Rotation, rotate};
use tenant_resolver::jobs::mend;
use tenant_resolver::{lifecycle, names};

use crate::world::{World, database};

const NAMES: [&str; 6] = ["one", "two", "three", "four", "five", "six"];
/// Rounds of a run at least and at most, and what is done at once in each.
const ROUNDS: usize = 60;
const MOST_ROUNDS: usize = 1000;
const AT_ONCE: usize = 4;

#[derive(Debug, Clone)]
enum Act {
    Claim(&'static str),
    Confirm(TenantId),
    Abandon(TenantId),
    Suspend(TenantId),
    Resume(TenantId),
    Rename(TenantId, &'static str),
    ReleaseName(&'static str),
    Hold(TenantId, &'static str),
    Release(TenantId),
    Delete(TenantId, u64),
    Undelete(TenantId),
    Rotate(TenantId),
    DieRotating(TenantId),
    Copy(TenantId, &'static str),
    Pass(i64),
    Sweep,
}

fn choose(random: &mut StdRng, tenants: &[TenantId], n: usize) -> Act {
    let name = NAMES.choose(random).copied().unwrap();
    let Some(tenant) = tenants.choose(random).copied() else {
        return Act::Claim(name);
    };
    let purpose = ["move", "clone", "restore", "migration"];
    match random.random_range(0..20) {
        0..2 if n < 3 => Act::Claim(name),
        0 => Act::Copy(tenant, name),
        1 | 2 => Act::Claim(name),
        3..6 => Act::Confirm(tenant),
        6 => Act::Abandon(tenant),
        7 => Act::Suspend(tenant),
        8 => Act::Resume(tenant),
        9 | 10 => Act::Rename(tenant, name),
        11 => Act::ReleaseName(name),
        12 => Act::Hold(tenant, purpose.choose(random).copied().unwrap()),
        13 => Act::Release(tenant),
        14 => Act::Delete(tenant, random.random_range(0..20)),
        15 => Act::Undelete(tenant),
        16 => Act::Rotate(tenant),
        17 => Act::DieRotating(tenant),
        18 => Act::Pass(random.random_range(0..30)),
        _ => Act::Sweep,
    }
}

fn wish(name: &str, request: u64) -> Claim {
    Claim {
        request_id: format!("request-{request}"),
        subdomain: Subdomain::parse(name).unwrap(),
        name: name.to_owned(),
        cluster: None,
    }
}

/// Does it; refusals are as good as anything.
async fn perform(world: &World, act: Act, request: u64) {
    let resolver = &world.resolver;
    let post = async |id: TenantId, what: &str, body| {
        let path = format!("/tenants/{id}/{what}");
        let (status, answer) = world.operate(Method::POST, &path, body).await;
        assert!(status.as_u16() < 500 || status.as_u16() == 503, "{answer}");
    };
    match act {
        Act::Claim(name) => drop(claim(resolver, &wish(name, request)).await),
        Act::Confirm(id) => drop(confirm(resolver, id).await),
        Act::Abandon(id) => drop(abandon(resolver, id).await),
        Act::Suspend(id) => drop(lifecycle::suspend(resolver, id, None).await),
        Act::Resume(id) => drop(lifecycle::resume(resolver, id).await),
        Act::Rename(id, name) => {
            drop(names::rename(resolver, id, &Subdomain::parse(name).unwrap()).await);
        }
        Act::ReleaseName(name) => {
            drop(names::release(resolver, &Subdomain::parse(name).unwrap()).await);
        }
        Act::Hold(id, purpose) => post(id, "hold", json!({"for": purpose, "seconds": 5})).await,
        Act::Release(id) => post(id, "release", json!({})).await,
        Act::Delete(id, grace) => {
            drop(lifecycle::delete(resolver, id, Some(Duration::from_secs(grace))).await);
        }
        Act::Undelete(id) => drop(lifecycle::undelete(resolver, id).await),
        Act::Rotate(id) => drop(rotate(resolver, id).await),
        Act::DieRotating(id) => {
            if let Ok(rotation) = Rotation::begin(resolver, id).await {
                rotation.alter_role().await.unwrap();
            }
        }
        Act::Copy(id, name) => drop(copy(resolver, id, &wish(name, request)).await),
        Act::Pass(seconds) => world.clock.advance(TimeDelta::seconds(seconds)),
        Act::Sweep => {
            mend(resolver).await;
            world.sweep().await;
        }
    }
}

/// What must hold between any two rounds.
async fn check(world: &World, generations: &mut HashMap<uuid::Uuid, i32>, after: &str) {
    let catalog = world.resolver.catalog.get().await.unwrap();
    let databases: HashSet<String> = world
        .admin
        .query(
            "select datname::text from pg_database d join pg_roles r on r.rolname = d.datname",
            &[],
        )
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();

    let sql = "select id, status, generation, subdomain, name, sealed_password is not null as has_password,
            held_until is not null as held, held_for is not null as has_purpose, deletes_at is not null as dated,
            (select to_status from tenant_transitions where tenant_id = id order by seq desc limit 1) as noted
        from tenants";
    for row in catalog.query(sql, &[]).await.unwrap() {
        let id: uuid::Uuid = row.get("id");
        let status: &str = row.get("status");
        let named = row.get::<_, Option<&str>>("subdomain").is_some();
        let exists = databases.contains(&database(id.into()));
        let told = format!("{id} {status} after {after}");
        assert_eq!(row.get::<_, &str>("noted"), status, "{told}");
        if ["active", "suspended", "moving", "migrating"].contains(&status) {
            assert!(named && exists, "{told}");
            assert!(row.get::<_, bool>("has_password"), "{told}");
            assert!(row.get::<_, Option<&str>>("name").is_some(), "{told}");
        }
        let held = ["moving", "migrating"].contains(&status);
        assert_eq!(row.get::<_, bool>("held"), held, "{told}");
        assert_eq!(row.get::<_, bool>("has_purpose"), held, "{told}");
        assert_eq!(
            row.get::<_, bool>("dated"),
            status == "deleting" && named,
            "{told}"
        );
        if status == "deleted" {
            assert!(!named && !exists, "{told}");
        }
        let generation: i32 = row.get("generation");
        let before = generations.insert(id, generation).unwrap_or(0);
        assert!(generation >= before, "{told}");
    }
    let nothing = [
        // Two owners of a name.
        "select subdomain from (
            select subdomain from tenants where subdomain is not null
            union all select subdomain from subdomain_aliases where released_at is null
        ) names group by subdomain having count(*) > 1",
        // A former name of nobody.
        "select a.subdomain from subdomain_aliases a join tenants t on t.id = a.tenant_id
            where a.released_at is null and t.subdomain is null",
        // A change that does not begin where the one before it ended.
        "select tenant_id::text from (
            select tenant_id, from_status, lag(to_status) over (partition by tenant_id order by seq) as before
            from tenant_transitions
        ) noted where from_status is distinct from before",
        // A certificate of somebody who is still here.
        "select e.tenant_id::text from tenant_erasures e join tenants t on t.id = e.tenant_id
            where t.status not in ('deleting', 'deleted')",
    ];
    for sql in nothing {
        let found = catalog.query(sql, &[]).await.unwrap();
        let found: Vec<&str> = found.iter().map(|row| row.get(0)).collect();
        assert!(found.is_empty(), "{found:?} by {sql} after {after}");
    }
    let forgotten = "select distinct tenant_id from tenant_transitions
        where tenant_id not in (select id from tenants)";
    for row in catalog.query(forgotten, &[]).await.unwrap() {
        let name = database(row.get::<_, uuid::Uuid>(0).into());
        assert!(
            !databases.contains(&name),
            "{name} has no row after {after}"
        );
    }
}

/// Tenants that something can be done to.
async fn living(world: &World) -> Vec<TenantId> {
    let catalog = world.resolver.catalog.get().await.unwrap();
    let sql = "select id from tenants where subdomain is not null order by id";
    let rows = catalog.query(sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| row.get::<_, uuid::Uuid>(0).into())
        .collect()
}

/// Whether tenants have been in each state that an operation leads to.
async fn tried_all(world: &World) -> bool {
    let catalog = world.resolver.catalog.get().await.unwrap();
    let sql = "select count(distinct to_status) from tenant_transitions where to_status = any($1)";
    let states = [
        "active",
        "suspended",
        "moving",
        "migrating",
        "deleting",
        "deleted",
    ];
    let seen: i64 = catalog
        .query_one(sql, &[&&states[..]])
        .await
        .unwrap()
        .get(0);
    usize::try_from(seen).unwrap() == states.len()
}

async fn run(seed: u64) {
    let world = World::new().await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut generations = HashMap::new();
    let mut request = 0;
    let mut round = 0;
    while round < ROUNDS || !tried_all(&world).await {
        round += 1;
        assert!(round < MOST_ROUNDS, "seed {seed} does not get everywhere");
        let tenants = living(&world).await;
        let acts: Vec<_> = (0..AT_ONCE)
            .map(|n| choose(&mut random, &tenants, n))
            .collect();
        let told = format!("seed {seed}, round {round}: {acts:?}");
        let performed = acts.into_iter().map(|act| {
            request += 1;
            perform(&world, act, request)
        });
        join_all(performed).await;
        check(&world, &mut generations, &told).await;
    }
    // In the end everything that died is settled.
    world.clock.advance(TimeDelta::seconds(120));
    testkit::until("all is settled", async || {
        mend(&world.resolver).await;
        world.sweep().await;
        let sql =
            "select count(*) from tenants where status not in ('active', 'suspended', 'deleted')
            or next_sealed_password is not null";
        let catalog = world.resolver.catalog.get().await.unwrap();
        let unsettled: i64 = catalog.query_one(sql, &[]).await.unwrap().get(0);
        usize::try_from(unsettled).unwrap() == world.spares().await
    })
    .await;
    check(&world, &mut generations, "the end").await;
    world.close().await;
}

#[tokio::test]
async fn random_operations_keep_catalog_and_cluster_in_step() {
    run(1).await;
}

#[tokio::test]
async fn random_operations_of_a_new_seed_do_so_too() {
    run(rand::rng().random()).await;
}

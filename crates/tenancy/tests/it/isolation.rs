//! Resolver and pools together, at random: whatever happens to tenants, a row that is read belongs
//! to the tenant that was asked for.

use std::time::Duration;

use futures::future::join_all;
use kernel::TenantId;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng, SeedableRng};
use sea_orm::sqlx::ConnectOptions;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tenancy::{PoolError, PoolSettings, Pools};
use testkit::unique;
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::directory::{Home, Region};
use crate::world::settings;

const TENANTS: usize = 6;
const STEPS: usize = 300;
/// Readers that go on through everything.
const READERS: u64 = 4;

fn seed() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a failed run is repeated with its seed"
    )]
    let given = std::env::var("TENANTRY_TEST_SEED");
    given.map_or_else(|_| rand::random(), |seed| seed.parse().unwrap())
}

fn pool_settings() -> PoolSettings {
    let mut settings = settings(4);
    settings.acquire_timeout = Duration::from_secs(20);
    settings.hold_timeout = Duration::from_secs(20);
    settings
}

/// Reads whose database it is, by the row and by the session's own word.
async fn read(pools: &Pools, tenant: TenantId) -> Result<(), PoolError> {
    let connection = pools.acquire(tenant).await?;
    let sql = "select tenant_id, current_user::text, current_database()::text from tenant_identity";
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    let name = format!("tenant_{}", tenant.uuid().simple());
    assert_eq!(row.try_get_by_index::<Uuid>(0).unwrap(), tenant.uuid());
    assert_eq!(row.try_get_by_index::<String>(1).unwrap(), name);
    assert_eq!(row.try_get_by_index::<String>(2).unwrap(), name);
    Ok(())
}

/// Reads of any tenant, one after the other, until told to stop; answers how many.
async fn keep_reading(
    pools: Pools,
    tenants: Vec<TenantId>,
    seed: u64,
    stop: watch::Receiver<bool>,
) -> usize {
    let mut random = StdRng::seed_from_u64(seed);
    let mut reads = 0;
    while !*stop.borrow() {
        let tenant = *tenants.choose(&mut random).unwrap();
        read(&pools, tenant).await.unwrap();
        reads += 1;
    }
    reads
}

/// Holds the tenant, waits for its sessions to end, rebuilds it on the other cluster, releases it.
async fn relocate(region: &mut Region, index: usize) {
    let former = region.homes[index].clone();
    region.directory.hold(former.id);
    region.pools.evict(former.id).await;
    testkit::until("no session is left", async || {
        region.sessions(&former).await == 0
    })
    .await;
    let home = Home {
        place: 1 - former.place,
        generation: former.generation + 1,
        password: unique("p"),
        ..former.clone()
    };
    region.build(&home).await;
    region.raze(&former).await;
    region.homes[index] = home;
    region.tell(&region.homes[index]);
    region.pools.evict(former.id).await;
}

/// The server first, the resolver a moment later: in between the resolver's word is wrong.
async fn rotate(region: &mut Region, index: usize) {
    let home = &mut region.homes[index];
    home.password = unique("p");
    let alter = format!("alter role {} password '{}'", home.name, home.password);
    let home = home.clone();
    region.places[home.place].execute("postgres", alter).await;
    region.tell(&home);
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::print_stdout,
    reason = "a failed run is repeated with its seed"
)]
async fn every_row_is_of_the_tenant_that_was_asked_for() {
    let seed = seed();
    println!("TENANTRY_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut region = Region::new(TENANTS, pool_settings()).await;
    let tenants: Vec<TenantId> = region.homes.iter().map(|home| home.id).collect();
    let stop = watch::Sender::new(false);
    let mut readers = JoinSet::new();
    for reader in 0..READERS {
        let (pools, tenants) = (region.pools.clone(), tenants.clone());
        let seed = seed.wrapping_add(reader);
        readers.spawn(keep_reading(pools, tenants, seed, stop.subscribe()));
    }
    for _ in 0..STEPS {
        let index = random.random_range(0..TENANTS);
        let tenant = tenants[index];
        match random.random_range(0..100) {
            0..45 => read(&region.pools, tenant).await.unwrap(),
            45..60 => {
                let burst = (0..3).map(|offset| tenants[(index + offset) % TENANTS]);
                let burst = burst.map(|tenant| read(&region.pools, tenant));
                assert!(join_all(burst).await.iter().all(Result::is_ok));
            }
            60..75 => region.pools.evict(tenant).await,
            // Suspended and resumed, renamed: the generation says that sessions are over, or not.
            75..85 => {
                region.homes[index].generation += 1;
                region.tell(&region.homes[index]);
                region.pools.resolver().refresh(tenant).await;
            }
            85..95 => rotate(&mut region, index).await,
            _ => relocate(&mut region, index).await,
        }
        assert!(region.pools.open_connections() <= 8, "over both budgets");
    }
    let unknown = TenantId::from(Uuid::from_u128(1));
    assert_eq!(
        region.pools.acquire(unknown).await.err(),
        Some(PoolError::Unknown)
    );
    stop.send_replace(true);
    let reads: usize = readers.join_all().await.into_iter().sum();
    assert!(reads > STEPS / 10, "readers hardly came to read: {reads}");
    region.end().await;
}

#[tokio::test]
async fn role_of_one_tenant_cannot_connect_to_another_s_database() {
    let region = Region::new(2, settings(2)).await;
    let [own, other] = [&region.homes[0], &region.homes[1]];
    let connection = region.connection(own);
    let login = PgConnectOptions::new_without_pgpass()
        .host(connection["host"].as_str().unwrap())
        .port(u16::try_from(connection["port"].as_u64().unwrap()).unwrap())
        .username(&own.name)
        .password(&own.password);
    assert!(login.clone().database(&own.name).connect().await.is_ok());
    let refused = login.database(&other.name).connect().await.unwrap_err();
    let code = refused.as_database_error().and_then(|error| error.code());
    assert_eq!(code.as_deref(), Some("42501"));
    // Nor does a resolver that mixes them up lead one into the other.
    let mut mixed = region.connection(other);
    mixed["id"] = region.connection(own)["id"].clone();
    region.directory.say(own.id, mixed);
    let refused = region.pools.acquire(own.id).await.err();
    assert_eq!(refused, Some(PoolError::WrongDatabase));
    region.end().await;
}

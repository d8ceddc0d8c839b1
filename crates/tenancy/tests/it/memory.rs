//! What a tenant costs that is known and does nothing. nextest runs each test in a process of its
//! own, so the process's memory is this test's.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use kernel::{Ids, TenantId};
use serde_json::json;
use tenancy::PoolError;
use tokio::runtime::Handle;

use crate::directory::{Directory, Region};
use crate::world::settings;

const TENANTS: usize = 10_000;
const MOST_BYTES: usize = 40 << 20;

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    kib.unwrap().parse::<usize>().unwrap() << 10
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "the figure is worth knowing")]
async fn ten_thousand_known_tenants_take_little_memory_and_no_task() {
    let mut settings = settings(20);
    settings.hold_timeout = Duration::from_millis(1);
    let region = Region::new(1, settings).await;
    let tenants: Vec<TenantId> = (0..TENANTS).map(|_| Ids::system().next()).collect();
    let known = region.connection(&region.homes[0]);
    for tenant in &tenants {
        // As long as names are; nothing listens there.
        let name = format!("tenant_{}", tenant.uuid().simple());
        let mut connection = known.clone();
        connection["id"] = json!(tenant);
        connection["host"] = json!("127.0.0.1");
        connection["port"] = json!(1);
        connection["database"] = json!(name);
        connection["role"] = json!(name);
        connection["password"] = json!("0123456789abcdef0123456789abcdef0123456789a");
        region.directory.say(*tenant, connection);
    }
    warm_up(&region.directory).await;
    let (before, tasks) = (
        resident_bytes(),
        Handle::current().metrics().num_alive_tasks(),
    );
    let pools = &region.pools;
    let refused = stream::iter(&tenants)
        .map(|tenant| pools.acquire(*tenant))
        .buffer_unordered(16)
        .filter(|answer| {
            let refused = answer.as_ref().err() == Some(&PoolError::Unavailable);
            std::future::ready(refused)
        })
        .count()
        .await;
    assert_eq!(refused, TENANTS, "all were asked for and tried");
    testkit::until("connects have ended", async || {
        pools.open_connections() == 0
    })
    .await;
    // Those that stay are of HTTP connections, the server's and the client's.
    testkit::until("tasks have ended", async || {
        Handle::current().metrics().num_alive_tasks() <= tasks + TENANTS / 50
    })
    .await;
    let grown = resident_bytes().saturating_sub(before);
    let alive = Handle::current().metrics().num_alive_tasks();
    println!("{TENANTS} tenants: {grown} bytes, {tasks} tasks before, {alive} after");
    assert!(grown <= MOST_BYTES, "{grown} bytes");
    let asked = region.directory.asked();
    assert!(pools.resolver().descriptor(tenants[0]).await.is_ok());
    assert_eq!(region.directory.asked(), asked, "it was not known any more");
    region.end().await;
}

/// What HTTP keeps for itself is there before the measurement.
async fn warm_up(directory: &std::sync::Arc<Directory>) {
    let client = directory.client().await;
    let unknown = (0..500).map(|_| client.descriptor(Ids::system().next()));
    let answers = stream::iter(unknown).buffer_unordered(16);
    answers.for_each(|_| std::future::ready(())).await;
}

//! The server is killed while it holds all these databases, and started again.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::ensure;
use sea_orm::ConnectionTrait;
use tokio::process::Command;

use super::installation::{BUDGET, Installation};
use crate::report::Report;
use crate::settings::Server;

const PART: &str = "recovery";
/// Tenants that must be served before the server counts as back.
const ASKED: usize = 20;
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) async fn measure(
    settings: &Server,
    installation: &Installation,
    report: &mut Report,
) -> anyhow::Result<()> {
    let tenants = installation.tenants().await?;
    let pools = installation.pools(BUDGET, Duration::from_secs(5))?;
    let asked: Vec<_> = tenants
        .iter()
        .step_by((tenants.len() / ASKED).max(1))
        .copied()
        .collect();
    for tenant in &asked {
        pools
            .pools
            .acquire(*tenant)
            .await?
            .execute_unprepared("select 1")
            .await?;
    }
    // Not in the minutes after a thousand databases were made: their files would be written by the recovery.
    installation.admin.batch_execute("checkpoint").await?;
    let begun = Instant::now();
    for verb in ["kill", "start"] {
        let mut command = Command::new(&settings.dev);
        command
            .args(["--bench", verb, "postgres"])
            .stdout(Stdio::null());
        ensure!(command.status().await?.success(), "{verb} the server");
    }
    for tenant in &asked {
        loop {
            let served = match pools.pools.acquire(*tenant).await {
                Ok(connection) => connection.execute_unprepared("select 1").await.is_ok(),
                Err(_) => false,
            };
            if served {
                break;
            }
            ensure!(begun.elapsed() < PATIENCE, "not back after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    report.at_most(
        PART,
        format!(
            "after SIGKILL with {} databases, {ASKED} tenants served",
            tenants.len()
        ),
        begun.elapsed().as_secs_f64(),
        "s",
        10.0,
    );
    pools.close().await;
    Ok(())
}

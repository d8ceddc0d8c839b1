//! `migrator tenants`

use super::args::{Settings, TenantsArgs, TenantsCommand};
use super::output::{Output, optional, plain};
use super::{Exit, open_fleet};

const HEADER: [&str; 7] = [
    "subdomain",
    "name",
    "status",
    "cluster",
    "version",
    "created",
    "id",
];

pub(super) async fn tenants(
    settings: &Settings,
    output: &Output,
    args: &TenantsArgs,
) -> anyhow::Result<Exit> {
    match args.command {
        TenantsCommand::List => list(settings, output).await,
    }
}

async fn list(settings: &Settings, output: &Output) -> anyhow::Result<Exit> {
    let fleet = open_fleet(settings).await?;
    let tenants = fleet.registry.tenants().await?;
    output.answer(&tenants, || {
        let rows = tenants.iter().map(|tenant| {
            vec![
                optional(tenant.subdomain.as_deref()),
                optional(tenant.name.as_deref()),
                plain(&tenant.status),
                plain(&tenant.cluster),
                optional(tenant.schema_version.as_deref()),
                plain(tenant.created_at.format("%F %H:%M").to_string()),
                plain(tenant.id.to_string()),
            ]
        });
        output.table(&HEADER, rows.collect())
    })?;
    Ok(Exit::Done)
}

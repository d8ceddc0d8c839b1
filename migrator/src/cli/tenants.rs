//! `migrator tenants`: which command does what, and what all of them share.

use indicatif::{ProgressBar, ProgressStyle};
use kernel::{Clock, Ids};
use serde_json::json;

use super::args::{Settings, UsageError};
use super::output::{Output, optional, plain};
use super::tenants_args::{TenantsArgs, TenantsCommand};
use super::{Exit, tenants_copies, tenants_life, tenants_move};
use crate::registry::Registry;
use crate::resolver::Resolver;
use crate::tenants::{Operator, Subject};

const HEADER: [&str; 7] = [
    "subdomain",
    "name",
    "status",
    "cluster",
    "version",
    "created",
    "id",
];
const TRANSITIONS: i64 = 10;
const TICK: std::time::Duration = std::time::Duration::from_millis(100);

pub(super) async fn tenants(
    settings: &Settings,
    output: &Output,
    args: &TenantsArgs,
) -> anyhow::Result<Exit> {
    use TenantsCommand::{
        Backup, Backups, Clone, Create, Delete, DropOld, Export, Limits, List, Move,
        ReleaseSubdomain, Rename, Restore, Resume, RotatePassword, Show, Suspend, Undelete,
    };
    let desk = Desk {
        settings,
        output,
        operator: operator(settings).await?,
    };
    match &args.command {
        List(args) => list(&desk, args.status.as_deref()).await,
        Show(args) => show(&desk, &args.name).await,
        Create(args) => tenants_life::create(&desk, args).await,
        Suspend(args) => tenants_life::suspend(&desk, args).await,
        Resume(args) => tenants_life::resume(&desk, &args.name).await,
        Rename(args) => tenants_life::rename(&desk, args).await,
        ReleaseSubdomain(args) => tenants_life::release_subdomain(&desk, &args.subdomain).await,
        Limits(args) => tenants_life::limits(&desk, args).await,
        Delete(args) => tenants_life::delete(&desk, args).await,
        Undelete(args) => tenants_life::undelete(&desk, &args.name).await,
        RotatePassword(args) => tenants_life::rotate_password(&desk, args).await,
        Clone(args) => tenants_copies::clone(&desk, args).await,
        Backup(args) => tenants_copies::backup(&desk, args).await,
        Backups(args) => tenants_copies::backups(&desk, args).await,
        Restore(args) => tenants_copies::restore(&desk, args).await,
        DropOld(args) => tenants_copies::drop_old(&desk, args).await,
        Export(args) => tenants_copies::export(&desk, args).await,
        Move(args) => tenants_move::move_tenant(&desk, args).await,
    }
}

/// What every command of an operator works with.
pub(super) struct Desk<'a> {
    pub(super) settings: &'a Settings,
    pub(super) output: &'a Output,
    pub(super) operator: Operator,
}

/// The services as the settings name them.
pub(super) fn services(settings: &Settings) -> anyhow::Result<Resolver> {
    let services = &settings.services;
    let url = services.resolver_url.clone();
    let url = url.ok_or(UsageError::Missing("MIGRATOR_RESOLVER_URL"))?;
    let secret = services.service_secret.as_ref();
    let secret = secret.ok_or(UsageError::Missing("MIGRATOR_SERVICE_SECRET"))?;
    Ok(Resolver::new(
        url,
        services.identity_api_url.clone(),
        secret,
    )?)
}

impl Desk<'_> {
    pub(super) fn resolver(&self) -> anyhow::Result<Resolver> {
        services(self.settings)
    }

    /// The named tenants, or all of them.
    pub(super) async fn chosen(&self, names: &[String], all: bool) -> anyhow::Result<Vec<Subject>> {
        if all {
            return Ok(self.operator.tenants().await?);
        }
        let mut chosen = Vec::new();
        for name in names {
            chosen.push(self.operator.tenant(name).await?);
        }
        Ok(chosen)
    }
}

/// The operator as the settings name it.
pub(super) async fn operator(settings: &Settings) -> anyhow::Result<Operator> {
    let admin = settings.admin()?.clone();
    let catalog = settings.catalog()?.database().unwrap_or_default();
    Ok(Operator {
        registry: Registry::open(&admin.with_database(catalog)).await?,
        admin,
        clock: Clock::system(),
        ids: Ids::system(),
        holder: format!("{} process {}", settings.host, std::process::id()),
    })
}

/// The step that runs, on a terminal only.
pub(super) struct Steps(ProgressBar);

impl Steps {
    pub(super) fn begin(output: Output, what: &str) -> Self {
        let bar = match output.draws() {
            true => ProgressBar::new_spinner(),
            false => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {elapsed}  {wide_msg}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(what.to_owned());
        if output.draws() {
            bar.enable_steady_tick(TICK);
        }
        Self(bar)
    }

    /// One of many is through.
    pub(super) fn of(output: Output, total: usize) -> Self {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let bar = match output.draws() {
            true => ProgressBar::new(total),
            false => ProgressBar::hidden(),
        };
        let template = "{bar:32} {pos}/{len}  {per_sec}  {eta} left  {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    pub(super) fn tell(&self, step: &str) {
        self.0.set_message(step.to_owned());
    }

    pub(super) fn at(&self, through: usize, total: usize, last: &str) {
        self.0.set_length(u64::try_from(total).unwrap_or(u64::MAX));
        self.0
            .set_position(u64::try_from(through).unwrap_or(u64::MAX));
        self.0.set_message(last.to_owned());
    }

    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}

async fn list(desk: &Desk<'_>, status: Option<&str>) -> anyhow::Result<Exit> {
    let mut tenants = desk.operator.everyone().await?;
    if let Some(status) = status {
        tenants.retain(|tenant| tenant.status == status);
    }
    desk.output.answer(&tenants, || {
        let rows = tenants.iter().map(|tenant| {
            vec![
                optional(tenant.subdomain.as_deref()),
                optional(tenant.name.as_deref()),
                plain(&tenant.status),
                plain(&tenant.cluster.name),
                optional(tenant.schema_version.as_deref()),
                plain(tenant.created_at.format("%F %H:%M").to_string()),
                plain(tenant.id.to_string()),
            ]
        });
        desk.output.table(&HEADER, rows.collect())
    })?;
    Ok(Exit::Done)
}

async fn show(desk: &Desk<'_>, name: &str) -> anyhow::Result<Exit> {
    let tenant = desk.operator.tenant(name).await?;
    let history = desk.operator.transitions(tenant.id, TRANSITIONS).await?;
    // A tenant whose database is away can still be looked at.
    let size = desk.operator.size(&tenant).await.ok();
    let document = json!({ "tenant": tenant, "database": size, "history": history });
    desk.output.answer(&document, || {
        let mut rows = facts(&tenant);
        if let Some(size) = &size {
            rows.push(("size", mebibytes(size.bytes)));
            rows.push(("sessions", size.sessions.to_string()));
        }
        let rows = rows
            .into_iter()
            .map(|(name, value)| vec![plain(name), plain(value)]);
        let facts = desk
            .output
            .table(&["", tenant.label().as_str()], rows.collect());
        let rows = history.iter().map(|step| {
            vec![
                plain(step.at.format("%F %T").to_string()),
                optional(step.from.as_deref()),
                plain(&step.to),
                optional(step.reason.as_deref()),
            ]
        });
        let history = desk
            .output
            .table(&["when", "from", "to", "why"], rows.collect());
        format!("{facts}\n\n{history}")
    })?;
    Ok(Exit::Done)
}

fn facts(tenant: &Subject) -> Vec<(&'static str, String)> {
    let some = |value: Option<&String>| value.cloned().unwrap_or_else(|| "-".to_owned());
    let mut rows = vec![
        ("id", tenant.id.to_string()),
        ("name", some(tenant.name.as_ref())),
        ("status", tenant.status.clone()),
        ("cluster", tenant.cluster.name.clone()),
        ("database", tenant.database.clone()),
        ("version", some(tenant.schema_version.as_ref())),
        ("limits", tenant.limits.to_string()),
        ("created", tenant.created_at.format("%F %T").to_string()),
    ];
    if let (Some(purpose), Some(until)) = (&tenant.held_for, tenant.held_until) {
        rows.push((
            "held",
            format!("for {purpose} until {}", until.format("%T")),
        ));
    }
    if let Some(at) = tenant.deletes_at {
        rows.push(("erased", at.format("%F %T").to_string()));
    }
    if !tenant.former_subdomains.is_empty() {
        rows.push(("former names", tenant.former_subdomains.join(", ")));
    }
    if let Some(error) = &tenant.last_error {
        rows.push(("last error", error.clone()));
    }
    rows
}

/// Bytes as a person reads them, with one digit after the point.
pub(super) fn mebibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) / (1024 * 1024);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

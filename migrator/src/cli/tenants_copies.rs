//! `migrator tenants` clone, backup, backups, restore, drop-old, export

use futures::StreamExt;
use serde::Serialize;
use serde_json::json;

use super::Exit;
use super::args::UsageError;
use super::output::{Tone, optional, plain};
use super::tenants::{Desk, Steps, mebibytes};
use super::tenants_args::{
    BackupArgs, BackupsArgs, CloneArgs, ExportArgs, RestoreArgs, ShelfArgs, SureArgs,
};
use crate::tenants::backup::{self, Backup, Retention, Shelf};
use crate::tenants::restore::{self, Newcomer, People, Restored};
use crate::tenants::{Error, Subject, export as archive};

/// Dumps at once: each is a process here and one at the server.
const DUMPS: usize = 2;

pub(super) async fn clone(desk: &Desk<'_>, args: &CloneArgs) -> anyhow::Result<Exit> {
    let source = desk.operator.tenant(&args.name).await?;
    let newcomer = Newcomer {
        subdomain: args.subdomain.clone(),
        name: args.organization.clone(),
        cluster: None,
        people: People::MembersOf(source.id),
    };
    let steps = Steps::begin(*desk.output, &source.label());
    steps.tell("copy");
    let cloned = restore::clone(&desk.operator, &desk.resolver()?, &source, &newcomer).await;
    steps.end();
    told(desk, &cloned?, "is a clone")
}

pub(super) async fn backup(desk: &Desk<'_>, args: &BackupArgs) -> anyhow::Result<Exit> {
    let shelf = shelf(&args.shelf)?;
    let retention = Retention {
        keep: args.keep,
        keep_days: args.keep_days,
    };
    let chosen = desk.chosen(&args.names, args.all).await?;
    let steps = Steps::of(*desk.output, chosen.len());
    let total = chosen.len();
    let shelf = &shelf;
    let backups = chosen.into_iter().map(|tenant| async move {
        let made = one(desk, shelf, &tenant, retention, args.verify).await;
        (tenant.label(), made)
    });
    let backups = futures::stream::iter(backups).buffer_unordered(DUMPS);
    futures::pin_mut!(backups);
    let mut lines = Vec::new();
    while let Some((tenant, made)) = backups.next().await {
        lines.push(Line::of(&tenant, &made, args.verify));
        steps.at(lines.len(), total, &tenant);
    }
    steps.end();
    lines.sort_by(|one, two| one.tenant.cmp(&two.tenant));
    let failed = lines.iter().filter(|line| line.error.is_some()).count();
    desk.output.answer(&lines, || {
        let table = desk.output.table(
            &["tenant", "backup", "size", "rows", "verified", "error"],
            lines.iter().map(Line::row).collect(),
        );
        format!(
            "{table}\n\n{} backed up, {failed} failed",
            lines.len() - failed
        )
    })?;
    Ok(if failed == 0 {
        Exit::Done
    } else {
        Exit::Failed
    })
}

async fn one(
    desk: &Desk<'_>,
    shelf: &Shelf,
    tenant: &Subject,
    retention: Retention,
    verify: bool,
) -> Result<Backup, Error> {
    let made = backup::make(&desk.operator, shelf, tenant, retention).await?;
    if verify {
        backup::verify(&desk.operator, &made, &|_step| {}).await?;
    }
    Ok(made)
}

/// A backup as it is told.
#[derive(Debug, Serialize)]
struct Line {
    tenant: String,
    backup: Option<String>,
    dump: Option<String>,
    size_bytes: Option<u64>,
    rows: Option<i64>,
    verified: bool,
    error: Option<String>,
}

impl Line {
    fn of(tenant: &str, made: &Result<Backup, Error>, verify: bool) -> Self {
        let whole = made.as_ref().ok();
        let rows = |backup: &Backup| backup.manifest.tables.values().map(|sum| sum.rows).sum();
        Self {
            tenant: tenant.to_owned(),
            backup: whole.map(Backup::reference),
            dump: whole.map(|backup| backup.dump.display().to_string()),
            size_bytes: whole.map(|backup| backup.manifest.size_bytes),
            rows: whole.map(rows),
            verified: verify && made.is_ok(),
            error: made.as_ref().err().map(chain),
        }
    }

    fn row(&self) -> Vec<(String, Tone)> {
        let number = |number: Option<String>| plain(number.unwrap_or_else(|| "-".to_owned()));
        vec![
            plain(&self.tenant),
            optional(self.backup.as_deref()),
            number(self.size_bytes.map(mebibytes)),
            number(self.rows.map(|rows| rows.to_string())),
            plain(if self.verified { "yes" } else { "-" }),
            (
                self.error.clone().unwrap_or_else(|| "-".to_owned()),
                Tone::Bad,
            ),
        ]
    }
}

pub(super) async fn backups(desk: &Desk<'_>, args: &BackupsArgs) -> anyhow::Result<Exit> {
    let backups = shelf(&args.shelf)?.list(args.name.as_deref()).await?;
    let manifests: Vec<_> = backups.iter().map(|backup| &backup.manifest).collect();
    desk.output.answer(&manifests, || {
        let rows = backups.iter().map(|backup| {
            let manifest = &backup.manifest;
            vec![
                plain(backup.reference()),
                plain(manifest.created_at.format("%F %T").to_string()),
                plain(mebibytes(manifest.size_bytes)),
                optional(manifest.schema_version.as_deref()),
                plain(manifest.tenant_id.to_string()),
            ]
        });
        let header = ["backup", "made", "size", "version", "tenant"];
        let table = desk.output.table(&header, rows.collect());
        format!("{table}\n\n{} backups", backups.len())
    })?;
    Ok(Exit::Done)
}

pub(super) async fn restore(desk: &Desk<'_>, args: &RestoreArgs) -> anyhow::Result<Exit> {
    let backup = shelf(&args.shelf)?.find(&args.backup).await?;
    match (&args.in_place, &args.subdomain, &args.organization) {
        (Some(tenant), _, _) => in_place(desk, args, &backup, tenant).await,
        (None, Some(subdomain), Some(organization)) => {
            let people = match &args.owner_email {
                Some(email) => People::Owner(email.clone()),
                None => People::MembersOf(backup.manifest.tenant_id),
            };
            let newcomer = Newcomer {
                subdomain: subdomain.clone(),
                name: organization.clone(),
                cluster: args.cluster.clone(),
                people,
            };
            let steps = Steps::begin(*desk.output, subdomain);
            let tell = |step: &str| steps.tell(step);
            let resolver = desk.resolver()?;
            let restored =
                restore::as_new(&desk.operator, &resolver, &backup, &newcomer, &tell).await;
            steps.end();
            told(desk, &restored?, "is restored as a new tenant")
        }
        _ => Err(UsageError::Refused("say --as with --name, or --in-place").into()),
    }
}

async fn in_place(
    desk: &Desk<'_>,
    args: &RestoreArgs,
    backup: &Backup,
    tenant: &str,
) -> anyhow::Result<Exit> {
    if !args.yes {
        return Err(UsageError::Refused(
            "what was done since the backup goes: look at it with --as first, or say --yes",
        )
        .into());
    }
    let subject = desk.operator.tenant(tenant).await?;
    let steps = Steps::begin(*desk.output, &subject.label());
    let tell = |step: &str| steps.tell(step);
    let resolver = desk.resolver()?;
    let restored = restore::in_place(&desk.operator, &resolver, backup, &subject, &tell).await;
    steps.end();
    let mut restored = restored?;
    if args.drop_old {
        restore::drop_kept(&desk.operator, &subject).await?;
        restored.kept = None;
    }
    told(desk, &restored, "is as it was when it was backed up")
}

pub(super) async fn drop_old(desk: &Desk<'_>, args: &SureArgs) -> anyhow::Result<Exit> {
    let subject = desk.operator.tenant(&args.name).await?;
    if !args.yes {
        let why = "the databases as they were before a restore cannot be had back: say --yes";
        return Err(UsageError::Refused(why).into());
    }
    let dropped = restore::drop_kept(&desk.operator, &subject).await?;
    desk.output.answer(&json!({ "dropped": dropped }), || {
        match dropped.is_empty() {
            true => "nothing was kept".to_owned(),
            false => format!("dropped {}", dropped.join(", ")),
        }
    })?;
    Ok(Exit::Done)
}

pub(super) async fn export(desk: &Desk<'_>, args: &ExportArgs) -> anyhow::Result<Exit> {
    let subject = desk.operator.tenant(&args.name).await?;
    let steps = Steps::begin(*desk.output, &subject.label());
    let tell = |step: &str| steps.tell(step);
    let manifest = archive::export(&desk.operator, &subject, &args.out, &tell).await;
    steps.end();
    let manifest = manifest?;
    desk.output.answer(&manifest, || {
        let rows: u64 = manifest.tables.values().sum();
        let tables = manifest.tables.len();
        format!("{}: {rows} rows of {tables} tables", args.out.display())
    })?;
    Ok(Exit::Done)
}

fn told(desk: &Desk<'_>, restored: &Restored, what: &str) -> anyhow::Result<Exit> {
    desk.output.answer(restored, || {
        let mut text = format!(
            "{} {what}: {} rows in {:.1} s",
            restored.subdomain,
            restored.rows,
            restored.duration_ms / 1000.0
        );
        if let Some(pause) = restored.pause_ms {
            text.push_str(&format!("; requests waited {pause:.0} ms"));
        }
        if let Some(kept) = &restored.kept {
            let then = "drop it with `migrator tenants drop-old`";
            text.push_str(&format!("\nthe database before is kept as {kept}: {then}"));
        }
        text
    })?;
    Ok(Exit::Done)
}

fn shelf(args: &ShelfArgs) -> Result<Shelf, UsageError> {
    let folder = args.dir.clone();
    folder
        .map(Shelf::new)
        .ok_or(UsageError::Missing("--dir or MIGRATOR_BACKUPS"))
}

/// An error with its causes, for a cell.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

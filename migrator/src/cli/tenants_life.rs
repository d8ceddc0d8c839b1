//! `migrator tenants` create, suspend, resume, rename, limits, delete, undelete, rotate-password

use std::time::Duration;

use kernel::TenantId;
use serde::Serialize;
use serde_json::json;

use super::Exit;
use super::args::UsageError;
use super::output::{Tone, plain};
use super::tenants::{Desk, Steps};
use super::tenants_args::{
    CreateArgs, DeleteArgs, Limit, LimitsArgs, RenameArgs, RotateArgs, SuspendArgs,
};
use crate::resolver::{Document, Limits};
use crate::tenants::restore::{Newcomer, People};
use crate::tenants::{erasure, restore};

/// Erasing asks every service and drops a database; a large one waits for a checkpoint.
const ERASURE_PATIENCE: Duration = Duration::from_secs(300);

pub(super) async fn create(desk: &Desk<'_>, args: &CreateArgs) -> anyhow::Result<Exit> {
    let newcomer = Newcomer {
        subdomain: args.subdomain.clone(),
        name: args.name.clone(),
        cluster: args.cluster.clone(),
        people: People::Owner(args.owner_email.clone()),
    };
    let id = restore::create(&desk.operator, &desk.resolver()?, &newcomer).await?;
    let document = json!({ "id": id, "subdomain": args.subdomain });
    desk.output.answer(&document, || {
        format!(
            "{} is there, and its owner is invited by mail",
            args.subdomain
        )
    })?;
    Ok(Exit::Done)
}

pub(super) async fn suspend(desk: &Desk<'_>, args: &SuspendArgs) -> anyhow::Result<Exit> {
    let tenant = desk.operator.tenant(&args.name).await?;
    let resolver = desk.resolver()?;
    let document = resolver.suspend(tenant.id, args.reason.as_deref()).await?;
    told(desk, &document, "answers no requests")
}

pub(super) async fn resume(desk: &Desk<'_>, name: &str) -> anyhow::Result<Exit> {
    let tenant = desk.operator.tenant(name).await?;
    let document = desk.resolver()?.resume(tenant.id).await?;
    told(desk, &document, "answers requests")
}

pub(super) async fn rename(desk: &Desk<'_>, args: &RenameArgs) -> anyhow::Result<Exit> {
    let tenant = desk.operator.tenant(&args.name).await?;
    let resolver = desk.resolver()?;
    let document = resolver.rename(tenant.id, &args.subdomain).await?;
    let former = tenant.label();
    told(
        desk,
        &document,
        &format!("is the name of {former} now, which redirects"),
    )
}

pub(super) async fn release_subdomain(desk: &Desk<'_>, name: &str) -> anyhow::Result<Exit> {
    desk.resolver()?.release_subdomain(name).await?;
    let document = json!({ "released": name });
    desk.output
        .answer(&document, || format!("{name} is free"))?;
    Ok(Exit::Done)
}

pub(super) async fn undelete(desk: &Desk<'_>, name: &str) -> anyhow::Result<Exit> {
    let tenant = desk.operator.tenant(name).await?;
    let document = desk.resolver()?.undelete(tenant.id).await?;
    told(desk, &document, "answers requests again")
}

pub(super) async fn limits(desk: &Desk<'_>, args: &LimitsArgs) -> anyhow::Result<Exit> {
    let tenant = desk.operator.tenant(&args.name).await?;
    let present: Limits = serde_json::from_value(tenant.limits.clone()).unwrap_or_default();
    let chosen = |asked: Option<Limit>, present| asked.map_or(present, |Limit(limit)| limit);
    let limits = Limits {
        people: chosen(args.people, present.people),
        projects: chosen(args.projects, present.projects),
        storage_bytes: chosen(args.storage_bytes, present.storage_bytes),
        requests_per_minute: chosen(args.requests_per_minute, present.requests_per_minute),
    };
    if limits != present {
        desk.resolver()?.limit(tenant.id, &limits).await?;
    }
    desk.output.answer(&limits, || {
        let number = |limit: Option<u64>| {
            plain(limit.map_or_else(|| "none".to_owned(), |limit| limit.to_string()))
        };
        let rows = [
            ("people", limits.people),
            ("projects", limits.projects),
            ("storage bytes", limits.storage_bytes),
            ("requests a minute", limits.requests_per_minute),
        ];
        let rows = rows.map(|(name, limit)| vec![plain(name), number(limit)]);
        desk.output
            .table(&["limit", tenant.label().as_str()], rows.into())
    })?;
    Ok(Exit::Done)
}

pub(super) async fn delete(desk: &Desk<'_>, args: &DeleteArgs) -> anyhow::Result<Exit> {
    let tenant = desk.operator.tenant(&args.name).await?;
    if !args.yes {
        return Err(UsageError::Refused(
            "deleting ends with everything of the tenant erased: look at it with `migrator tenants show`, then say --yes",
        )
        .into());
    }
    let grace = match args.now {
        true => Some(0),
        false => args.grace.map(|grace| grace.as_secs()),
    };
    let deleted = desk.resolver()?.delete(tenant.id, grace).await;
    if !args.now {
        let document = deleted?;
        let until = document.deletes_at.map(|at| at.format("%F %T").to_string());
        let until = until.unwrap_or_else(|| "its grace ends".to_owned());
        return told(
            desk,
            &document,
            &format!(
                "answers no requests; it is erased at {until} unless `migrator tenants undelete` comes first"
            ),
        );
    }
    // The sweeper may have been so quick that there was nobody left to tell about.
    if let Err(error) = deleted
        && error.code() != Some("not_found")
    {
        return Err(error.into());
    }
    let steps = Steps::begin(*desk.output, &tenant.label());
    steps.tell("erase database, role and every trace in the services");
    let certificate = erasure::erased(&desk.operator, tenant.id, ERASURE_PATIENCE).await;
    steps.end();
    let certificate = certificate?;
    desk.output.answer(&certificate, || {
        let report = serde_json::to_string_pretty(&certificate.report).unwrap_or_default();
        format!(
            "certificate of erasure\n\ntenant     {}\nsubdomain  {}\nerased     {}\n\n{report}",
            certificate.tenant_id,
            certificate.subdomain,
            certificate.erased_at.format("%F %T UTC"),
        )
    })?;
    Ok(Exit::Done)
}

/// What became of one tenant among many.
#[derive(Debug, Serialize)]
struct Rotated {
    tenant: String,
    id: TenantId,
    error: Option<String>,
}

pub(super) async fn rotate_password(desk: &Desk<'_>, args: &RotateArgs) -> anyhow::Result<Exit> {
    let resolver = desk.resolver()?;
    let chosen = desk.chosen(&args.names, args.all).await?;
    let steps = Steps::of(*desk.output, chosen.len());
    let mut rotated = Vec::new();
    for tenant in &chosen {
        let outcome = resolver.rotate_password(tenant.id).await;
        rotated.push(Rotated {
            tenant: tenant.label(),
            id: tenant.id,
            error: outcome.err().map(|error| error.to_string()),
        });
        steps.at(rotated.len(), chosen.len(), &tenant.label());
    }
    steps.end();
    let failed = rotated.iter().filter(|one| one.error.is_some()).count();
    desk.output.answer(&rotated, || {
        let failures = rotated.iter().filter_map(|one| {
            let error = one.error.clone()?;
            Some(vec![plain(&one.tenant), (error, Tone::Bad)])
        });
        let failures: Vec<_> = failures.collect();
        let counts = format!(
            "{} passwords rotated, {failed} failed",
            rotated.len() - failed
        );
        match failures.is_empty() {
            true => counts,
            false => format!(
                "{}\n\n{counts}",
                desk.output.table(&["tenant", "error"], failures)
            ),
        }
    })?;
    Ok(if failed == 0 {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn told(desk: &Desk<'_>, document: &Document, what: &str) -> anyhow::Result<Exit> {
    desk.output.answer(document, || {
        let name = document.subdomain.clone();
        format!("{} {what}", name.unwrap_or_else(|| document.id.to_string()))
    })?;
    Ok(Exit::Done)
}

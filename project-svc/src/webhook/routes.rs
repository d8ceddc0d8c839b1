//! HTTP of webhooks.

use events::topic::webhook::{WebhookCreated, WebhookDeleted, WebhookUpdated};
use httpkit::{
    Created, IfMatch, Json, ListQuery, NoContent, NoFilter, PageRequest, Problem, Versioned,
};
use kernel::{Page, WebhookId};
use sea_orm::ActiveValue::Set;

use super::secret::{FORMER_KEPT, Secret};
use super::store::{self, WebhookRow};
use super::target;
use super::view::{CreateWebhook, PatchWebhook, Webhook, WebhookWithSecret, patterns};
use crate::access::{Access, Allowed, Delete, ManageWebhooks, Read, Write, load};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::{project, webhook};
use crate::patch::{Meant, changed};
use crate::tenant::Tenant;
use crate::versions;

/// Webhooks of one organization.
const MOST: i64 = 20;

/// Create a webhook
///
/// It is told what happens from now on, in all projects unless one is named. The answer has the secret, which is shown
/// this once.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = CreateWebhook,
    responses((status = 201, description = "the webhook and its secret", body = WebhookWithSecret), WriteProblems))]
pub(super) async fn create_webhook(
    Allowed { tenant, .. }: Allowed<ManageWebhooks>,
    Json(body): Json<CreateWebhook>,
) -> Result<Created<Versioned<WebhookWithSecret>>, Problem> {
    let url = target::check(&tenant.state().webhooks, &body.url)?;
    if let Some(project) = body.project_id {
        load::<project::Model>(&tenant, project).await?;
    }
    let secret = Secret::random().map_err(Problem::internal)?;
    let new = new(&tenant, body, url.into(), &secret)?;
    let unit = tenant.begin().await?;
    store::lock(&unit).await?;
    if store::count(&unit).await? >= MOST {
        let detail = format!("an organization has {MOST} webhooks at most; delete one first");
        return Err(Problem::conflict("too_many_webhooks", detail));
    }
    let webhook = store::insert(&unit, new).await?;
    let event = WebhookCreated {
        webhook_id: webhook.id,
        created_by: tenant.user(),
    };
    tenant.emit(&unit, &event).await?;
    unit.commit().await?;
    Ok(Created {
        location: format!("/api/v1/webhooks/{}", webhook.id),
        body: with_secret(webhook, &secret),
    })
}

/// List webhooks
///
/// In the order they were made.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", params(PageRequest),
    responses((status = 200, description = "a page of webhooks", body = Page<Webhook>), ReadProblems))]
pub(super) async fn list_webhooks(
    Allowed { tenant, .. }: Allowed<ManageWebhooks>,
    ListQuery { page, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<Webhook>>, Problem> {
    let (after, limit) = (page.after()?, i64::from(page.limit) + 1);
    let rows = store::page(&tenant.read().await?, after, limit).await?;
    let key = |row: &webhook::Model| (row.created_at, row.id);
    Ok(Json(Page::of(rows, page.limit, key, Webhook::from)))
}

/// Get a webhook
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", params(("id" = WebhookId, Path)),
    responses((status = 200, description = "the webhook", body = Webhook), ReadProblems))]
pub(super) async fn get_webhook(access: Access<WebhookRow, Read>) -> Versioned<Webhook> {
    versioned(access.thing.0)
}

/// Change a webhook
///
/// Fields left out stay as they are. Switched on again, it is sent what waited.
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "webhooks", request_body = PatchWebhook,
    params(("id" = WebhookId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the webhook", body = Webhook), WriteProblems))]
pub(super) async fn update_webhook(
    access: Access<WebhookRow, Write>,
    if_match: IfMatch,
    Json(body): Json<PatchWebhook>,
) -> Result<Versioned<Webhook>, Problem> {
    let (tenant, WebhookRow(webhook)) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, body.version);
    let expected = meant.check(webhook.version)?;
    let url = match &body.url {
        Some(url) => Some(target::check(&tenant.state().webhooks, url)?.into()),
        None => None,
    };
    if let Some(Some(project)) = body.project_id {
        load::<project::Model>(&tenant, project).await?;
    }
    let changes = body.changes(url);
    let mut fields = changed(&changes);
    fields.retain(|field| field != "disabled_reason");
    if fields.is_empty() {
        return Ok(versioned(webhook));
    }
    let updated = write(&tenant, webhook.id, changes, fields, (meant, expected)).await?;
    Ok(versioned(updated))
}

/// Delete a webhook
///
/// With its log. What is being sent at this moment may still arrive.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks",
    params(("id" = WebhookId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_webhook(
    access: Access<WebhookRow, Delete>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    let (tenant, WebhookRow(webhook)) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, None);
    let expected = meant.check(webhook.version)?;
    let unit = tenant.begin().await?;
    if !store::delete(&unit, webhook.id, expected, tenant.now()).await? {
        return Err(meant.overtaken());
    }
    let webhook_id = webhook.id;
    tenant.emit(&unit, &WebhookDeleted { webhook_id }).await?;
    unit.commit().await?;
    Ok(NoContent)
}

/// Rotate a webhook's secret
///
/// For 24 hours requests are signed with the former secret too. The answer has the new one, which is shown this once.
#[utoipa::path(post, path = "/webhooks/{id}/rotate-secret", tag = "webhooks",
    params(("id" = WebhookId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the webhook and its new secret", body = WebhookWithSecret), WriteProblems))]
pub(super) async fn rotate_webhook_secret(
    access: Access<WebhookRow, Write>,
    if_match: IfMatch,
) -> Result<Versioned<WebhookWithSecret>, Problem> {
    let (tenant, WebhookRow(webhook)) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, None);
    meant.check(webhook.version)?;
    let secret = Secret::random().map_err(Problem::internal)?;
    let changes = webhook::ActiveModel {
        secret: Set(sealed(&tenant, webhook.id, &secret)?),
        former_secret: Set(Some(webhook.secret)),
        former_secret_until: Set(Some(tenant.now() + FORMER_KEPT)),
        ..Default::default()
    };
    // Of two at once one must not take the other's new secret for the former one.
    let meant = (meant, Some(webhook.version));
    let updated = write(
        &tenant,
        webhook.id,
        changes,
        vec!["secret".to_owned()],
        meant,
    )
    .await?;
    Ok(with_secret(updated, &secret))
}

async fn write(
    tenant: &Tenant,
    id: WebhookId,
    changes: webhook::ActiveModel,
    changed: Vec<String>,
    (meant, expected): (Meant, Option<i32>),
) -> Result<webhook::Model, Problem> {
    let unit = tenant.begin().await?;
    let updated =
        versions::update::<webhook::Entity>(&unit, id, changes, expected, tenant.now()).await?;
    let updated = updated.ok_or_else(|| meant.overtaken())?;
    let event = WebhookUpdated {
        webhook_id: id,
        changed,
    };
    tenant.emit(&unit, &event).await?;
    unit.commit().await?;
    // It may have been switched on, with something waiting.
    let due = &tenant.state().webhooks.due;
    due.note(tenant.member.tenant, tenant.now());
    Ok(updated)
}

fn new(
    tenant: &Tenant,
    body: CreateWebhook,
    url: String,
    secret: &Secret,
) -> Result<webhook::ActiveModel, Problem> {
    let (id, now) = (tenant.next_id(), tenant.now());
    Ok(webhook::ActiveModel {
        id: Set(id),
        url: Set(url),
        description: Set(body.description),
        events: Set(patterns(body.events)),
        project_id: Set(body.project_id),
        enabled: Set(body.enabled),
        disabled_reason: Set(None),
        secret: Set(sealed(tenant, id, secret)?),
        former_secret: Set(None),
        former_secret_until: Set(None),
        last_success_at: Set(None),
        created_by: Set(tenant.user()),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        deleted_at: Set(None),
    })
}

fn sealed(tenant: &Tenant, id: WebhookId, secret: &Secret) -> Result<Vec<u8>, Problem> {
    let keys = &tenant.state().webhooks.seal;
    let sealed = secret.seal(keys, tenant.member.tenant, id);
    sealed.map_err(Problem::internal)
}

fn versioned(webhook: webhook::Model) -> Versioned<Webhook> {
    let version = webhook.version;
    let body = webhook.into();
    Versioned { version, body }
}

fn with_secret(webhook: webhook::Model, secret: &Secret) -> Versioned<WebhookWithSecret> {
    let (version, secret) = (webhook.version, secret.text());
    let webhook = webhook.into();
    let body = WebhookWithSecret { webhook, secret };
    Versioned { version, body }
}

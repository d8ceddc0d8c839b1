//! HTTP of owners: changing a link, and giving it another code.

use std::sync::Arc;

use axum::extract::State;
use events::topic::link::LinkUpdated;
use httpkit::{IfMatch, Json, Problem, Versioned};
use kernel::{LinkId, UserId};
use sea_orm::TransactionTrait;

use super::access::Managed;
use super::model::{self, ResourceRef};
use super::routes::{origin, read_target, shown, take_slug};
use super::store;
use super::view::{LinkBody, PatchLink};
use crate::code::Code;
use crate::entity::link;
use crate::known::Stale;
use crate::policy::{Policy, Terms};
use crate::state::Shortener;

/// Changes a link, also for guests who are in. Fields left out stay as they are.
#[utoipa::path(
    patch, path = "/api/v1/links/{id}", tag = "links", operation_id = "update_link",
    security(("bearer" = [])),
    params(("id" = LinkId, Path), ("If-Match" = Option<String>, Header)),
    request_body = PatchLink,
    responses(
        (status = 200, body = LinkBody),
        (status = 404, description = "No such link, or not yours to see"),
        (status = 409, description = "`slug_taken`, `link_revoked`, or `stale_version`"),
        (status = 412, description = "`If-Match` names another version"),
        (status = 422, description = "Some fields are wrong"),
    )
)]
pub(super) async fn update_link(
    State(shortener): State<Arc<Shortener>>,
    Managed { member, link }: Managed,
    if_match: IfMatch,
    Json(patch): Json<PatchLink>,
) -> Result<Versioned<LinkBody>, Problem> {
    if_match.check(link.version)?;
    check_kept(&link)?;
    let mut next = patched(&shortener, &link, patch).await?;
    let changed = changed(&link, &next);
    if changed.is_empty() {
        return shown(&shortener, &link).await;
    }
    let policy = Policy::of(&shortener.db, link.tenant_id).await?;
    let now = shortener.clock.now();
    policy.check_change(&Terms::of(&link), &Terms::of(&next), now)?;
    // It may end again, and that is told again.
    next.ended_at = None;
    let updated = write(&shortener, member.user, &if_match, next, changed).await?;
    shown(&shortener, &updated).await
}

/// Gives a link another code: the address that was handed out is worth nothing from now on, and guests who are in
/// are out. A slug stays.
#[utoipa::path(
    post, path = "/api/v1/links/{id}/rotate", tag = "links", operation_id = "rotate_link",
    security(("bearer" = [])),
    params(("id" = LinkId, Path), ("If-Match" = Option<String>, Header)),
    responses(
        (status = 200, body = LinkBody),
        (status = 404, description = "No such link, or not yours to see"),
        (status = 409, description = "`link_revoked` or `stale_version`"),
        (status = 412, description = "`If-Match` names another version"),
    )
)]
pub(super) async fn rotate_link(
    State(shortener): State<Arc<Shortener>>,
    Managed { member, link }: Managed,
    if_match: IfMatch,
) -> Result<Versioned<LinkBody>, Problem> {
    if_match.check(link.version)?;
    check_kept(&link)?;
    let (code, mut next) = (Code::generate(), link);
    next.code_hash = code.hash().to_vec();
    let sealed = code.seal(&shortener.seal, next.id);
    next.sealed_code = sealed.map_err(Problem::internal)?;
    next.password_version += 1;
    let updated = write(&shortener, member.user, &if_match, next, vec!["code"]).await?;
    shown(&shortener, &updated).await
}

fn check_kept(link: &link::Model) -> Result<(), Problem> {
    if link.revoked_at.is_none() {
        return Ok(());
    }
    let detail = "a link that was taken back stays so; make a new one";
    Err(Problem::conflict("link_revoked", detail))
}

/// The link as the patch wants it.
async fn patched(
    shortener: &Shortener,
    link: &link::Model,
    patch: PatchLink,
) -> Result<link::Model, Problem> {
    let (now, mut next) = (shortener.clock.now(), link.clone());
    let resource = ResourceRef::of(link)?;
    if let Some(url) = &patch.url {
        if resource.thing().is_some() {
            let detail = "only a link to an address leads somewhere";
            return Err(Problem::field("/url", "not_possible", detail));
        }
        let origin = origin(shortener, link.tenant_id).await?;
        next.target = Some(read_target(&origin, url, "/url")?);
    }
    let (new_start, new_end) = (patch.starts_at.is_some(), patch.expires_at.is_some());
    set(&mut next.label, patch.label);
    set(&mut next.slug, patch.slug);
    set(&mut next.starts_at, patch.starts_at);
    set(&mut next.expires_at, patch.expires_at);
    set(&mut next.max_opens, patch.max_opens);
    set(&mut next.notify_first_open, patch.notify_first_open);
    if new_start || new_end {
        // An end that has passed is no mistake of who moves the start.
        let end = next.expires_at.filter(|end| new_end || *end > now);
        model::check_times(next.starts_at, end, now)?;
    }
    if let Some(shows) = patch.shows {
        (next.show_comments, next.show_people) = (shows.comments, shows.people);
    }
    if let Some(paused) = patch.paused {
        next.paused_at = paused.then(|| link.paused_at.unwrap_or(now));
    }
    if let Some(password) = patch.password {
        next.password_hash = match password {
            Some(password) => Some(shortener.passwords.hash(&password).await?),
            None => None,
        };
        next.password_version += 1;
    }
    let has_password = next.password_hash.is_some();
    model::check_slug(next.slug.as_deref(), resource.kind, has_password)?;
    Ok(next)
}

fn set<T>(field: &mut T, patch: Option<T>) {
    if let Some(value) = patch {
        *field = value;
    }
}

/// Names of the fields that differ, as the API calls them.
fn changed(before: &link::Model, after: &link::Model) -> Vec<&'static str> {
    let shows = |link: &link::Model| (link.show_comments, link.show_people);
    let fields = [
        ("label", before.label != after.label),
        ("slug", before.slug != after.slug),
        ("url", before.target != after.target),
        (
            "password",
            before.password_version != after.password_version,
        ),
        ("starts_at", before.starts_at != after.starts_at),
        ("expires_at", before.expires_at != after.expires_at),
        ("max_opens", before.max_opens != after.max_opens),
        ("shows", shows(before) != shows(after)),
        (
            "notify_first_open",
            before.notify_first_open != after.notify_first_open,
        ),
        ("paused", before.paused_at != after.paused_at),
    ];
    let differing = fields.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(name, _)| name).collect()
}

async fn write(
    shortener: &Shortener,
    actor: UserId,
    if_match: &IfMatch,
    next: link::Model,
    changed: Vec<&'static str>,
) -> Result<link::Model, Problem> {
    let event = LinkUpdated {
        link_id: next.id,
        resource: ResourceRef::of(&next)?.to_string(),
        changed: changed.into_iter().map(str::to_owned).collect(),
    };
    let stale = Stale::Link(next.id);
    let work = shortener.db.begin().await?;
    take_slug(&work, &next).await?;
    let updated = store::update(&work, next, shortener.clock.now()).await?;
    let updated = updated.ok_or_else(|| match if_match {
        IfMatch::Versions(_) => Problem::precondition_failed(),
        IfMatch::Any => Problem::conflict(
            "stale_version",
            "somebody changed it since it was read; read it again and repeat the change",
        ),
    })?;
    let envelope = shortener.envelope(updated.tenant_id, Some(actor), &event);
    events::outbox::emit(&work, &envelope).await?;
    stale.tell(&work).await?;
    work.commit().await?;
    shortener.known.forget(stale);
    shortener.wake.notify();
    Ok(updated)
}

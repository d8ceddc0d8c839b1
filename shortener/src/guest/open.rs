//! How a guest gets in.
//!
//! An open is counted when a session begins, not when a page is shown: reloads are free, and so
//! are HEAD and the previews of messengers.

use events::topic::link::LinkAccessed;
use http::HeaderMap;
use kernel::TenantId;

use super::access::Guest;
use super::answer::{Content, Format, Refusal, Shown};
use super::attempt::Attempt;
use super::visit::{Visit, is_machine};
use super::{shared, store};
use crate::links::model::{self, Standing, standing};
use crate::password;
use crate::state::Shortener;

/// GET and HEAD.
pub(super) async fn show(
    shortener: &Shortener,
    guest: &Guest,
    head: bool,
) -> Result<Shown, Refusal> {
    if admitted(shortener, guest) {
        return view(shortener, guest).await;
    }
    still_open(shortener, guest)?;
    if head || is_machine(&guest.headers) {
        let visit = visit(shortener, guest);
        if visit.bot && !head {
            record(shortener, guest, visit)?;
        }
        return Ok(Shown {
            content: Content::Landing,
            cookie: None,
        });
    }
    if guest.link.password_hash.is_some() {
        return Err(Refusal::PasswordRequired);
    }
    enter(shortener, guest).await
}

/// POST: a password, or the consent to open a link without one.
pub(super) async fn unlock(
    shortener: &Shortener,
    guest: &Guest,
    attempt: Attempt,
) -> Result<Shown, Refusal> {
    same_origin(shortener, guest.link.tenant_id, &guest.headers).await?;
    let shown = if admitted(shortener, guest) {
        view(shortener, guest).await?
    } else {
        still_open(shortener, guest)?;
        check_password(shortener, guest, attempt).await?;
        enter(shortener, guest).await?
    };
    Ok(match guest.format {
        Format::Json => shown,
        Format::Html => Shown {
            content: Content::SeeOther(guest.code.path()),
            cookie: shown.cookie,
        },
    })
}

fn admitted(shortener: &Shortener, guest: &Guest) -> bool {
    let now = shortener.clock.now();
    shortener.sessions.admits(&guest.headers, &guest.link, now)
}

fn still_open(shortener: &Shortener, guest: &Guest) -> Result<(), Refusal> {
    match standing(&guest.link, shortener.clock.now()) {
        Standing::Live => Ok(()),
        Standing::Expired => Err(Refusal::Expired),
        Standing::UsedUp => Err(Refusal::UsedUp),
        Standing::Revoked => Err(Refusal::Missing),
    }
}

async fn check_password(
    shortener: &Shortener,
    guest: &Guest,
    attempt: Attempt,
) -> Result<(), Refusal> {
    let Some(stored) = guest.link.password_hash.as_deref() else {
        return Ok(());
    };
    let password = attempt.password.ok_or(Refusal::PasswordRequired)?;
    let charged = shortener.throttle.charge(guest.link.id, guest.client);
    charged.map_err(Refusal::Throttled)?;
    let right = password::is_possible(&password)
        && shortener.passwords.verify(&password, Some(stored)).await?;
    if right {
        return Ok(());
    }
    store::count_failure(&shortener.db, &guest.link).await?;
    Err(Refusal::WrongPassword)
}

/// Begins a session. The thing is loaded first: an open is not spent on what cannot be shown.
async fn enter(shortener: &Shortener, guest: &Guest) -> Result<Shown, Refusal> {
    let shown = view(shortener, guest).await?;
    let now = shortener.clock.now();
    if !store::open(&shortener.db, &guest.link, now).await? {
        return Err(Refusal::UsedUp);
    }
    record(shortener, guest, visit(shortener, guest))?;
    let cookie = shortener.sessions.issue(&guest.link, &guest.code, now);
    Ok(Shown {
        cookie: Some(cookie),
        ..shown
    })
}

async fn view(shortener: &Shortener, guest: &Guest) -> Result<Shown, Refusal> {
    let resource = model::resource(&guest.link)?;
    let task = shared::load(&shortener.project, guest.link.tenant_id, resource).await?;
    let expires_at = guest.link.expires_at;
    Ok(Shown {
        content: Content::Task { task, expires_at },
        cookie: None,
    })
}

fn visit(shortener: &Shortener, guest: &Guest) -> Visit {
    let now = shortener.clock.now();
    shortener.visitors.visit(&guest.headers, guest.client, now)
}

fn record(shortener: &Shortener, guest: &Guest, visit: Visit) -> Result<(), Refusal> {
    let event = LinkAccessed {
        link_id: guest.link.id,
        resource: model::resource(&guest.link)?.to_string(),
        device: visit.device,
        bot: visit.bot,
        visitor: visit.visitor,
        referrer: visit.referrer,
    };
    let envelope = shortener.envelope(guest.link.tenant_id, None, &event);
    shortener.accesses.record(envelope);
    Ok(())
}

/// Refuses forms that other sites send. `Sec-Fetch-Site` decides where the browser sends it (Fetch
/// Metadata §2.3); our own pages' `Referrer-Policy: no-referrer` makes their `Origin` `null`, so
/// that one says nothing, and programs send neither.
async fn same_origin(
    shortener: &Shortener,
    tenant: TenantId,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return if site == "same-origin" {
            Ok(())
        } else {
            Err(Refusal::CrossSite)
        };
    }
    let Some(origin) = text("origin").filter(|origin| *origin != "null") else {
        return Ok(());
    };
    let own = shortener.tenants.origin(tenant).await;
    match own {
        Ok(Some(own)) if *own == *origin => Ok(()),
        Ok(_) | Err(_) => Err(Refusal::CrossSite),
    }
}

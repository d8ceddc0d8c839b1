//! How a guest gets in.
//!
//! An open is counted when a session begins, not when a page is shown: reloads are free, and so
//! are HEAD and the previews of messengers.

use http::HeaderMap;
use http::header::{REFERER, USER_AGENT};
use httpkit::context;
use kernel::TenantId;

use super::access::Guest;
use super::answer::{Content, Format, Refusal, Shown};
use super::attempt::Attempt;
use super::store::Opened;
use super::{shared, store};
use crate::entity::link;
use crate::known::Stale;
use crate::links::model::{Standing, standing};
use crate::password;
use crate::state::Shortener;
use crate::visits::Seen;

/// GET and HEAD.
pub(super) async fn show(
    shortener: &Shortener,
    guest: &Guest,
    head: bool,
) -> Result<Shown, Refusal> {
    if admitted(shortener, guest) {
        return view(shortener, guest).await;
    }
    let machine = shortener.agents.is_machine(&guest.headers);
    if head || machine {
        return preview(shortener, guest, head).await;
    }
    if guest.link.password_hash.is_some() {
        still_open(shortener, guest, &guest.link)?;
        return Err(Refusal::PasswordRequired);
    }
    enter(shortener, guest).await
}

/// What nobody looks at: it opens nothing, and tells what a link shows only where everybody who has it may know.
async fn preview(shortener: &Shortener, guest: &Guest, head: bool) -> Result<Shown, Refusal> {
    let link = &guest.link;
    if link.max_opens.is_some() {
        // How often it was opened is true in the database alone.
        let fresh = store::by_address(&shortener.db, link.tenant_id, &guest.address).await?;
        still_open(shortener, guest, &fresh.ok_or(Refusal::Missing)?)?;
    }
    if head {
        return Ok(Shown::new(Content::Landing(None)));
    }
    shortener.visits.record(seen(shortener, guest, true, false));
    let free = link.password_hash.is_none() && link.max_opens.is_none() && link.target.is_none();
    let shown = match free {
        true => Some(shared::load(shortener, link).await?.title()),
        false => None,
    };
    Ok(Shown::new(Content::Landing(shown)))
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
        still_open(shortener, guest, &guest.link)?;
        check_password(shortener, guest, attempt).await?;
        enter(shortener, guest).await?
    };
    Ok(match guest.format {
        Format::Json => shown,
        Format::Html => Shown {
            content: Content::SeeOther(guest.address.path()),
            cookie: shown.cookie,
        },
    })
}

fn admitted(shortener: &Shortener, guest: &Guest) -> bool {
    let now = shortener.clock.now();
    shortener.sessions.admits(&guest.headers, &guest.link, now)
}

fn still_open(shortener: &Shortener, guest: &Guest, link: &link::Model) -> Result<(), Refusal> {
    Refusal::of(standing(link, shortener.clock.now()), &guest.address)
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
    let charged = shortener.throttle.admit(guest.link.id, guest.client);
    charged.await.map_err(Refusal::Throttled)?;
    let right = password::is_possible(&password)
        && shortener.passwords.verify(&password, Some(stored)).await?;
    if right {
        return Ok(());
    }
    store::count_failure(&shortener.db, &guest.link, shortener.clock.now()).await?;
    Err(Refusal::WrongPassword)
}

/// Begins a session. The thing is loaded first: an open is not spent on what cannot be shown.
async fn enter(shortener: &Shortener, guest: &Guest) -> Result<Shown, Refusal> {
    let shown = view(shortener, guest).await?;
    let (link, now) = (&guest.link, shortener.clock.now());
    let capped = link.max_opens.is_some();
    if capped {
        let opened = store::open(&shortener.db, link, now).await?;
        if opened != Opened::Counted {
            shortener.known.forget(Stale::Link(link.id));
        }
        if opened == Opened::Refused {
            return Refusal::of(Standing::UsedUp, &guest.address).and(Err(Refusal::UsedUp));
        }
    }
    shortener
        .visits
        .record(seen(shortener, guest, false, !capped));
    // A redirect needs no session, unless there is something that a second one would ask for again.
    let stays = link.target.is_none() || capped || link.password_hash.is_some();
    let cookie = stays.then(|| shortener.sessions.issue(link, &guest.address, now));
    Ok(Shown { cookie, ..shown })
}

async fn view(shortener: &Shortener, guest: &Guest) -> Result<Shown, Refusal> {
    let link = &guest.link;
    let content = match &link.target {
        Some(path) => Content::Redirect(path.clone()),
        None => Content::Shared {
            shared: Box::new(shared::load(shortener, link).await?),
            expires_at: link.expires_at,
        },
    };
    Ok(Shown::new(content))
}

fn seen(shortener: &Shortener, guest: &Guest, bot: bool, uncounted: bool) -> Seen {
    Seen {
        at: shortener.clock.now(),
        link: guest.link.clone(),
        client: guest.client,
        agent: guest.headers.get(USER_AGENT).cloned(),
        referrer: guest.headers.get(REFERER).cloned(),
        bot,
        uncounted,
        traceparent: context::current().and_then(|current| current.traceparent.clone()),
    }
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

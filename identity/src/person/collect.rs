//! Makes an export: what identity keeps, then every service in every organization, page by page.

use httpkit::personal::{records, sources};
use kernel::{PersonRequestId, TenantId, UserId};
use sea_orm::{ConnectionTrait, DbErr, raw_sql};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::archive::Archive;
use super::job::JobError;
use super::model::Progress;
use super::{keepers, store};
use crate::avatar;
use crate::state::Identity;

/// Rows read from our own tables at a time.
const BATCH: u64 = 1_000;

/// Begins anew at every attempt: half a copy is no use.
pub(super) async fn export(
    identity: &Identity,
    id: PersonRequestId,
    person: UserId,
    progress: Progress,
) -> Result<(), JobError> {
    let mut archive = Archive::default();
    add_own(&identity.db, person, &mut archive).await?;
    for tenant in &progress.organizations {
        add_kept(identity, *tenant, person, &mut archive).await?;
        // It goes on: nobody else is to begin it too.
        let so_far = serde_json::to_value(&progress)?;
        store::keep(&identity.db, id, so_far, identity.clock.now()).await?;
    }
    let report = json!({
        "person": person,
        "made_at": identity.clock.now(),
        "organizations": progress.organizations,
        "left_out": progress.left_out,
        "left_out_because": "their rules ask for more than the session proved: export there",
        "files": archive.counts(),
    });
    let index = report.clone();
    let bytes = spawn_blocking(move || archive.zip(&index)).await??;
    let now = identity.clock.now();
    store::finish(&identity.db, id, report, Some(bytes), now).await?;
    tracing::info!(request.id = %id, user.id = %person, "export made");
    Ok(())
}

/// Everything that refers to the account, and what holds its address.
async fn add_own(
    db: &impl ConnectionTrait,
    person: UserId,
    archive: &mut Archive,
) -> Result<(), JobError> {
    for source in sources(db, "users").await? {
        // Good for minutes, and made of what other steps need: no data of the person's.
        if source.table == "one_time_tokens" || source.table == "provider_attempts" {
            continue;
        }
        let file = format!("identity/{}.{}.json", source.table, source.column);
        let mut after = String::new();
        loop {
            let rows = records(db, &source, person.uuid(), &after, BATCH).await?;
            for record in &rows {
                archive.add(&file, &record.row)?;
            }
            match rows.last() {
                Some(last) if u64::try_from(rows.len()).is_ok_and(|read| read == BATCH) => {
                    after.clone_from(&last.place);
                }
                _ => break,
            }
        }
    }
    if let Some(picture) = avatar::store::find(db, person).await? {
        archive.attach("identity/avatar.png", picture.content)?;
    }
    for (file, rows) in by_address(db, person).await? {
        for row in &rows {
            archive.add(file, row)?;
        }
    }
    Ok(())
}

/// Mail, without its text, which may carry tokens; invitations; the latest security events.
async fn by_address(
    db: &impl ConnectionTrait,
    person: UserId,
) -> Result<[(&'static str, Vec<Value>); 3], DbErr> {
    let mails = raw_sql!(
        Postgres,
        "select jsonb_build_object('recipient', m.recipient, 'subject', m.subject, 'created_at', m.created_at,
             'sent_at', m.sent_at, 'tenant_id', m.tenant_id) as row
         from mail_queue m join users u on u.email = m.recipient where u.id = {person}
         order by m.created_at limit 10000"
    );
    let invitations = raw_sql!(
        Postgres,
        "select to_jsonb(i) - 'token_hash' as row
         from invitations i join users u on u.email = i.email where u.id = {person}
         order by i.created_at limit 10000"
    );
    let events = raw_sql!(
        Postgres,
        "select to_jsonb(e) as row from audit_events e where e.actor_id = {person}
         order by e.created_at desc limit 10000"
    );
    let mut found = Vec::with_capacity(3);
    for statement in [mails, invitations, events] {
        let rows = db.query_all_raw(statement).await?;
        let rows: Result<Vec<Value>, DbErr> =
            rows.iter().map(|row| row.try_get("", "row")).collect();
        found.push(rows?);
    }
    let [mails, invitations, events] = <[Vec<Value>; 3]>::try_from(found).unwrap_or_default();
    Ok([
        ("identity/mail.json", mails),
        ("identity/invitations_of_the_address.json", invitations),
        ("identity/security_events.json", events),
    ])
}

async fn add_kept(
    identity: &Identity,
    tenant: TenantId,
    person: UserId,
    archive: &mut Archive,
) -> Result<(), JobError> {
    for (service, keeper) in identity.keepers.services() {
        let file = format!("{tenant}/{}.json", service.name());
        let mut cursor = None;
        loop {
            let page = keepers::records(keeper, tenant, person, cursor.as_deref()).await?;
            for record in &page.items {
                archive.add(&file, record)?;
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(())
}

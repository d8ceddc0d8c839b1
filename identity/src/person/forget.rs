//! What identity itself forgets of a person: the account with all that hangs on it, and whatever else holds the name
//! or the address.

use kernel::secret::sha256;
use kernel::{PersonRequestId, UserId};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QuerySelect, Statement, raw_sql};
use serde::Serialize;

use crate::audit;
use crate::entity::user;

/// What others are told where a name was.
const NOBODY: &str = "Former member";

/// How many rows were removed, or changed where that is said.
#[derive(Debug, Default, Serialize)]
pub(super) struct Forgotten {
    /// The account, with memberships, sessions, tokens, factors, picture and linked accounts.
    accounts: u64,
    /// Invitations of the address.
    invitations: u64,
    /// Mail to the address, and unsent invitations in the person's name.
    mails: u64,
    /// Mail that was asked for by naming the address.
    letters: u64,
    /// Tokens by mail that were not used.
    tokens: u64,
    /// Answers of keyed requests.
    answers: u64,
    /// Copies of the own data that were asked for.
    exports: u64,
    /// Events not told yet that lost the name.
    events_changed: u64,
    /// Security events that lost the network address.
    audit_events_changed: u64,
}

/// Forgets the person; one who is gone already is nothing to forget.
pub(super) async fn forget(
    db: &impl ConnectionTrait,
    person: UserId,
    request: PersonRequestId,
) -> Result<Forgotten, DbErr> {
    let mut forgotten = Forgotten::default();
    let held = user::Entity::find_by_id(person).lock_exclusive();
    if let Some(user) = held.one(db).await? {
        forget_account(db, &user, &mut forgotten).await?;
    }
    let text = person.to_string();
    let events = raw_sql!(
        Postgres,
        "update outbox set event = jsonb_set(event, array['data', 'name'], to_jsonb({NOBODY}::text))
         where event -> 'data' ->> 'user_id' = {text} and event -> 'data' -> 'name' is not null"
    );
    forgotten.events_changed = run(db, events).await?;
    let exports = raw_sql!(
        Postgres,
        "delete from person_requests where user_id = {person} and id <> {request}"
    );
    forgotten.exports = run(db, exports).await?;
    forgotten.audit_events_changed = audit::anonymize(db, person).await?;
    Ok(forgotten)
}

/// Forgets addresses that the account was to have, or had until lately, and the mail to them. To be asked before the
/// person leaves: the tokens that tell the addresses go then. A mailbox that has an account of its own keeps its mail.
pub(super) async fn forget_changes(db: &impl ConnectionTrait, person: UserId) -> Result<(), DbErr> {
    let mails = raw_sql!(
        Postgres,
        "delete from mail_queue m where not exists (select from users u where u.email = m.recipient)
         and m.recipient in (
             select t.payload ->> 'to' from one_time_tokens t
             where t.user_id = {person} and t.purpose = 'change_email'
             union select t.payload ->> 'from' from one_time_tokens t
             where t.user_id = {person} and t.purpose = 'change_email')"
    );
    run(db, mails).await?;
    let tokens = raw_sql!(
        Postgres,
        "delete from one_time_tokens where user_id = {person} and purpose = 'change_email'"
    );
    run(db, tokens).await?;
    let letters = raw_sql!(Postgres, "delete from letters where user_id = {person}");
    run(db, letters).await?;
    Ok(())
}

async fn forget_account(
    db: &impl ConnectionTrait,
    user: &user::Model,
    forgotten: &mut Forgotten,
) -> Result<(), DbErr> {
    let (id, email) = (user.id, user.email.as_str());
    let text = id.to_string();
    // Read before the invitations go with their inviter.
    let mails = raw_sql!(
        Postgres,
        "delete from mail_queue m where m.recipient = {email}
         or (m.sent_at is null and exists (
             select from invitations i
             where i.invited_by = {id} and i.email = m.recipient and i.tenant_id = m.tenant_id))"
    );
    forgotten.mails = run(db, mails).await?;
    let hash = sha256(email).to_vec();
    let letters = raw_sql!(
        Postgres,
        "delete from letters where user_id = {id} or email_hash = {hash}"
    );
    forgotten.letters = run(db, letters).await?;
    let invitations = raw_sql!(Postgres, "delete from invitations where email = {email}");
    forgotten.invitations = run(db, invitations).await?;
    let quoted = serde_json::to_string(email).unwrap_or_default();
    let tokens = raw_sql!(
        Postgres,
        "delete from one_time_tokens where user_id = {id} or strpos(payload::text, {quoted}) > 0"
    );
    forgotten.tokens = run(db, tokens).await?;
    let answers = raw_sql!(
        Postgres,
        "delete from idempotency_keys
         where strpos(scope, {text}) > 0 or strpos(body::text, {text}) > 0 or strpos(body::text, {quoted}) > 0"
    );
    forgotten.answers = run(db, answers).await?;
    let account = raw_sql!(Postgres, "delete from users where id = {id}");
    forgotten.accounts = run(db, account).await?;
    Ok(())
}

async fn run(db: &impl ConnectionTrait, statement: Statement) -> Result<u64, DbErr> {
    Ok(db.execute_raw(statement).await?.rows_affected())
}

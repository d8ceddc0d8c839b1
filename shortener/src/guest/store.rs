//! Queries of guests: one link by its code, and the counters on its row.

use chrono::{DateTime, Utc};
use kernel::TenantId;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, raw_sql};

use crate::code::Address;
use crate::entity::link::{Column, Entity, Model};
use crate::links::model::GUESSING;
use crate::policy;

/// The link behind a code or a slug, in this organization, not taken back, and not closed to guests.
pub(super) async fn by_address(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    address: &Address,
) -> Result<Option<Model>, DbErr> {
    let link = Entity::of_tenant(tenant)
        .filter(Column::RevokedAt.is_null())
        .filter(policy::lets_guests_in());
    let link = match address {
        Address::Code(code) => link.filter(Column::CodeHash.eq(code.hash().to_vec())),
        Address::Slug(slug) => link.filter(Column::Slug.eq(slug.as_str())),
    };
    link.one(db).await
}

/// What became of an open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opened {
    /// It was one of several that were left.
    Counted,
    /// It was the last.
    Last,
    /// None was left, or the link is another by now.
    Refused,
}

/// Counts one open, if one is left. One statement: of any number of guests at once no more pass
/// than may, and none on a password that was changed meanwhile.
pub(super) async fn open(
    db: &impl ConnectionTrait,
    link: &Model,
    now: DateTime<Utc>,
) -> Result<Opened, DbErr> {
    let (id, password_version) = (link.id, link.password_version);
    let opened = db.query_one_raw(raw_sql!(
        Postgres,
        "update links set opens = opens + 1
         where id = {id} and password_version = {password_version} and revoked_at is null and paused_at is null
             and (starts_at is null or starts_at <= {now}) and (expires_at is null or expires_at > {now})
             and (max_opens is null or opens < max_opens)
         returning opens >= max_opens as last"
    ));
    Ok(match opened.await? {
        None => Opened::Refused,
        Some(row) if row.try_get::<Option<bool>>("", "last")? == Some(true) => Opened::Last,
        Some(_) => Opened::Counted,
    })
}

/// Counts a wrong password, for the owner to see: of all time, and of the hour that began with the first.
pub(super) async fn count_failure(
    db: &impl ConnectionTrait,
    link: &Model,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let (id, since) = (link.id, now - GUESSING);
    let counted = db.execute_raw(raw_sql!(
        Postgres,
        "update links set failed_attempts = failed_attempts + 1,
             guesses = case when guessed_since > {since} then guesses + 1 else 1 end,
             guessed_since = case when guessed_since > {since} then guessed_since else {now} end
         where id = {id}"
    ));
    counted.await.map(drop)
}

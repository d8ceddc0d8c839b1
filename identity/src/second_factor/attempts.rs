//! How many codes may be tried for one account: five at once, then each waits twice as long as the one before, up
//! to four hours, until one is right.
//!
//! Whoever tries has proved the first factor. Even if the owner comes by each day and starts the count anew, that
//! leaves some 20 guesses a day, each three in a million. The owner is never locked out: recovery codes and passkeys
//! cannot be guessed and are not counted.

use chrono::{DateTime, Utc};
use httpkit::Problem;
use kernel::UserId;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};

/// Wrong codes in a row before the first wait.
const FREE: i32 = 5;
/// The first wait.
const WAIT_SECONDS: i32 = 30;
/// The longest wait.
const MAX_WAIT_SECONDS: i32 = 4 * 60 * 60;
/// Doubling is over long before.
const MAX_DOUBLINGS: i32 = 20;

#[derive(FromQueryResult)]
struct Block {
    blocked_until: DateTime<Utc>,
}

/// Counts one attempt, to be committed whatever comes of it; 429 when there were too many. Attempts of one account
/// queue on its row.
pub(super) async fn count(
    db: &impl ConnectionTrait,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let counted = db.execute_raw(raw_sql!(
        Postgres,
        "insert into second_factor_attempts as had (user_id, wrong, blocked_until) values ({user}, 1, {now})
         on conflict (user_id) do update set wrong = had.wrong + 1, blocked_until = {now} + case
             when had.wrong + 1 < {FREE} then interval '0'
             else make_interval(secs => least(
                 {WAIT_SECONDS} * power(2, least(had.wrong + 1 - {FREE}, {MAX_DOUBLINGS})), {MAX_WAIT_SECONDS}))
             end
         where had.blocked_until <= {now}"
    ));
    if counted.await?.rows_affected() == 1 {
        return Ok(());
    }
    let sql = raw_sql!(
        Postgres,
        "select blocked_until from second_factor_attempts where user_id = {user}"
    );
    let block = Block::find_by_statement(sql).one(db).await?;
    let wait = block.map_or(0, |block| (block.blocked_until - now).num_seconds());
    metrics::counter!("identity_attempts_throttled_total").increment(1);
    let wait = u64::try_from(wait).unwrap_or(0) + 1;
    Err(Problem::too_many("too_many_attempts", wait))
}

/// Forgets the attempts: one was right.
pub(super) async fn clear(db: &impl ConnectionTrait, user: UserId) -> Result<(), DbErr> {
    db.execute_raw(raw_sql!(
        Postgres,
        "delete from second_factor_attempts where user_id = {user}"
    ))
    .await
    .map(drop)
}

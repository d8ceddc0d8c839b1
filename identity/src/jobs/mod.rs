//! What happens without being asked: unfinished sign-ups are finished, and old rows forgotten.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::state::Identity;
use crate::{audit, letter, mail, one_time, person, personal_token, provider, session, signup};

/// Between two looks for what is old.
const FORGET_INTERVAL: Duration = Duration::from_secs(60);
/// Sent mail, kept without its text.
const SENT_MAIL_KEPT: TimeDelta = TimeDelta::days(7);
/// Idempotency keys are good for a day.
const KEYS_KEPT: TimeDelta = TimeDelta::days(2);
const SIGNUPS_KEPT: TimeDelta = TimeDelta::days(7);
/// As long as letters to one address are counted, and their attempts go on.
const LETTERS_KEPT: TimeDelta = TimeDelta::days(1);

/// Sweeps until shutdown; spawn it.
pub async fn sweep_forever(
    identity: Arc<Identity>,
    interval: Duration,
    shutdown: CancellationToken,
) {
    let mut forget_at = Instant::now();
    while !shutdown.is_cancelled() {
        log("sign-ups not swept", sweep(&identity).await);
        if Instant::now() >= forget_at {
            forget_at = Instant::now() + FORGET_INTERVAL;
            identity.throttle.forget_old();
            log("old rows not forgotten", forget(&identity).await);
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(interval) => {}
        }
    }
}

/// One sweep.
pub async fn sweep(identity: &Identity) -> Result<(), DbErr> {
    signup::sweep::sweep(identity).await
}

/// Forgets what is old.
pub async fn forget(identity: &Identity) -> Result<(), DbErr> {
    let (db, now) = (&identity.db, identity.clock.now());
    session::forget_expired(db, now).await?;
    session::device::forget_old(db, now).await?;
    one_time::forget_expired(db, now).await?;
    personal_token::forget_old(db, now).await?;
    letter::forget_old(db, now, LETTERS_KEPT).await?;
    provider::forget_expired(db, now).await?;
    mail::forget_sent(db, now, SENT_MAIL_KEPT).await?;
    signup::store::forget_old(db, now, SIGNUPS_KEPT).await?;
    audit::forget_old(db).await?;
    person::forget_old(db, now).await?;
    let sql = "delete from idempotency_keys where created_at < $1";
    let values = [(now - KEYS_KEPT).into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.execute_raw(statement).await.map(drop)
}

fn log(message: &str, outcome: Result<(), DbErr>) {
    if let Err(error) = outcome {
        tracing::warn!(error = &error as &dyn std::error::Error, "{message}");
    }
}

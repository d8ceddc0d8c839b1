//! `Idempotency-Key` on POST (draft-ietf-httpapi-idempotency-key-header): the same key and body
//! get the first answer again for a day.
//!
//! The key is claimed and the answer kept inside the transaction of the work itself, so that either
//! both are there or none. A twin that comes while the first still runs waits for it on the unique index.

use axum::extract::FromRequestParts;
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use http::request::Parts;
use kernel::secret::sha256;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, RuntimeErr, Statement, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Problem;

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);
const MAX_KEY_LENGTH: usize = 255;
/// SQLSTATE of `lock_timeout`.
const LOCK_NOT_AVAILABLE: &str = "55P03";

const CLAIM: &str = "insert into idempotency_keys (scope, key, fingerprint, created_at) values ($1, $2, $3, $4) \
    on conflict (scope, key) do update set fingerprint = excluded.fingerprint, body = null, created_at = excluded.created_at \
    where idempotency_keys.created_at < $5 returning key";
const READ: &str = "select fingerprint, body from idempotency_keys where scope = $1 and key = $2";
const REMEMBER: &str = "update idempotency_keys set body = $3 where scope = $1 and key = $2";

/// The header, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let Some(header) = parts.headers.get("idempotency-key") else {
            return Ok(Self(None));
        };
        match header.to_str() {
            Ok(key) if (1..=MAX_KEY_LENGTH).contains(&key.len()) => Ok(Self(Some(key.to_owned()))),
            _ => Err(Problem::bad_request(
                "malformed_idempotency_key",
                "`Idempotency-Key` must be 1 to 255 visible characters",
            )),
        }
    }
}

/// One piece of work that is to happen once.
#[derive(Debug)]
pub struct Once {
    scope: String,
    key: Option<String>,
    fingerprint: [u8; 32],
}

impl IdempotencyKey {
    /// Binds the key to who asks for what (`scope`, such as `create_task:<user>`) with which request.
    pub fn once(self, scope: String, request: &impl Serialize) -> Once {
        let fingerprint = sha256(serde_json::to_vec(request).unwrap_or_default());
        Once {
            scope,
            key: self.0,
            fingerprint,
        }
    }
}

impl Once {
    /// The answer given before, or `None` when the work is still to be done. Call it first thing in
    /// the transaction. 422 when the key came with another request, 409 when the first is still running.
    pub async fn replayed<T: DeserializeOwned>(
        &self,
        db: &impl ConnectionTrait,
        now: DateTime<Utc>,
    ) -> Result<Option<T>, Problem> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        let values: [Value; 5] = [
            self.scope.clone().into(),
            key.clone().into(),
            self.fingerprint.to_vec().into(),
            now.into(),
            (now - KEPT).into(),
        ];
        let claimed = db
            .query_one_raw(statement(CLAIM, values))
            .await
            .map_err(still_running)?;
        if claimed.is_some() {
            return Ok(None);
        }
        let values: [Value; 2] = [self.scope.clone().into(), key.clone().into()];
        let row = db
            .query_one_raw(statement(READ, values))
            .await?
            .ok_or_else(in_use)?;
        let (fingerprint, body): (Vec<u8>, Option<serde_json::Value>) =
            (row.try_get("", "fingerprint")?, row.try_get("", "body")?);
        if fingerprint != self.fingerprint {
            return Err(
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused")
                    .with_detail(
                        "this `Idempotency-Key` came with another request before; use a new one",
                    ),
            );
        }
        serde_json::from_value(body.ok_or_else(in_use)?)
            .map(Some)
            .map_err(Problem::internal)
    }

    /// Keeps the answer for a repetition. Call it last in the transaction.
    pub async fn remember(
        &self,
        db: &impl ConnectionTrait,
        answer: &impl Serialize,
    ) -> Result<(), Problem> {
        let Some(key) = &self.key else { return Ok(()) };
        let body = serde_json::to_value(answer).map_err(Problem::internal)?;
        let values: [Value; 3] = [self.scope.clone().into(), key.clone().into(), body.into()];
        db.execute_raw(statement(REMEMBER, values)).await?;
        Ok(())
    }
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

fn in_use() -> Problem {
    Problem::conflict(
        "idempotency_key_in_use",
        "the first request with this `Idempotency-Key` is still running",
    )
}

fn still_running(error: DbErr) -> Problem {
    let locked = match &error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            error
                .as_database_error()
                .and_then(|error| error.code())
                .is_some_and(|code| code == LOCK_NOT_AVAILABLE)
        }
        _ => false,
    };
    if locked { in_use() } else { error.into() }
}

//! The log as a file, written while it is read: a batch of rows at a time, whatever its length.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream::try_unfold;
use httpkit::text::harmless;
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{AuditEvent, Selection};
use super::store::{self, Key};
use crate::state::Identity;

/// Rows read at a time.
const BATCH: u64 = 1_000;

const COLUMNS: [&str; 10] = [
    "id",
    "created_at",
    "action",
    "succeeded",
    "actor_id",
    "actor_name",
    "target_id",
    "address",
    "user_agent",
    "detail",
];

/// How the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    /// Comma-separated values (RFC 4180) with a line of names. A cell that a spreadsheet would run begins with `'`.
    Csv,
    /// A JSON object a line.
    Jsonl,
}

/// Why an export ends before its end; the client sees a body that breaks off.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("read audit events")]
    Database(#[from] sea_orm::DbErr),
    #[error("write audit events as CSV")]
    Csv(#[from] csv::Error),
    #[error("write audit events as JSON")]
    Json(#[from] serde_json::Error),
}

struct Progress {
    identity: Arc<Identity>,
    selection: Selection,
    format: Format,
    after: Option<Key>,
    begun: bool,
    done: bool,
}

/// The whole selection, the latest first.
pub(super) fn stream(identity: Arc<Identity>, selection: Selection, format: Format) -> Response {
    let progress = Progress {
        identity,
        selection,
        format,
        after: None,
        begun: false,
        done: false,
    };
    let (media, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "audit-events.csv"),
        Format::Jsonl => ("application/jsonl", "audit-events.jsonl"),
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (CONTENT_TYPE, media.to_owned()),
        (CONTENT_DISPOSITION, disposition),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    let body = Body::from_stream(try_unfold(progress, next));
    (headers, body).into_response()
}

async fn next(mut progress: Progress) -> Result<Option<(Bytes, Progress)>, ExportError> {
    if progress.done {
        return Ok(None);
    }
    let db = &progress.identity.db;
    let rows = store::page(db, &progress.selection, progress.after, BATCH).await?;
    let more = u64::try_from(rows.len()).is_ok_and(|read| read == BATCH);
    let last = rows.last().map(|row| (row.created_at, row.id));
    let text = match progress.format {
        Format::Csv => csv_lines(&rows, !progress.begun)?,
        Format::Jsonl => json_lines(&rows)?,
    };
    (progress.begun, progress.done, progress.after) = (true, !more, last);
    Ok(Some((Bytes::from(text), progress)))
}

fn json_lines(rows: &[AuditEvent]) -> Result<Vec<u8>, ExportError> {
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, row)?;
        text.push(b'\n');
    }
    Ok(text)
}

fn csv_lines(rows: &[AuditEvent], with_names: bool) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if with_names {
        writer.write_record(COLUMNS)?;
    }
    for row in rows {
        let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let cells = [
            row.id.to_string(),
            row.created_at.to_rfc3339(),
            row.action.clone(),
            row.succeeded.to_string(),
            id(row.actor_id.map(kernel::UserId::uuid)),
            text(&row.actor_name),
            id(row.target_id),
            text(&row.address),
            text(&row.user_agent),
            row.detail.to_string(),
        ];
        writer.write_record(cells.map(harmless))?;
    }
    let written = writer.into_inner();
    Ok(written.map_err(|error| csv::Error::from(error.into_error()))?)
}

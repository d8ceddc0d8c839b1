//! A report as a file, written while its rows are read: a batch of them at a time, however many there are.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use futures::stream::try_unfold;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use httpkit::text::harmless;
use mongodb::Cursor;
use mongodb::bson::{Document, deserialize_from_document};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::model::Report;
use crate::store::StoreError;

/// Rows written at a time.
const BATCH: usize = 1_000;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    /// Comma-separated values (RFC 4180) with a line of names. A cell that a spreadsheet would run begins with `'`.
    Csv,
    /// A JSON array of objects.
    Json,
    /// A JSON object a line.
    Jsonl,
}

/// Why a file ends before its end; the client sees a body that breaks off.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("read rows")]
    Store(#[from] StoreError),
    #[error("write rows as CSV")]
    Csv(#[from] csv::Error),
    #[error("write rows as JSON")]
    Json(#[from] serde_json::Error),
}

/// A row, as it is stored.
#[derive(Debug, Deserialize)]
struct Row {
    key: Option<String>,
    numbers: Vec<Option<i64>>,
}

struct Progress {
    rows: Cursor<Document>,
    columns: Vec<&'static str>,
    format: Format,
    begun: bool,
    done: bool,
}

/// All rows of a report, read from `rows`.
pub(super) fn stream(report: &Report, rows: Cursor<Document>, format: Format) -> Response {
    let progress = Progress {
        rows,
        columns: report.columns(),
        format,
        begun: false,
        done: false,
    };
    let (media, ending) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
        Format::Json => ("application/json", "json"),
        Format::Jsonl => ("application/jsonl", "jsonl"),
    };
    let name = format!("report-{}.{ending}", report.report);
    let headers = [
        (CONTENT_TYPE, media.to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    let body = Body::from_stream(try_unfold(progress, next));
    (headers, body).into_response()
}

async fn next(mut progress: Progress) -> Result<Option<(Bytes, Progress)>, ExportError> {
    if progress.done {
        return Ok(None);
    }
    let mut rows = Vec::with_capacity(BATCH);
    while rows.len() < BATCH {
        let Some(document) = progress.rows.try_next().await.map_err(StoreError::from)? else {
            progress.done = true;
            break;
        };
        rows.push(deserialize_from_document(document).map_err(StoreError::from)?);
    }
    let text = match progress.format {
        Format::Csv => csv_lines(&progress, &rows)?,
        Format::Json => json_array(&progress, &rows)?,
        Format::Jsonl => json_lines(&progress, &rows)?,
    };
    progress.begun = true;
    Ok(Some((Bytes::from(text), progress)))
}

fn csv_lines(progress: &Progress, rows: &[Row]) -> Result<Vec<u8>, ExportError> {
    let mut builder = csv::WriterBuilder::new();
    let builder = builder.terminator(csv::Terminator::CRLF);
    let mut writer = builder.from_writer(Vec::new());
    if !progress.begun {
        writer.write_record(&progress.columns)?;
    }
    for row in rows {
        writer.write_field(harmless(row.key.clone().unwrap_or_default()))?;
        for number in &row.numbers {
            writer.write_field(number.map(|number| number.to_string()).unwrap_or_default())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    let written = writer.into_inner();
    Ok(written.map_err(|error| csv::Error::from(error.into_error()))?)
}

fn json_lines(progress: &Progress, rows: &[Row]) -> Result<Vec<u8>, ExportError> {
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, &object(progress, row))?;
        text.push(b'\n');
    }
    Ok(text)
}

fn json_array(progress: &Progress, rows: &[Row]) -> Result<Vec<u8>, ExportError> {
    let mut text = Vec::new();
    if !progress.begun {
        text.push(b'[');
    }
    for (place, row) in rows.iter().enumerate() {
        if progress.begun || place > 0 {
            text.extend(b",\n");
        }
        serde_json::to_writer(&mut text, &object(progress, row))?;
    }
    if progress.done {
        text.push(b']');
    }
    Ok(text)
}

/// A row with the names of its columns.
fn object(progress: &Progress, row: &Row) -> Map<String, Value> {
    let key = std::iter::once(Value::from(row.key.clone()));
    let values = key.chain(row.numbers.iter().copied().map(Value::from));
    let columns = progress.columns.iter().map(|column| (*column).to_owned());
    columns.zip(values).collect()
}

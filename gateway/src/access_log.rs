//! One line of JSON per request on standard output. Lines are collected and written in one go beside the
//! requests, so that a slow reader of the log slows nobody; what does not fit is dropped and counted.
//! `TENANTRY_LOG` turns it off like any other target: `info,access=off`.

use std::fmt::Write;

use chrono::SecondsFormat;
use http::StatusCode;
use kernel::Clock;
use runtime::App;
use runtime::layers::method_label;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

use crate::exchange::Exchange;

/// Lines that may wait.
const WAITING: usize = 16 * 1024;

/// Lines written at once.
const BATCH: usize = 512;

/// Takes lines.
#[derive(Clone)]
pub struct AccessLog {
    clock: Clock,
    lines: Sender<String>,
}

impl AccessLog {
    /// Starts the writer; it ends with the service, after the last line.
    pub fn start(app: &App) -> Self {
        let (lines, waiting) = channel(WAITING);
        app.spawn("access log", write(waiting, app.shutdown.clone()));
        Self {
            clock: app.clock.clone(),
            lines,
        }
    }

    /// Notes an answered request.
    pub fn note(&self, exchange: &Exchange, status: StatusCode) {
        if !tracing::enabled!(target: "access", tracing::Level::INFO) {
            return;
        }
        let mut line = String::with_capacity(400);
        let time = self
            .clock
            .now()
            .to_rfc3339_opts(SecondsFormat::Micros, true);
        let duration_ms = exchange.started.elapsed().as_secs_f64() * 1000.0;
        // Everything between quotes is of our own making and needs no escape. Writing to a string cannot fail.
        let _ = write!(
            line,
            "{{\"timestamp\":\"{time}\",\"level\":\"INFO\",\"target\":\"access\",\"message\":\"request\",\
             \"method\":\"{}\",\"route\":\"{}\",\"status\":{},\"duration_ms\":{duration_ms:.3},\
             \"request_id\":\"{}\",\"trace_id\":\"{}\"",
            method_label(&exchange.method),
            exchange.shown_path(),
            status.as_u16(),
            exchange.request_id,
            exchange.trace_id(),
        );
        if let Some(tenant) = exchange.tenant {
            let _ = write!(line, ",\"tenant.id\":\"{tenant}\"");
        }
        if let Some(user) = exchange.user {
            let _ = write!(line, ",\"user.id\":\"{user}\"");
        }
        if let Some(code) = exchange.code {
            let _ = write!(line, ",\"code\":\"{code}\"");
        }
        line.push_str("}\n");
        if self.lines.try_send(line).is_err() {
            metrics::counter!("access_log_lines_dropped_total").increment(1);
        }
    }
}

async fn write(mut lines: Receiver<String>, shutdown: CancellationToken) -> std::io::Result<()> {
    let mut stdout = tokio::io::stdout();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            _ = lines.recv_many(&mut batch, BATCH) => {}
            () = shutdown.cancelled() => lines.close(),
        }
        if batch.is_empty() && lines.is_closed() && lines.recv_many(&mut batch, BATCH).await == 0 {
            // The door may be closed a moment before the jobs are asked to end.
            shutdown.cancelled().await;
            return Ok(());
        }
        stdout.write_all(batch.concat().as_bytes()).await?;
        stdout.flush().await?;
        batch.clear();
    }
}

//! Logs to standard output, and traces to a collector where one is configured.

mod lines;

use std::error::Error;
use std::time::Duration;

use anyhow::Context;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use self::lines::Lines;
use crate::common::{Common, LogFormat};

/// A collector that hangs must not hold the exit.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

/// Keeps the exporter until the end.
pub(crate) struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Installs the process's subscriber.
pub(crate) fn start(service: &'static str, common: &Common) -> anyhow::Result<Telemetry> {
    let filter = EnvFilter::try_new(&common.log).context("TENANTRY_LOG is not a log filter")?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stdout);
    let lines = match common.log_format {
        LogFormat::Json => lines
            .event_format(Lines)
            .fmt_fields(JsonFields::new())
            .boxed(),
        LogFormat::Text => lines.compact().boxed(),
    };
    let traces = match &common.otlp_endpoint {
        Some(endpoint) => Some(exporter(service, endpoint.as_str())?),
        None => None,
    };
    let spans = traces
        .as_ref()
        .map(|traces| tracing_opentelemetry::layer().with_tracer(traces.tracer(service)));
    tracing_subscriber::registry()
        .with(spans)
        .with(lines)
        .with(filter)
        .try_init()
        .context("set up logging")?;
    Ok(Telemetry { traces })
}

impl Telemetry {
    /// Sends what is left.
    pub(crate) fn stop(self) {
        if let Some(traces) = self.traces {
            // Nobody is left to tell.
            let _ = traces.shutdown_with_timeout(EXPORT_TIMEOUT);
        }
    }
}

/// An error's text with those of everything below it.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(below) = cause {
        text.push_str(": ");
        text.push_str(&below.to_string());
        cause = below.source();
    }
    text
}

fn exporter(service: &'static str, endpoint: &str) -> anyhow::Result<SdkTracerProvider> {
    let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .with_timeout(EXPORT_TIMEOUT)
        .build()
        .context("TENANTRY_OTLP_ENDPOINT: set up the exporter")?;
    let resource = Resource::builder().with_service_name(service).build();
    Ok(SdkTracerProvider::builder()
        .with_resource(resource)
        .with_batch_exporter(exporter)
        .build())
}

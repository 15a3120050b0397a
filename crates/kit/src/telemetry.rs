//! Logs to stderr, metrics for Prometheus.

use std::io::IsTerminal as _;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl LogFormat {
    /// `text`, `json`, or `auto`: text on a terminal, JSON elsewhere.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            "auto" if std::io::stderr().is_terminal() => Some(Self::Text),
            "auto" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Installs the log writer of this process. `filter` is a level or a list such as
/// `info,nova_comet=debug`. Fails on a filter that cannot be read.
pub fn start_logs(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("log.level: {error}"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::NONE);
    let result = match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    result.map_err(|error| error.to_string())
}

/// Buckets of times, seconds: from the microseconds of a query to a minute.
const SECONDS: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    30.0, 60.0,
];

/// Installs the metrics recorder of this process; the handle renders the text for `/metrics`.
/// Its upkeep must be run every few seconds ([`upkeep`]).
pub fn start_metrics() -> Result<PrometheusHandle, String> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
        .map_err(|error| error.to_string())?
        .install_recorder()
        .map_err(|error| error.to_string())
}

/// Keeps the recorder's memory bounded until `stop` fires.
pub async fn upkeep(handle: PrometheusHandle, stop: tokio_util::sync::CancellationToken) {
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(5));
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => {}
            _ = tick.tick() => handle.run_upkeep(),
        }
    }
}

/// Where spans go. Clones share one queue; [`Traces::stop`] sends what is left.
#[derive(Debug, Clone)]
pub struct Traces {
    provider: opentelemetry_sdk::trace::SdkTracerProvider,
}

impl Traces {
    /// Sends spans to `endpoint` by OTLP over HTTP (protobuf), e.g. `http://127.0.0.1:4318`;
    /// `ratio` (0 to 1) of the traces that begin here is kept, those that a caller sampled
    /// always. Spans wait in a bounded queue and are dropped when the endpoint is too slow.
    pub fn start(endpoint: &str, ratio: f64) -> Result<Self, String> {
        use opentelemetry_otlp::{WithExportConfig as _, WithHttpConfig as _};
        use opentelemetry_sdk::trace::Sampler;
        let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        // The exporter's own thread blocks, and a blocking client must be made outside of
        // async code.
        let client = std::thread::spawn(reqwest::blocking::Client::new)
            .join()
            .map_err(|_| "the trace client could not be made".to_owned())?;
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(url)
            .build()
            .map_err(|error| error.to_string())?;
        let resource = opentelemetry_sdk::Resource::builder().with_service_name("nova").build();
        let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio))))
            .with_resource(resource)
            .build();
        Ok(Self { provider })
    }

    /// The tracer for calls.
    pub fn tracer(&self) -> opentelemetry_sdk::trace::SdkTracer {
        use opentelemetry::trace::TracerProvider as _;
        self.provider.tracer("nova")
    }

    /// Sends what is left and ends. Blocking.
    pub fn stop(&self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

//! The life of a service's process: arguments, settings, telemetry, start, serve, drain. Telemetry stops last,
//! so that what goes wrong on the way out is still told.

use std::convert::Infallible;
use std::fmt::Debug;
use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;

use crate::app::{self, App};
use crate::arguments::{self, Request as Asked};
use crate::common::{Common, Listeners};
use crate::config::{ConfigError, SHARED_PREFIX, Variables};
use crate::drain::{self, Drain};
use crate::listener::{self, Limits};
use crate::{admin, layers, metrics_page, telemetry};

/// The process of one service.
#[derive(Debug, Clone, Copy)]
pub struct Process {
    name: &'static str,
    limits: Limits,
}

/// Everything read from the environment.
struct Settings<C> {
    own: C,
    listeners: Listeners,
    common: Common,
}

impl Process {
    /// A service by its name, such as `project-svc`. Its variables begin with the name's own word in capitals:
    /// `tenant-resolver` reads `RESOLVER_…`, `project-svc` reads `PROJECT_…`, `identity` reads `IDENTITY_…`.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            limits: Limits::default(),
        }
    }

    /// Caps the connections of one client address; for the service that strangers reach.
    #[must_use]
    pub fn connections_per_address(mut self, most: usize) -> Self {
        self.limits.per_address = Some(most);
        self
    }

    /// Runs a service whose answers come from a router.
    pub fn run<C, F, Fut>(self, start: F) -> ExitCode
    where
        C: DeserializeOwned + Debug,
        F: FnOnce(C, App) -> Fut,
        Fut: Future<Output = anyhow::Result<Router>>,
    {
        self.run_bare(async move |config, app: App| {
            let (ids, health) = (app.ids.clone(), app.health.clone());
            let router = layers::wrap(start(config, app).await?, ids);
            Ok(layers::tell_of_leaving(router, health))
        })
    }

    /// Runs a service that does everything by itself, layers included.
    pub fn run_bare<C, F, S, B>(self, start: F) -> ExitCode
    where
        C: DeserializeOwned + Debug,
        F: AsyncFnOnce(C, App) -> anyhow::Result<S>,
        S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<tower::BoxError>,
    {
        let asked = match arguments::read(std::env::args().skip(1)) {
            Ok(Asked::Serve) => return self.finish(self.live(start)),
            Ok(other) => other,
            Err(argument) => {
                return self.finish(Err(anyhow::anyhow!(
                    "no such argument: {argument}; try --help"
                )));
            }
        };
        match arguments::answer::<C>(self.name, &self.prefix(), asked) {
            Ok(code) => code,
            Err(error) => self.finish(Err(error)),
        }
    }

    fn finish(self, result: anyhow::Result<()>) -> ExitCode {
        let Err(error) = result else {
            return ExitCode::SUCCESS;
        };
        let mut stderr = std::io::stderr().lock();
        for line in format!("{error:#}").lines() {
            let _ = writeln!(stderr, "{}: {line}", self.name);
        }
        ExitCode::FAILURE
    }

    fn live<C, F, S, B>(self, start: F) -> anyhow::Result<()>
    where
        C: DeserializeOwned + Debug,
        F: AsyncFnOnce(C, App) -> anyhow::Result<S>,
        S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<tower::BoxError>,
    {
        let settings = self.settings::<C>()?;
        app::install_tls();
        let executor = tokio::runtime::Runtime::new().context("start the executor")?;
        let telemetry = telemetry::start(self.name, &settings.common)?;
        let result = executor.block_on(self.serve(settings, start));
        if let Err(error) = &result {
            tracing::error!(reason = format!("{error:#}"), "cannot run");
        }
        // Tasks that outlived the drain are dropped here, before the last spans leave.
        executor.shutdown_background();
        telemetry.stop();
        result
    }

    async fn serve<C, F, S, B>(self, settings: Settings<C>, start: F) -> anyhow::Result<()>
    where
        C: Debug,
        F: AsyncFnOnce(C, App) -> anyhow::Result<S>,
        S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<tower::BoxError>,
    {
        let Settings {
            own,
            listeners,
            common,
        } = settings;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), config = ?own, ?listeners, ?common, "starting");
        let app = App::new(common);
        let page = metrics_page::install(self.name)?;
        let admin_socket = self.bind("ADMIN_LISTEN", listeners.admin_listen)?;
        let socket = self.bind("LISTEN", listeners.listen)?;

        let admin_drain = Drain::default();
        let admin = admin::router(app.health.clone(), page, app.pages.clone());
        tokio::spawn(listener::serve(
            admin_socket,
            admin,
            Limits::default(),
            admin_drain.clone(),
        ));

        let mut signalled = std::pin::pin!(drain::signalled());
        let service = tokio::select! {
            started = start(own, app.clone()) => started.context("cannot start")?,
            ended = &mut signalled => return ended.context("listen for signals"),
        };
        let drain = Drain::default();
        let limits = self.limits(&listeners);
        tokio::spawn(listener::serve(socket, service, limits, drain.clone()));
        app.health.started();
        tracing::info!(listen = %listeners.listen, admin = %listeners.admin_listen, "ready");

        signalled.await.context("listen for signals")?;
        drain::leave(&app, &drain).await;
        admin_drain.stop();
        Ok(())
    }

    fn settings<C: DeserializeOwned>(self) -> Result<Settings<C>, ConfigError> {
        let mut own = Variables::of_process(&self.prefix());
        let listeners = own.split_for::<Listeners>().read::<Listeners>();
        let own = own.read::<C>();
        let common = Variables::of_process(SHARED_PREFIX).read::<Common>();
        match (own, listeners, common) {
            (Ok(own), Ok(listeners), Ok(common)) => Ok(Settings {
                own,
                listeners,
                common,
            }),
            (own, listeners, common) => {
                let errors = [own.err(), listeners.err(), common.err()];
                Err(ConfigError::new(
                    errors
                        .into_iter()
                        .flatten()
                        .flat_map(ConfigError::into_lines)
                        .collect(),
                ))
            }
        }
    }

    fn bind(self, variable: &str, address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
        listener::bind(address).with_context(|| {
            format!(
                "cannot listen on {address}; free the address or set {}{variable}",
                self.prefix()
            )
        })
    }

    fn limits(self, listeners: &Listeners) -> Limits {
        Limits {
            connections: listeners.connections.unwrap_or(self.limits.connections),
            per_address: listeners
                .connections_per_address
                .or(self.limits.per_address),
            deadlines: self.limits.deadlines,
        }
    }

    fn prefix(self) -> String {
        let word = self.name.strip_prefix("tenant-").unwrap_or(self.name);
        format!(
            "{}_",
            word.strip_suffix("-svc")
                .unwrap_or(word)
                .to_ascii_uppercase()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_the_name_s_own_word() {
        assert_eq!(Process::new("tenant-resolver").prefix(), "RESOLVER_");
        assert_eq!(Process::new("project-svc").prefix(), "PROJECT_");
        assert_eq!(Process::new("identity").prefix(), "IDENTITY_");
    }
}

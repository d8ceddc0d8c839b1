//! One `main` for every service: settings, telemetry, listeners, health, background tasks and drain.
//!
//! ```no_run
//! # #[derive(Debug, serde::Deserialize)] struct Config {}
//! # async fn start(_: Config, _: runtime::App) -> anyhow::Result<axum::Router> { Ok(axum::Router::new()) }
//! fn main() -> std::process::ExitCode {
//!     runtime::run("identity", start)
//! }
//! ```

mod admin;
mod app;
mod arguments;
mod common;
pub mod config;
pub mod database;
mod drain;
mod health;
pub mod layers;
pub mod listener;
mod metrics_page;
mod pages;
mod process;
mod telemetry;

use std::fmt::Debug;
use std::process::ExitCode;

use axum::Router;
use serde::de::DeserializeOwned;

pub use app::{App, Outcome};
pub use common::{Common, Instances, LogFormat, Scheme};
pub use drain::Drain;
pub use health::{Health, Report, Status};
pub use pages::Pages;
pub use process::Process;

/// Runs a service whose answers come from a router. Its own settings have the name's prefix, see [`Process::new`];
/// the router gets the layers of [`layers`].
pub fn run<C, F, Fut>(name: &'static str, start: F) -> ExitCode
where
    C: DeserializeOwned + Debug,
    F: FnOnce(C, App) -> Fut,
    Fut: Future<Output = anyhow::Result<Router>>,
{
    Process::new(name).run(start)
}

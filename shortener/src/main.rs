//! The shortener's process.

use std::process::ExitCode;

use runtime::{App, Process};
use shortener::Config;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Process::new("shortener")
        .run_bare(async |config: Config, app: App| shortener::start(&config, &app).await)
}

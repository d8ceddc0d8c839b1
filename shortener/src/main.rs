//! The shortener's process.

use std::process::ExitCode;

use runtime::App;
use shortener::Config;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    runtime::run("shortener", async |config: Config, app: App| {
        shortener::start(&config, &app).await
    })
}

//! The tenant-resolver's process.

use std::process::ExitCode;

use runtime::App;
use tenant_resolver::Config;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    runtime::run("tenant-resolver", async |config: Config, app: App| {
        tenant_resolver::start(&config, &app)
    })
}

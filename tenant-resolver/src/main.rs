//! The tenant-resolver's process.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    runtime::run("tenant-resolver", async |config, app| {
        tenant_resolver::start(config, app)
    })
}

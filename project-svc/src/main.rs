//! The project service's process.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    runtime::run("project-svc", async |config, app| {
        project_svc::start(&config, &app)
    })
}

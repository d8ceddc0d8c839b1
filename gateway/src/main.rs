//! Starts the gateway.

use std::process::ExitCode;

use gateway::Config;
use runtime::{App, Process};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Enough for an office behind one address; one client cannot take every connection.
const CONNECTIONS_PER_ADDRESS: usize = 512;

fn main() -> ExitCode {
    Process::new("gateway")
        .connections_per_address(CONNECTIONS_PER_ADDRESS)
        .run_bare(async |config: Config, app: App| gateway::start(&config, &app))
}

//! `migrator`: see `migrator --help`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    migrator::cli::run().await
}

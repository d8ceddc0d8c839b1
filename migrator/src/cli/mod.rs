//! What the operator types. One file a command; `output` decides between table, plain text and JSON.

mod analytics;
mod args;
mod clusters;
mod demo;
mod doctor;
mod events;
mod fleet;
mod help;
mod init;
mod keys;
mod lint;
mod output;
mod plan;
mod progress;
mod status;
mod tenants;
mod tenants_args;
mod tenants_copies;
mod tenants_life;
mod tenants_move;
mod verify;

use std::process::ExitCode;

use clap::Parser;
use kernel::{Clock, Ids};

use crate::address::Address;
use crate::fleet::{Fleet, LeaseError, ListError, Platform, RunError};
use crate::registry::Registry;
use crate::schema::TENANT;
use args::{Cli, Command, Settings, UsageError};
use output::Output;

/// What the process answers its caller with; part of the interface, see `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Held = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Failed => Self::from(1),
            Exit::Usage => Self::from(2),
            Exit::Held => Self::from(3),
        }
    }
}

/// The whole program.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json);
    let exit = match dispatch(cli, &output).await {
        Ok(exit) => exit,
        Err(error) => {
            output.error(&error);
            exit_of(&error)
        }
    };
    exit.into()
}

async fn dispatch(cli: Cli, output: &Output) -> anyhow::Result<Exit> {
    let settings = &cli.settings;
    match cli.command {
        Command::Init => init::init(settings, output).await,
        Command::Status(args) => status::status(settings, output, &args).await,
        Command::Plan(args) => plan::plan(settings, output, &args).await,
        Command::Up(args) => fleet::up(settings, output, &args).await,
        Command::Down(args) => fleet::down(settings, output, &args).await,
        Command::Verify(args) => verify::verify(settings, output, &args).await,
        Command::Doctor => doctor::doctor(settings, output).await,
        Command::Lint(args) => lint::lint(output, &args).await,
        Command::Completions(args) => help::completions(&args),
        Command::Man => help::man(),
        Command::Tenants(args) => Box::pin(tenants::tenants(settings, output, &args)).await,
        Command::Clusters(args) => Box::pin(clusters::clusters(settings, output, &args)).await,
        Command::Seal(args) => clusters::seal(settings, output, &args).await,
        Command::Keys(args) => keys::keys(settings, output, &args).await,
        Command::Events(args) => events::events(settings, output, &args).await,
        Command::Analytics(args) => analytics::analytics(settings, output, &args).await,
        Command::Demo(args) => demo::demo(settings, output, &args).await,
    }
}

/// A usage mistake and a held lease have codes of their own; all else failed at work.
fn exit_of(error: &anyhow::Error) -> Exit {
    let held = |error: &LeaseError| matches!(error, LeaseError::Held { .. });
    if error.is::<UsageError>() {
        return Exit::Usage;
    }
    match error.downcast_ref::<RunError>() {
        Some(RunError::Lease(error)) if held(error) => Exit::Held,
        Some(RunError::Version { .. } | RunError::List(ListError::Nothing(_))) => Exit::Usage,
        _ => match error.downcast_ref::<ListError>() {
            Some(ListError::Nothing(_)) => Exit::Usage,
            _ => Exit::Failed,
        },
    }
}

/// The fleet as the settings name it.
async fn open_fleet(settings: &Settings) -> anyhow::Result<Fleet> {
    let admin = settings.admin()?;
    // The services' roles may not change a schema: their URLs only tell where, the operator's role does it.
    let operator = |service: &Address| admin.with_database(service.database().unwrap_or_default());
    let platform = Platform {
        catalog: operator(settings.catalog()?),
        identity: operator(settings.identity()?),
        shortener: operator(settings.shortener()?),
        tenants: TENANT,
    };
    Ok(Fleet {
        registry: Registry::open(&platform.catalog).await?,
        platform,
        clock: Clock::system(),
        ids: Ids::system(),
        parallel: settings.parallel(),
    })
}

//! The command line, and the settings that usually come from the environment.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use kernel::SealKey;
use serde::Serialize;
use url::Url;

use crate::address::Address;

const AFTER_HELP: &str = "\
Exit codes: 0 done · 1 at least one database failed · 2 wrong usage or setting · 3 another run holds the fleet

Examples:
  migrator init                      make roles, databases and the catalog on a bare server
  migrator up                        bring everything to the newest version
  migrator status --verify           ask every database where it stands
  migrator up --tenant acme --json   one tenant, for a machine to read
  migrator down --tenant acme --to 0002 --yes";

/// Keeps every database of Tenantry at one version
#[derive(Debug, Parser)]
#[command(name = "migrator", version, after_help = AFTER_HELP)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) settings: Settings,
    /// Answer with one JSON document on standard output
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make roles, databases and the catalog; may be repeated, sets passwords anew
    Init,
    /// Show where every database stands, from the catalog's notes
    Status(StatusArgs),
    /// Show what `up` would run where
    Plan(UpArgs),
    /// Move databases to the newest version: shared ones, templates, spares, tenants
    Up(UpArgs),
    /// Take one database back to an older version
    Down(DownArgs),
    /// Look at tenants
    Tenants(TenantsArgs),
    /// Make two demo organizations with four weeks of history
    Demo(DemoArgs),
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Connect to every database and note what it says
    #[arg(long)]
    pub(super) verify: bool,
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
}

#[derive(Clone, Debug, Default, Args, Serialize)]
pub(super) struct SelectionArgs {
    /// Only this tenant, by subdomain or id
    #[arg(long, value_name = "ID|SUBDOMAIN", conflicts_with = "database")]
    pub(super) tenant: Option<String>,
    /// Only this shared database
    #[arg(long, value_enum)]
    pub(super) database: Option<DatabaseArg>,
}

#[derive(Clone, Copy, Debug, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(super) enum DatabaseArg {
    Catalog,
    Identity,
    Shortener,
    Template,
}

#[derive(Clone, Debug, Args, Serialize)]
pub(super) struct UpArgs {
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    /// Stop at this version of the tenant schema, by name or number (0002)
    #[arg(long, value_name = "VERSION")]
    pub(super) to: Option<String>,
    /// Only show what would run, like `plan`
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Clone, Debug, Args, Serialize)]
pub(super) struct DownArgs {
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    /// The version to go back to, by name or number; 0 empties the database
    #[arg(long, value_name = "VERSION")]
    pub(super) to: String,
    /// Yes, lose the data that only the newer versions can hold
    #[arg(long)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct TenantsArgs {
    #[command(subcommand)]
    pub(super) command: TenantsCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum TenantsCommand {
    /// List tenants and spares
    List,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Where the gateway listens
    #[arg(long, value_name = "URL")]
    pub(super) gateway: Url,
    /// Where the mail server shows what it received
    #[arg(long, value_name = "URL")]
    pub(super) mail: Url,
    /// The domain clients see, with its port
    #[arg(long, default_value = "localhost:8080")]
    pub(super) domain: String,
    /// Where the addresses and logins are written
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

/// Where things are. Every one is better set by its environment variable.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct Settings {
    /// Operator's role, on a database that always exists
    #[arg(
        long,
        env = "MIGRATOR_ADMIN_URL",
        hide_env_values = true,
        global = true
    )]
    admin_url: Option<Address>,
    /// The catalog as its service connects to it
    #[arg(
        long,
        env = "MIGRATOR_CATALOG_URL",
        hide_env_values = true,
        global = true
    )]
    catalog_url: Option<Address>,
    /// Identity's database as its service connects to it
    #[arg(
        long,
        env = "MIGRATOR_IDENTITY_URL",
        hide_env_values = true,
        global = true
    )]
    identity_url: Option<Address>,
    /// The shortener's database as its service connects to it
    #[arg(
        long,
        env = "MIGRATOR_SHORTENER_URL",
        hide_env_values = true,
        global = true
    )]
    shortener_url: Option<Address>,
    /// The role that creates tenant databases
    #[arg(
        long,
        env = "MIGRATOR_PROVISIONER_URL",
        hide_env_values = true,
        global = true
    )]
    provisioner_url: Option<Address>,
    /// `<key id>:<base64 of 32 bytes>`, the one the resolver has
    #[arg(long, env = "MIGRATOR_SEAL_KEY", hide_env_values = true, global = true)]
    seal_key: Option<String>,
    /// Name of the first cluster
    #[arg(long, env = "MIGRATOR_CLUSTER", default_value = "local", global = true)]
    pub(super) cluster: String,
    /// Database on it that tenants are copied from
    #[arg(
        long,
        env = "MIGRATOR_TEMPLATE",
        default_value = "tenant_template",
        global = true
    )]
    pub(super) template: String,
    /// Databases worked on at once [default: twice the cores]
    #[arg(long, env = "MIGRATOR_PARALLEL", global = true)]
    parallel: Option<NonZeroUsize>,
    /// Name of this machine, for whoever finds the fleet held
    #[arg(
        long,
        env = "HOSTNAME",
        default_value = "localhost",
        global = true,
        hide = true
    )]
    pub(super) host: String,
}

/// Something the operator can put right by typing it differently.
#[derive(Debug, thiserror::Error)]
pub(super) enum UsageError {
    #[error("{0} is not set")]
    Missing(&'static str),
    #[error("MIGRATOR_SEAL_KEY: {0}")]
    SealKey(#[from] kernel::seal::SealError),
    #[error("{0}")]
    Refused(&'static str),
}

impl Settings {
    pub(super) fn admin(&self) -> Result<&Address, UsageError> {
        needed(self.admin_url.as_ref(), "MIGRATOR_ADMIN_URL")
    }

    pub(super) fn catalog(&self) -> Result<&Address, UsageError> {
        needed(self.catalog_url.as_ref(), "MIGRATOR_CATALOG_URL")
    }

    pub(super) fn identity(&self) -> Result<&Address, UsageError> {
        needed(self.identity_url.as_ref(), "MIGRATOR_IDENTITY_URL")
    }

    pub(super) fn shortener(&self) -> Result<&Address, UsageError> {
        needed(self.shortener_url.as_ref(), "MIGRATOR_SHORTENER_URL")
    }

    pub(super) fn provisioner(&self) -> Result<&Address, UsageError> {
        needed(self.provisioner_url.as_ref(), "MIGRATOR_PROVISIONER_URL")
    }

    pub(super) fn seal_key(&self) -> Result<SealKey, UsageError> {
        let text = needed(self.seal_key.as_deref(), "MIGRATOR_SEAL_KEY")?;
        Ok(SealKey::parse(text)?)
    }

    pub(super) fn parallel(&self) -> NonZeroUsize {
        self.parallel.unwrap_or_else(|| {
            let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
            cores.saturating_mul(NonZeroUsize::MIN.saturating_add(1))
        })
    }
}

fn needed<T>(value: Option<T>, name: &'static str) -> Result<T, UsageError> {
    value.ok_or(UsageError::Missing(name))
}

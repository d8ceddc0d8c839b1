//! The command line, and the settings that usually come from the environment.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use kernel::SealKey;
use serde::{Deserialize, Serialize};
use url::Url;

use super::analytics::AnalyticsArgs;
use super::clusters::{ClustersArgs, SealArgs};
use super::events::EventsArgs;
use super::keys::KeysArgs;
use super::tenants_args::{ServiceSettings, TenantsArgs};
use crate::address::Address;
use crate::fleet::{Canary, MaxFailures};

const AFTER_HELP: &str = "\
Exit codes: 0 done · 1 at least one database failed or differs · 2 wrong usage or setting · 3 another run holds the fleet

Examples:
  migrator init                      make roles, databases and the catalog on a bare server
  migrator up                        bring everything to the newest version, wave by wave
  migrator status --verify           ask every database where it stands
  migrator verify                    compare every tenant's real schema with its template
  migrator doctor                    what on the servers wants mending
  migrator up --tenant acme --json   one tenant, for a machine to read
  migrator down --tenant acme --to 0002 --yes";

const STATUS_HELP: &str = "\
Examples:
  migrator status                    a thousand tenants from the catalog's notes
  migrator status --cluster eu-1 --verify";

const PLAN_HELP: &str = "\
Examples:
  migrator plan                      every statement with its lock, and how many databases it would run in
  migrator plan --tenant acme --to 0003";

const UP_HELP: &str = "\
Waves: platform, template, spares, canary (the oldest tenants), one-percent, ten-percent, rest. A wave begins when the
one before is through. A failure among platform, template or canary halts the run; later ones when more than
--max-failures tenants failed. What has begun is finished. A tenant whose tables are locked is put off to the end of its wave.

Examples:
  migrator up --dry-run              run the steps everywhere in transactions that are rolled back
  migrator up --canary acme,globex --bake 60
  migrator up --canary 5 --max-failures 1%
  migrator up --wave template        the templates only
  migrator up --resume               go on with the run that was halted, stopped or killed";

const DOWN_HELP: &str = "\
Examples:
  migrator down --tenant acme --to 0002 --yes
  migrator down --database template --to 0002 --yes
  migrator down --cluster eu-1 --to 0002 --dry-run";

const VERIFY_HELP: &str = "\
Compares tables, columns, constraints, indexes, functions, triggers, owners, grants, the tenant's role and who may
connect. Exit code 1 when anything differs.

Examples:
  migrator verify
  migrator verify --tenant acme
  migrator verify --fix              give back missing grants and indexes, take CONNECT from everybody";

const LINT_HELP: &str = "\
A line `-- lint: allow RULE: reason` in the file lets it off one rule.

Examples:
  migrator lint
  migrator lint --release migrator/schema/released.json   note all steps as released: never to be edited again";

const DOCTOR_HELP: &str = "\
Exit code 1 when something must be mended; hints alone leave it at 0.

Examples:
  migrator doctor
  migrator doctor --json";

const COMPLETIONS_HELP: &str = "\
Examples:
  migrator completions bash > /etc/bash_completion.d/migrator
  migrator completions zsh > ~/.zfunc/_migrator
  migrator completions fish > ~/.config/fish/completions/migrator.fish";

const MAN_HELP: &str = "\
Examples:
  migrator man | man -l -
  migrator man > /usr/local/share/man/man1/migrator.1";

/// What a resumed run has from the run it goes on with.
const RESUMED: [&str; 8] = [
    "tenant",
    "database",
    "only_cluster",
    "to",
    "wave",
    "canary",
    "max_failures",
    "dry_run",
];

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
    #[command(after_help = "Example:\n  migrator init && migrator up")]
    Init,
    /// Show where every database stands, from the catalog's notes
    #[command(after_help = STATUS_HELP)]
    Status(StatusArgs),
    /// Show what `up` would run where, with each statement's lock
    #[command(after_help = PLAN_HELP)]
    Plan(PlanArgs),
    /// Move databases to the newest version: shared ones, templates, spares, tenants
    #[command(after_help = UP_HELP)]
    Up(UpArgs),
    /// Take databases back to an older version
    #[command(after_help = DOWN_HELP)]
    Down(DownArgs),
    /// Compare every tenant's real schema with its cluster's template
    #[command(after_help = VERIFY_HELP)]
    Verify(VerifyArgs),
    /// Look for what on the servers wants mending
    #[command(after_help = DOCTOR_HELP)]
    Doctor,
    /// Refuse migrations that are dangerous to run beside the previous release
    #[command(after_help = LINT_HELP)]
    Lint(LintArgs),
    /// Look after tenants: their life, copies, way to another cluster
    Tenants(TenantsArgs),
    /// Look after the PostgreSQL servers that hold tenants
    Clusters(ClustersArgs),
    /// Look after the key that stored secrets are sealed under
    Seal(SealArgs),
    /// Look after the keys that access tokens are signed with
    Keys(KeysArgs),
    /// Look after events between the services
    Events(EventsArgs),
    /// Look after the numbers of tenants
    Analytics(AnalyticsArgs),
    /// Make two demo organizations with four weeks of history
    #[command(
        after_help = "Example:\n  migrator demo --gateway http://127.0.0.1:8080 --mail http://127.0.0.1:8105 --out demo.json"
    )]
    Demo(DemoArgs),
    /// Write a shell's completion script to standard output
    #[command(after_help = COMPLETIONS_HELP)]
    Completions(CompletionsArgs),
    /// Write the manual page to standard output
    #[command(after_help = MAN_HELP)]
    Man,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Connect to every database and note what it says
    #[arg(long)]
    pub(super) verify: bool,
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
}

#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SelectionArgs {
    /// Only this tenant, by subdomain or id; may be repeated
    #[arg(long, value_name = "ID|SUBDOMAIN", conflicts_with_all = ["database", "only_cluster"])]
    pub(super) tenant: Vec<String>,
    /// Only this kind of shared database
    #[arg(long, value_enum, conflicts_with = "only_cluster")]
    pub(super) database: Option<DatabaseArg>,
    /// Only the template, spares and tenants of this cluster
    // Not `cluster` for clap: that is the setting's name.
    #[arg(id = "only_cluster", long = "cluster", value_name = "NAME")]
    pub(super) cluster: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(super) enum DatabaseArg {
    Catalog,
    Identity,
    Shortener,
    Template,
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    /// Stop at this version of the tenant schema, by name or number (0002)
    #[arg(long, value_name = "VERSION")]
    pub(super) to: Option<String>,
}

#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct UpArgs {
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    /// Stop at this version of the tenant schema, by name or number (0002)
    #[arg(long, value_name = "VERSION")]
    pub(super) to: Option<String>,
    #[command(flatten)]
    pub(super) rollout: RolloutArgs,
    /// Go on with the last run that was halted, stopped or killed, with its arguments
    #[arg(long, conflicts_with_all = RESUMED)]
    #[serde(skip)]
    pub(super) resume: bool,
}

#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct DownArgs {
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    /// The version to go back to, by name or number; 0 empties the database
    #[arg(long, value_name = "VERSION", required_unless_present = "resume")]
    pub(super) to: Option<String>,
    #[command(flatten)]
    pub(super) rollout: RolloutArgs,
    /// Yes, lose the data that only the newer versions can hold
    #[arg(long)]
    pub(super) yes: bool,
    /// Go on with the last run that was halted, stopped or killed, with its arguments
    #[arg(long, conflicts_with_all = RESUMED)]
    #[serde(skip)]
    pub(super) resume: bool,
}

/// How a run goes over the fleet.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct RolloutArgs {
    /// Only this wave
    #[arg(long, value_enum)]
    pub(super) wave: Option<WaveArg>,
    /// The first tenants to go: so many of the oldest, or these by name
    #[arg(long, value_name = "N|NAME,…")]
    pub(super) canary: Option<Canary>,
    /// Wait so long between the waves of tenants
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(super) bake: u64,
    /// More failed tenants than this halt the run [default: 2%]
    #[arg(long, value_name = "N|P%")]
    pub(super) max_failures: Option<MaxFailures>,
    /// Run the steps in transactions that are rolled back, and tell which would fail
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(super) enum WaveArg {
    Platform,
    Template,
    Spares,
    Canary,
    OnePercent,
    TenPercent,
    Rest,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    /// Mend what is safe: missing grants, missing indexes, CONNECT for everybody
    #[arg(long)]
    pub(super) fix: bool,
}

#[derive(Debug, Args)]
pub(super) struct LintArgs {
    /// Note every step as released in this file
    #[arg(long, value_name = "FILE")]
    pub(super) release: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// For which shell
    pub(super) shell: Shell,
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
    #[command(flatten)]
    pub(super) services: ServiceSettings,
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
    /// The broker, as the services connect to it
    #[arg(long, env = "MIGRATOR_AMQP_URL", hide_env_values = true, global = true)]
    amqp_url: Option<String>,
    /// `<key id>:<base64 of 32 bytes>`, the one the resolver has
    #[arg(long, env = "MIGRATOR_SEAL_KEY", hide_env_values = true, global = true)]
    seal_key: Option<String>,
    /// Name of the first cluster
    #[arg(
        long = "first-cluster",
        env = "MIGRATOR_CLUSTER",
        default_value = "local",
        global = true
    )]
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
        long = "machine",
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

    pub(super) fn amqp(&self) -> Result<&str, UsageError> {
        needed(self.amqp_url.as_deref(), "MIGRATOR_AMQP_URL")
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

//! The command line of `migrator tenants`, and where the services are that it asks.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use secrecy::SecretString;
use url::Url;

const TENANTS_HELP: &str = "\
A tenant is named by its subdomain, a former subdomain that still redirects, its id, or its database.

Examples:
  migrator tenants list
  migrator tenants backup --all --keep 14 --verify
  migrator tenants move acme --to eu-2";

const CREATE_HELP: &str = "\
The owner gets an invitation by mail and chooses a password there.

Example:
  migrator tenants create --subdomain acme --name 'Acme Ltd' --owner-email olivia@acme.example";

const RENAME_HELP: &str = "\
The former subdomain redirects until it is released.

Examples:
  migrator tenants rename acme acme-corp
  migrator tenants release-subdomain acme";

const LIMITS_HELP: &str = "\
Without options shows the limits. What is not named stays as it is; `none` lifts a limit.

Examples:
  migrator tenants limits acme --people 50 --projects 20
  migrator tenants limits acme --people none";

const CLONE_HELP: &str = "\
The members of the organization are members of the clone too. Requests to the source wait while it is copied.

Example:
  migrator tenants clone acme --as acme-trial --name 'Acme, to try things out'";

const BACKUP_HELP: &str = "\
Each backup is a pg_dump in custom format and a manifest with its SHA-256 and every table's rows and checksum, all of one
snapshot. Old backups go only after the new one is on the disk; the newest always stays.

Examples:
  migrator tenants backup acme
  migrator tenants backup --all --keep 14 --keep-days 30
  migrator tenants backup acme --verify      read it back into a database of its own and compare";

const RESTORE_HELP: &str = "\
A backup is named by the path of its dump, by `subdomain/stamp` as `migrator tenants backups` lists it, or by subdomain or
id alone: the newest. It is read back and compared before anything changes.

Examples:
  migrator tenants restore acme --as acme-yesterday --name 'Acme as it was'
  migrator tenants restore acme/20260131T020000000Z --in-place acme --yes
  migrator tenants drop-old acme --yes       the database as it was before the restore";

const MOVE_HELP: &str = "\
Copies by logical replication while the tenant works; then requests wait, a fraction of a second, for the switch. A failure
before the switch leaves everything as it was.

Examples:
  migrator tenants move acme --to eu-2
  migrator tenants move --resume             finish or undo what a killed migrator left";

const EXPORT_HELP: &str = "\
A .tar.gz with a file of JSON lines a table and a manifest; nothing in it is a secret of the system.

Example:
  migrator tenants export acme --out acme.tar.gz";

const DELETE_HELP: &str = "\
Until the end of the grace the tenant can be had back with `undelete`. At its end database, role and every trace in the
services are erased; `--now` waits for that and shows the certificate.

Examples:
  migrator tenants delete acme --grace 30d --yes
  migrator tenants delete acme --now --yes";

const ROTATE_HELP: &str = "\
Open connections stay; no request fails.

Examples:
  migrator tenants rotate-password acme
  migrator tenants rotate-password --all";

/// Where the services are whose tenants these are.
#[derive(Debug, Args)]
pub(super) struct ServiceSettings {
    /// Where the tenant-resolver's internal API is
    #[arg(long, env = "MIGRATOR_RESOLVER_URL", global = true)]
    pub(super) resolver_url: Option<Url>,
    /// Where identity's internal API is
    #[arg(long, env = "MIGRATOR_IDENTITY_API_URL", global = true)]
    pub(super) identity_api_url: Option<Url>,
    /// Where analytics' internal API is
    #[arg(long, env = "MIGRATOR_ANALYTICS_URL", global = true)]
    pub(super) analytics_url: Option<Url>,
    /// The secret that all services share
    #[arg(
        long,
        env = "MIGRATOR_SERVICE_SECRET",
        hide_env_values = true,
        global = true
    )]
    pub(super) service_secret: Option<SecretString>,
}

#[derive(Debug, Args)]
#[command(after_help = TENANTS_HELP)]
pub(super) struct TenantsArgs {
    #[command(subcommand)]
    pub(super) command: TenantsCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum TenantsCommand {
    /// List tenants, also those on their way out, and spares
    List(ListArgs),
    /// Show everything about one tenant
    Show(NameArgs),
    /// Make an organization with an invited owner
    #[command(after_help = CREATE_HELP)]
    Create(CreateArgs),
    /// Answer no requests of a tenant from now on
    Suspend(SuspendArgs),
    /// Answer the requests of a suspended tenant again
    Resume(NameArgs),
    /// Give a tenant another subdomain
    #[command(after_help = RENAME_HELP)]
    Rename(RenameArgs),
    /// Let anybody have a former subdomain
    ReleaseSubdomain(SubdomainArgs),
    /// Show or change what a tenant may use
    #[command(after_help = LIMITS_HELP)]
    Limits(LimitsArgs),
    /// Make a new tenant with a copy of another's data
    #[command(after_help = CLONE_HELP)]
    Clone(CloneArgs),
    /// Back tenants up
    #[command(after_help = BACKUP_HELP)]
    Backup(BackupArgs),
    /// List backups
    Backups(BackupsArgs),
    /// Make a backup a tenant again
    #[command(after_help = RESTORE_HELP)]
    Restore(RestoreArgs),
    /// Drop the databases that in-place restores of a tenant kept
    DropOld(SureArgs),
    /// Move a tenant to another cluster while it works
    #[command(after_help = MOVE_HELP)]
    Move(MoveArgs),
    /// Write what an organization takes with it
    #[command(after_help = EXPORT_HELP)]
    Export(ExportArgs),
    /// Erase a tenant after a grace
    #[command(after_help = DELETE_HELP)]
    Delete(DeleteArgs),
    /// Take a deletion back within its grace
    Undelete(NameArgs),
    /// Give tenants' database roles new passwords
    #[command(after_help = ROTATE_HELP)]
    RotatePassword(RotateArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only those in this state: active, suspended, deleting, spare, …
    #[arg(long)]
    pub(super) status: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct NameArgs {
    /// The tenant
    pub(super) name: String,
}

#[derive(Debug, Args)]
pub(super) struct SubdomainArgs {
    /// The former subdomain
    pub(super) subdomain: String,
}

#[derive(Debug, Args)]
pub(super) struct SureArgs {
    /// The tenant
    pub(super) name: String,
    /// Yes, it cannot be had back
    #[arg(long)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// Where it will answer
    #[arg(long)]
    pub(super) subdomain: String,
    /// What the organization is called
    #[arg(long)]
    pub(super) name: String,
    /// Who is invited as its first owner
    #[arg(long, value_name = "ADDRESS")]
    pub(super) owner_email: String,
    /// On which cluster [default: the one with the most room]
    #[arg(id = "on_cluster", long = "cluster", value_name = "NAME")]
    pub(super) cluster: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct SuspendArgs {
    /// The tenant
    pub(super) name: String,
    /// Why; kept with its history
    #[arg(long)]
    pub(super) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct RenameArgs {
    /// The tenant
    pub(super) name: String,
    /// Its subdomain from now on
    pub(super) subdomain: String,
}

#[derive(Debug, Args)]
pub(super) struct LimitsArgs {
    /// The tenant
    pub(super) name: String,
    /// Active members and open invitations
    #[arg(long, value_name = "N|none")]
    pub(super) people: Option<Limit>,
    /// Projects that are not archived
    #[arg(long, value_name = "N|none")]
    pub(super) projects: Option<Limit>,
    /// Bytes of files
    #[arg(long, value_name = "N|none")]
    pub(super) storage_bytes: Option<Limit>,
    /// Requests a minute, all people together
    #[arg(long, value_name = "N|none")]
    pub(super) requests_per_minute: Option<Limit>,
}

/// A number or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit(pub(super) Option<u64>);

impl std::str::FromStr for Limit {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self(None)),
            number => Ok(Self(Some(number.parse()?))),
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct CloneArgs {
    /// The tenant that is copied
    pub(super) name: String,
    /// Where the clone will answer
    #[arg(long = "as", value_name = "SUBDOMAIN")]
    pub(super) subdomain: String,
    /// What its organization is called
    #[arg(id = "organization", long = "name", value_name = "NAME")]
    pub(super) organization: String,
}

/// Where backups are.
#[derive(Debug, Args)]
pub(super) struct ShelfArgs {
    /// The folder of all backups
    #[arg(long, env = "MIGRATOR_BACKUPS", value_name = "FOLDER")]
    pub(super) dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["names", "all"]))]
pub(super) struct BackupArgs {
    /// The tenants
    pub(super) names: Vec<String>,
    /// Every tenant
    #[arg(long, conflicts_with = "names")]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) shelf: ShelfArgs,
    /// Keep so many backups of each tenant
    #[arg(long, value_name = "N")]
    pub(super) keep: Option<usize>,
    /// Keep the backups of so many days
    #[arg(long, value_name = "DAYS")]
    pub(super) keep_days: Option<u32>,
    /// Read each backup back and compare every table
    #[arg(long)]
    pub(super) verify: bool,
}

#[derive(Debug, Args)]
pub(super) struct BackupsArgs {
    /// Only of this tenant, by id or a subdomain it had
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub(super) shelf: ShelfArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("where").required(true).args(["subdomain", "in_place"]))]
pub(super) struct RestoreArgs {
    /// The backup
    pub(super) backup: String,
    /// Make a new tenant that answers there
    #[arg(long = "as", value_name = "SUBDOMAIN", requires = "organization")]
    pub(super) subdomain: Option<String>,
    /// What the new organization is called
    #[arg(
        id = "organization",
        long = "name",
        value_name = "NAME",
        conflicts_with = "in_place"
    )]
    pub(super) organization: Option<String>,
    /// Invite this first owner, instead of copying the members of the backed up organization
    #[arg(long, value_name = "ADDRESS", conflicts_with = "in_place")]
    pub(super) owner_email: Option<String>,
    /// On which cluster [default: the one with the most room]
    #[arg(
        id = "on_cluster",
        long = "cluster",
        value_name = "NAME",
        conflicts_with = "in_place"
    )]
    pub(super) cluster: Option<String>,
    /// Take this tenant back to the backup
    #[arg(long, value_name = "TENANT")]
    pub(super) in_place: Option<String>,
    /// Drop the database as it was before at once, instead of keeping it
    #[arg(long, requires = "in_place")]
    pub(super) drop_old: bool,
    /// Yes, what was done since the backup goes
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) shelf: ShelfArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["name", "resume"]))]
pub(super) struct MoveArgs {
    /// The tenant
    #[arg(requires = "to")]
    pub(super) name: Option<String>,
    /// The cluster it goes to
    #[arg(long, value_name = "CLUSTER")]
    pub(super) to: Option<String>,
    /// Compare every value before the switch, not only the number of rows; the pause grows with the data
    #[arg(long)]
    pub(super) verify: bool,
    /// Leave the database on the source, with connections off
    #[arg(long)]
    pub(super) keep_source: bool,
    /// Finish or undo the moves that a killed migrator left
    #[arg(long, conflicts_with_all = ["to", "verify", "keep_source"])]
    pub(super) resume: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The tenant
    pub(super) name: String,
    /// The archive
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    /// The tenant
    pub(super) name: String,
    /// How long it can be had back: 30d, 12h, 90m, 60s [default: the resolver's, 30 days]
    #[arg(long, value_name = "TIME", value_parser = grace)]
    pub(super) grace: Option<Duration>,
    /// Erase it at once and wait for the certificate
    #[arg(long, conflicts_with = "grace")]
    pub(super) now: bool,
    /// Yes, delete it
    #[arg(long)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["names", "all"]))]
pub(super) struct RotateArgs {
    /// The tenants
    pub(super) names: Vec<String>,
    /// Every tenant
    #[arg(long, conflicts_with = "names")]
    pub(super) all: bool,
}

/// `30d`, `12h`, `90m`, `60s`.
fn grace(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: write 30d, 12h, 90m or 60s");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let number = text.strip_suffix(unit).unwrap_or_default();
    let seconds = match unit {
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        's' => 1,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_not_a_number| wrong())?;
    let seconds = number.checked_mul(seconds).ok_or_else(wrong)?;
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grace_is_read_with_its_unit() {
        assert_eq!(grace("30d"), Ok(Duration::from_secs(30 * 86_400)));
        assert_eq!(grace("0s"), Ok(Duration::ZERO));
        for wrong in ["", "30", "d", "-1d", "1.5h", "99999999999999999999d"] {
            assert!(grace(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn limit_is_a_number_or_none() {
        assert_eq!("none".parse(), Ok(Limit(None)));
        assert_eq!("7".parse(), Ok(Limit(Some(7))));
        assert!("many".parse::<Limit>().is_err());
    }
}

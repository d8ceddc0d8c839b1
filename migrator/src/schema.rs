//! Every schema as an ordered list of versions; the SQL itself is in `migrator/schema/`.
//!
//! A released `.up.sql` is never edited: its checksum is stored with every database it ran in.

use std::fmt;

use kernel::secret;

/// One step from a version to the next.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// `NNNN_what_it_does`; also the name of the version it leads to.
    pub name: &'static str,
    /// The way there.
    pub up: &'static str,
    /// The way back.
    pub down: &'static str,
    /// Off for what PostgreSQL refuses inside a transaction (`create index concurrently`): such a
    /// file holds one statement that may be run again after it died half way.
    pub transactional: bool,
}

impl Migration {
    /// SHA-256 of the way there. The way back may still be mended after a release.
    pub fn checksum(&self) -> [u8; 32] {
        secret::sha256(self.up)
    }

    /// The same in lower-case hexadecimal digits.
    pub fn checksum_text(&self) -> String {
        let digits = self.checksum().map(|byte| format!("{byte:02x}"));
        digits.concat()
    }
}

/// All versions of one kind of database, oldest first.
#[derive(Clone, Copy)]
pub struct Schema {
    /// What kind of database this is.
    pub name: &'static str,
    /// The role that owns the objects, where it is not the one that connects.
    pub owner: Option<&'static str>,
    /// The steps, oldest first.
    pub migrations: &'static [Migration],
}

macro_rules! migration {
    ($schema:literal, $name:literal) => {
        Migration {
            name: $name,
            up: include_str!(concat!("../schema/", $schema, "/", $name, ".up.sql")),
            down: include_str!(concat!("../schema/", $schema, "/", $name, ".down.sql")),
            transactional: true,
        }
    };
}

/// An index that is built while its table is in use.
macro_rules! index {
    ($schema:literal, $name:literal) => {
        Migration {
            transactional: false,
            ..migration!($schema, $name)
        }
    };
}

/// The control plane's registry.
pub const CATALOG: Schema = Schema {
    name: "catalog",
    owner: None,
    migrations: &[
        migration!("catalog", "0001_registry"),
        migration!("catalog", "0002_migration_history"),
        migration!("catalog", "0003_lifecycle"),
        migration!("catalog", "0004_rollouts"),
    ],
};

/// People, memberships, sessions.
pub const IDENTITY: Schema = Schema {
    name: "identity",
    owner: None,
    migrations: &[
        migration!("identity", "0001_people_and_organizations"),
        migration!("identity", "0002_sessions_and_invitations"),
        migration!("identity", "0003_refresh_successors"),
        migration!("identity", "0004_operator_organizations"),
        migration!("identity", "0005_organization_rules"),
        migration!("identity", "0006_second_factors"),
        migration!("identity", "0007_sign_in_providers"),
        migration!("identity", "0008_personal_tokens"),
        migration!("identity", "0009_accounts"),
        migration!("identity", "0010_person_requests"),
        migration!("identity", "0011_organization_rules_checked"),
        index!("identity", "0012_memberships_by_role"),
        migration!("identity", "0013_invited_into_workspaces"),
    ],
};

/// Short links.
pub const SHORTENER: Schema = Schema {
    name: "shortener",
    owner: None,
    migrations: &[
        migration!("shortener", "0001_links"),
        migration!("shortener", "0002_link_options"),
        migration!("shortener", "0003_link_options_checked"),
        index!("shortener", "0004_links_by_slug"),
        index!("shortener", "0005_links_to_end"),
        index!("shortener", "0006_links_by_person"),
        migration!("shortener", "0007_link_policies"),
    ],
};

/// What every organization has a database of, and what the template holds.
pub const TENANT: Schema = Schema {
    name: "tenant",
    owner: Some(TENANT_OWNER),
    migrations: &[
        migration!("tenant", "0001_foundation"),
        migration!("tenant", "0002_projects_and_boards"),
        migration!("tenant", "0003_tasks_and_comments"),
        migration!("tenant", "0004_teams"),
        migration!("tenant", "0005_standing"),
        migration!("tenant", "0006_standing_checked"),
        migration!("tenant", "0007_task_details"),
        migration!("tenant", "0008_task_details_checked"),
        index!("tenant", "0009_tasks_by_parent"),
        index!("tenant", "0010_tasks_by_field"),
        index!("tenant", "0011_tasks_by_due"),
        index!("tenant", "0012_tasks_by_update"),
        index!("tenant", "0013_tasks_in_trash"),
        migration!("tenant", "0014_discussions"),
        migration!("tenant", "0015_discussions_checked"),
        index!("tenant", "0016_comments_of_project"),
        index!("tenant", "0017_comments_by_parent"),
        migration!("tenant", "0018_views_and_search"),
        migration!("tenant", "0019_search_filled"),
        index!("tenant", "0020_tasks_by_priority"),
        index!("tenant", "0021_tasks_in_archive"),
        migration!("tenant", "0022_search_similar"),
        migration!("tenant", "0023_webhooks"),
    ],
};

/// Owns every tenant database and all that is in it; nobody logs in as it.
pub const TENANT_OWNER: &str = "tenant_owner";

impl Schema {
    /// How many steps lead to the newest version.
    pub const fn head(&self) -> usize {
        self.migrations.len()
    }

    /// The name of the version after `steps` steps; none for an empty database.
    pub fn version(&self, steps: usize) -> Option<&'static str> {
        let last = steps.checked_sub(1)?;
        self.migrations.get(last).map(|migration| migration.name)
    }

    /// How many steps lead to a version, given by its name or its number; `0` is the empty database.
    pub fn steps(&self, version: &str) -> Option<usize> {
        let number = version.parse::<usize>().ok();
        if number == Some(0) {
            return Some(0);
        }
        let matches = |migration: &Migration| {
            let prefix = migration
                .name
                .split_once('_')
                .map(|(prefix, _)| prefix.parse());
            migration.name == version || number.is_some_and(|number| prefix == Some(Ok(number)))
        };
        let index = self.migrations.iter().position(matches)?;
        Some(index + 1)
    }

    /// How many steps a recorded version is behind the newest; none for a version unknown here.
    pub fn behind(&self, version: Option<&str>) -> Option<usize> {
        let steps = version.map_or(Some(0), |version| self.steps(version))?;
        self.head().checked_sub(steps)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({}, {} versions)", self.name, self.head())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbered_without_gaps() {
        for schema in [CATALOG, IDENTITY, SHORTENER, TENANT] {
            for (index, migration) in schema.migrations.iter().enumerate() {
                let number = format!("{:04}_", index + 1);
                assert!(migration.name.starts_with(&number), "{}", migration.name);
                assert!(!migration.down.trim().is_empty(), "{}", migration.name);
            }
        }
    }

    #[test]
    fn version_is_found_by_name_and_by_number() {
        for text in ["0002_projects_and_boards", "0002", "2"] {
            assert_eq!(TENANT.steps(text), Some(2), "{text}");
        }
        assert_eq!(TENANT.steps("0000"), Some(0));
        assert_eq!(TENANT.steps("0002_projects"), None);
        assert_eq!(TENANT.steps("99"), None);
        assert_eq!(TENANT.version(0), None);
        assert_eq!(TENANT.behind(None), Some(TENANT.head()));
        assert_eq!(TENANT.behind(Some("9999_from_the_future")), None);
    }
}

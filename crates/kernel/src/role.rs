//! Organization roles and the permissions they are made of.
//!
//! Services ask for a [`Permission`], never for a [`Role`]: a custom role is then only another set.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A person's role in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "sea-orm", derive(sea_orm::DeriveValueType))]
#[cfg_attr(feature = "sea-orm", sea_orm(value_type = "String"))]
pub enum Role {
    /// Everything, the organization itself included.
    Owner,
    /// People and projects.
    Admin,
    /// Projects, boards and what others made on them; analytics.
    Manager,
    /// Own work.
    Member,
    /// Reads only.
    Viewer,
}

impl Role {
    /// All roles, the mightiest first.
    pub const ALL: [Self; 5] = [
        Self::Owner,
        Self::Admin,
        Self::Manager,
        Self::Member,
        Self::Viewer,
    ];

    /// The name on the wire and in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// What the role may do. Each role may do what the next lower one may.
    pub fn permissions(self) -> Permissions {
        use Permission as P;
        let own: &[P] = match self {
            Self::Owner => &[P::OrganizationManage],
            Self::Admin => &[
                P::ProjectDelete,
                P::MemberInvite,
                P::MemberManage,
                P::RoleManage,
                P::TeamManage,
                P::WorkspaceManage,
                P::SecurityManage,
                P::AuditRead,
                P::WebhookManage,
            ],
            Self::Manager => &[
                P::ProjectCreate,
                P::ProjectUpdate,
                P::BoardManage,
                P::TaskDelete,
                P::AnalyticsRead,
                P::LinkManage,
            ],
            Self::Member => &[
                P::TaskCreate,
                P::TaskUpdate,
                P::CommentCreate,
                P::LinkCreate,
            ],
            Self::Viewer => &[P::ProjectRead, P::TaskRead, P::MemberRead],
        };
        let lower = match self {
            Self::Owner => Self::Admin.permissions(),
            Self::Admin => Self::Manager.permissions(),
            Self::Manager => Self::Member.permissions(),
            Self::Member => Self::Viewer.permissions(),
            Self::Viewer => Permissions::default(),
        };
        own.iter()
            .fold(lower, |set, permission| set.with(*permission))
    }

    /// Whether somebody of this role may give `other` to a person, or take it from one: an owner
    /// any, an admin all but owner, nobody else any.
    pub const fn may_grant(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => !matches!(other, Self::Owner),
            Self::Manager | Self::Member | Self::Viewer => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no role or permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown name `{0}`")]
pub struct UnknownName(String);

impl FromStr for Role {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| UnknownName(text.to_owned()))
    }
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal)+) => {
        /// One thing that may be done, as `subject:verb`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Permission {
            $($(#[$doc])* $variant,)+
        }

        impl Permission {
            /// Every permission there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name on the wire: in tokens, custom roles and API documents.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            const fn bit(self) -> u64 {
                match self { $(Self::$variant => 1 << Self::$variant as u8,)+ }
            }
        }
    };
}

permissions! {
    /// Rename, suspend or delete the organization.
    OrganizationManage = "organization:manage"
    /// See who belongs to the organization.
    MemberRead = "member:read"
    /// Invite people.
    MemberInvite = "member:invite"
    /// Change people's roles, remove them.
    MemberManage = "member:manage"
    /// Make and change the organization's own roles.
    RoleManage = "role:manage"
    /// Make teams and change who is in them.
    TeamManage = "team:manage"
    /// Make workspaces, change them and who is in them.
    WorkspaceManage = "workspace:manage"
    /// Rules of sign-in, identity providers, everybody's access tokens.
    SecurityManage = "security:manage"
    /// Read the log of security events.
    AuditRead = "audit:read"
    /// See projects and boards.
    ProjectRead = "project:read"
    /// Create projects.
    ProjectCreate = "project:create"
    /// Change projects.
    ProjectUpdate = "project:update"
    /// Delete projects.
    ProjectDelete = "project:delete"
    /// Add, change and remove columns.
    BoardManage = "board:manage"
    /// See tasks and comments.
    TaskRead = "task:read"
    /// Create tasks.
    TaskCreate = "task:create"
    /// Change, assign and move tasks.
    TaskUpdate = "task:update"
    /// Delete tasks, and comments of others.
    TaskDelete = "task:delete"
    /// Comment.
    CommentCreate = "comment:create"
    /// Share a task by a link, and revoke one's own links.
    LinkCreate = "link:create"
    /// See and revoke everybody's links.
    LinkManage = "link:manage"
    /// See the organization's analytics.
    AnalyticsRead = "analytics:read"
    /// Have events sent elsewhere.
    WebhookManage = "webhook:manage"
}

impl FromStr for Permission {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.as_str() == text)
            .ok_or_else(|| UnknownName(text.to_owned()))
    }
}

/// A set of permissions; on the wire a list of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u64);

impl Permissions {
    /// Whether `permission` is in the set.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// The set with `permission` in it.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | permission.bit())
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether all of `other` is in the set.
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// The members, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::default(), Self::with)
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Permission::as_str))
    }
}

impl<'de> Deserialize<'de> for Permissions {
    /// Names this version does not know are passed over: during a rolling deploy the issuer of a
    /// token may be newer than its reader, and an unknown permission grants nothing here.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Ok(names
            .iter()
            .filter_map(|name| name.parse().ok())
            .fold(Self::default(), Self::with))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_the_next_lower_may() {
        for pair in Role::ALL.windows(2) {
            let (higher, lower) = (pair[0].permissions(), pair[1].permissions());
            assert!(
                lower.iter().all(|permission| higher.contains(permission)),
                "{pair:?}"
            );
            assert_ne!(higher, lower);
        }
    }

    #[test]
    fn owner_may_do_everything() {
        assert_eq!(
            Role::Owner.permissions().iter().count(),
            Permission::ALL.len()
        );
    }

    #[test]
    fn viewer_may_only_read() {
        assert!(
            Role::Viewer
                .permissions()
                .iter()
                .all(|permission| permission.as_str().ends_with(":read"))
        );
        assert!(
            !Role::Viewer
                .permissions()
                .contains(Permission::AnalyticsRead)
        );
    }

    #[test]
    fn only_owners_make_owners() {
        assert!(Role::Owner.may_grant(Role::Owner));
        assert!(!Role::Admin.may_grant(Role::Owner));
        assert!(Role::Admin.may_grant(Role::Admin));
        assert!(!Role::Manager.may_grant(Role::Viewer));
    }

    #[test]
    fn permissions_travel_as_names_and_unknown_names_grant_nothing() {
        let set = Role::Viewer.permissions();
        let json = serde_json::to_string(&set).unwrap();
        assert_eq!(json, r#"["member:read","project:read","task:read"]"#);
        let newer = r#"["task:read","member:read","project:read","moon:land"]"#;
        assert_eq!(serde_json::from_str::<Permissions>(newer).unwrap(), set);
    }
}

//! The table of transitions: from where, to where, at whose word. No other change of a status exists.

use strum::EnumIter;

use crate::status::Status;

/// At whose word a transition happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The resolver itself: its builds and its sweeper.
    Resolver,
    /// A sign-up, identity's or the operator's.
    SignUp,
    /// The operator.
    Operator,
}

/// What a tenant is held for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, EnumIter, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Purpose {
    /// Its database goes to another cluster.
    Move,
    /// Its database is copied.
    Clone,
    /// Its database is replaced by a backup.
    Restore,
    /// Its schema changes.
    Migration,
}

/// A change of a tenant's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter)]
pub(crate) enum Transition {
    /// A build has ended well.
    Built,
    /// A build gave up.
    BuildFailed,
    /// A copy of another tenant's database has ended well; it is a claim from then on.
    Copied,
    /// A sign-up takes a spare.
    Claim,
    /// The sign-up is complete.
    Confirm,
    /// The sign-up gives the claim up.
    Abandon,
    /// The operator switches it off.
    Suspend,
    /// The operator switches it on again.
    Resume,
    /// Requests wait while its database is moved, copied or replaced.
    HoldDatabase,
    /// Requests wait while its schema changes.
    HoldSchema,
    /// Whoever held it lets it go.
    Release,
    /// Whoever held it has not let it go in time.
    EndHold,
    /// It is to be erased at the end of its grace.
    ScheduleDeletion,
    /// Taken back within the grace.
    Undelete,
    /// What nobody uses is to be dropped: half-built, failed, or a spare where nothing is placed any more.
    Condemn,
    /// Nothing of it is left.
    Erase,
}

/// What the table says of a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    /// The states it may leave.
    pub(crate) from: &'static [Status],
    /// The state it leads to.
    pub(crate) to: Status,
    /// At whose word.
    pub(crate) by: By,
    /// Whether connections made before must not be used after.
    pub(crate) ends_connections: bool,
}

impl From<Purpose> for Transition {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Move | Purpose::Clone | Purpose::Restore => Self::HoldDatabase,
            Purpose::Migration => Self::HoldSchema,
        }
    }
}

impl Transition {
    /// The table.
    pub(crate) fn rule(self) -> Rule {
        use Status::{
            Active, Deleted, Deleting, Failed, Migrating, Moving, Provisioning, Spare, Suspended,
        };
        let (from, to, by, ends_connections): (&'static [Status], _, _, _) = match self {
            Self::Built => (&[Provisioning], Spare, By::Resolver, false),
            Self::BuildFailed => (&[Provisioning], Failed, By::Resolver, false),
            Self::Copied => (&[Provisioning], Provisioning, By::Resolver, false),
            Self::Claim => (&[Spare], Provisioning, By::SignUp, false),
            Self::Confirm => (&[Provisioning], Active, By::SignUp, false),
            Self::Abandon => (&[Provisioning], Deleting, By::SignUp, true),
            Self::Suspend => (&[Active], Suspended, By::Operator, true),
            Self::Resume => (&[Suspended], Active, By::Operator, true),
            Self::HoldDatabase => (&[Active], Moving, By::Operator, true),
            Self::HoldSchema => (&[Active], Migrating, By::Operator, true),
            Self::Release => (&[Moving, Migrating], Active, By::Operator, true),
            Self::EndHold => (&[Moving, Migrating], Active, By::Resolver, true),
            Self::ScheduleDeletion => (&[Active, Suspended], Deleting, By::Operator, true),
            Self::Undelete => (&[Deleting], Active, By::Operator, true),
            Self::Condemn => (&[Provisioning, Failed, Spare], Deleting, By::Resolver, true),
            Self::Erase => (&[Deleting], Deleted, By::Resolver, true),
        };
        Rule {
            from,
            to,
            by,
            ends_connections,
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    fn ways_out(of: Status, by: By) -> Vec<Status> {
        Transition::iter()
            .map(Transition::rule)
            .filter(|rule| rule.from.contains(&of) && rule.by == by)
            .map(|rule| rule.to)
            .collect()
    }

    #[test]
    fn operator_reaches_exactly_these_states() {
        use Status::{Active, Deleting, Migrating, Moving, Suspended};
        let table: [(Status, &[Status]); 9] = [
            (Active, &[Suspended, Moving, Migrating, Deleting]),
            (Suspended, &[Active, Deleting]),
            (Moving, &[Active]),
            (Migrating, &[Active]),
            (Deleting, &[Active]),
            (Status::Spare, &[]),
            (Status::Provisioning, &[]),
            (Status::Failed, &[]),
            (Status::Deleted, &[]),
        ];
        for (from, to) in table {
            assert_eq!(ways_out(from, By::Operator), to, "{from}");
        }
    }

    #[test]
    fn nothing_comes_back_from_deleted_and_everything_else_has_a_way_on() {
        for status in Status::iter() {
            let leaves = Transition::iter().any(|way| way.rule().from.contains(&status));
            assert_eq!(leaves, status != Status::Deleted, "{status}");
        }
    }

    #[test]
    fn whatever_stops_or_starts_serving_ends_connections() {
        for rule in Transition::iter().map(Transition::rule) {
            let served = rule.from.contains(&Status::Active) || rule.to == Status::Active;
            if served && !rule.from.contains(&Status::Provisioning) {
                assert!(rule.ends_connections, "{rule:?}");
            }
        }
    }
}

//! The states of a tenant. Every change of state is one conditional update that names the state it leaves.
//!
//! A row in `provisioning` is a half-built spare while it has no subdomain, and an unconfirmed claim once it has.
//! A row in `deleting` without a subdomain is ours to drop; with one it waits out its grace.

use strum::{Display, EnumString};

use crate::error::Error;

/// `spare → provisioning → active ⇄ suspended → deleting → deleted`; also `migrating`, `moving`, `failed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// Built and waiting for a sign-up.
    Spare,
    /// Being built, or claimed and not yet confirmed.
    Provisioning,
    /// In use.
    Active,
    /// Switched off by the operator.
    Suspended,
    /// Held while its schema changes.
    Migrating,
    /// Held while it moves to another cluster.
    Moving,
    /// On its way out.
    Deleting,
    /// Gone; the row stays as a record.
    Deleted,
    /// Needs the operator.
    Failed,
}

impl Status {
    /// Reads the column.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        text.parse()
            .map_err(|_unknown: strum::ParseError| Error::Malformed("status"))
    }

    /// Whether a tenant's database may be connected to.
    pub(crate) fn serving(self) -> Result<(), Error> {
        match self {
            Self::Active => Ok(()),
            Self::Spare | Self::Deleting | Self::Deleted => Err(Error::Unknown),
            Self::Provisioning
            | Self::Suspended
            | Self::Migrating
            | Self::Moving
            | Self::Failed => Err(Error::NotServing(self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_active_tenant_is_connected_to() {
        assert!(Status::Active.serving().is_ok());
        assert!(matches!(
            Status::Suspended.serving(),
            Err(Error::NotServing(Status::Suspended))
        ));
        for gone in [Status::Spare, Status::Deleting, Status::Deleted] {
            assert!(matches!(gone.serving(), Err(Error::Unknown)));
        }
    }

    #[test]
    fn column_text_reads_back() {
        for status in [Status::Spare, Status::Provisioning, Status::Failed] {
            assert_eq!(Status::read(&status.to_string()).unwrap(), status);
        }
        assert!(Status::read("Active").is_err());
    }
}

//! The states of a tenant. How it gets from one to another is told by the table in `lifecycle::model`.
//!
//! A row in `provisioning` is a half-built database while it has no subdomain, and an unconfirmed claim once it has.
//! A row in `deleting` without a subdomain is ours to drop; with one it waits out its grace or is being erased.

use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use crate::error::Error;

/// `spare → provisioning → active ⇄ suspended → deleting → deleted`; also `migrating`, `moving`, `failed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display, EnumIter, EnumString, IntoStaticStr)]
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
    /// Held while its database is moved, copied or replaced.
    Moving,
    /// On its way out.
    Deleting,
    /// Gone; the row stays as a record.
    Deleted,
    /// Its build failed: the sweeper removes what there is of it.
    Failed,
}

impl Status {
    /// The text of the column.
    pub(crate) fn text(self) -> &'static str {
        self.into()
    }

    /// Reads the column.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        text.parse()
            .map_err(|_unknown: strum::ParseError| Error::Malformed("status"))
    }

    /// Whether requests wait a moment for the tenant.
    pub(crate) fn is_held(self) -> bool {
        matches!(self, Self::Migrating | Self::Moving)
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
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn only_an_active_tenant_is_connected_to() {
        assert!(Status::Active.serving().is_ok());
        for gone in [Status::Spare, Status::Deleting, Status::Deleted] {
            assert!(matches!(gone.serving(), Err(Error::Unknown)));
        }
        for shut in [Status::Suspended, Status::Moving, Status::Failed] {
            assert!(matches!(shut.serving(), Err(Error::NotServing(status)) if status == shut));
        }
    }

    #[test]
    fn column_text_reads_back() {
        for status in Status::iter() {
            assert_eq!(Status::read(status.text()).unwrap(), status);
        }
        assert!(Status::read("Active").is_err());
    }
}

//! Who may change whose role.

use httpkit::Problem;
use kernel::Role;

/// A change of a member's role.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    /// Role of who asks.
    pub(super) actor: Role,
    /// Role that the member has.
    pub(super) from: Role,
    /// Role that the member is to have.
    pub(super) to: Role,
    /// Owners of the organization now.
    pub(super) owners: u64,
}

/// Passes when nobody gives or takes a role above the own, and an owner stays.
pub(super) fn check(change: Change) -> Result<(), Problem> {
    if !change.actor.may_grant(change.from) || !change.actor.may_grant(change.to) {
        return Err(Problem::forbidden("role_not_grantable")
            .with_detail("your role does not reach that far"));
    }
    if change.from == Role::Owner && change.to != Role::Owner && change.owners <= 1 {
        return Err(Problem::conflict(
            "last_owner",
            "an organization needs an owner",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(actor: Role, from: Role, to: Role, owners: u64) -> Option<&'static str> {
        let change = Change {
            actor,
            from,
            to,
            owners,
        };
        check(change).err().map(|problem| problem.code())
    }

    #[test]
    fn roles_reach_as_far_as_they_may_grant() {
        use Role::{Admin, Manager, Member, Owner, Viewer};
        let table = [
            (Owner, Viewer, Owner, 1, None),
            (Owner, Owner, Admin, 2, None),
            (Owner, Owner, Admin, 1, Some("last_owner")),
            (Owner, Owner, Owner, 1, None),
            (Admin, Member, Admin, 1, None),
            (Admin, Owner, Member, 2, Some("role_not_grantable")),
            (Admin, Admin, Owner, 1, Some("role_not_grantable")),
            (Manager, Viewer, Viewer, 1, Some("role_not_grantable")),
        ];
        for (actor, from, to, owners, expected) in table {
            assert_eq!(
                code(actor, from, to, owners),
                expected,
                "{actor}: {from} to {to}"
            );
        }
    }
}

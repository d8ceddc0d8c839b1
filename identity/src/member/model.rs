//! Who may change whose role.

use httpkit::Problem;
use kernel::{Permission, Role};

use super::Standing;

/// A change of what a member is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    /// Who asks.
    pub(super) actor: Standing,
    /// What the member is.
    pub(super) from: Standing,
    /// What the member is to be; nothing for who is to go.
    pub(super) to: Option<Standing>,
    /// Owners of the organization now.
    pub(super) owners: u64,
}

/// Passes when nobody gives or takes what he has not, and an owner stays.
pub(super) fn check(change: Change) -> Result<(), Problem> {
    change.actor.require(Permission::MemberManage)?;
    change.actor.reach(&change.from)?;
    if let Some(to) = &change.to {
        change.actor.reach(to)?;
    }
    check_owner_stays(change.from, change.to, change.owners)
}

/// Passes unless it is the last owner who is to be one no more.
pub(super) fn check_owner_stays(
    from: Standing,
    to: Option<Standing>,
    owners: u64,
) -> Result<(), Problem> {
    let is_owner = |standing: Standing| standing.role == Role::Owner;
    if is_owner(from) && !to.is_some_and(is_owner) && owners <= 1 {
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

    fn code(actor: Role, from: Role, to: Option<Role>, owners: u64) -> Option<&'static str> {
        let change = Change {
            actor: Standing::of(actor, None),
            from: Standing::of(from, None),
            to: to.map(|role| Standing::of(role, None)),
            owners,
        };
        check(change).err().map(|problem| problem.code())
    }

    #[test]
    fn roles_reach_as_far_as_they_may_grant() {
        use Role::{Admin, Manager, Member, Owner, Viewer};
        let table = [
            (Owner, Viewer, Some(Owner), 1, None),
            (Owner, Owner, Some(Admin), 2, None),
            (Owner, Owner, Some(Admin), 1, Some("last_owner")),
            (Owner, Owner, Some(Owner), 1, None),
            (Owner, Owner, None, 1, Some("last_owner")),
            (Owner, Owner, None, 2, None),
            (Admin, Member, Some(Admin), 1, None),
            (Admin, Member, None, 1, None),
            (Admin, Owner, Some(Member), 2, Some("role_not_grantable")),
            (Admin, Owner, None, 2, Some("role_not_grantable")),
            (Admin, Admin, Some(Owner), 1, Some("role_not_grantable")),
            (Manager, Viewer, Some(Viewer), 1, Some("permission_denied")),
        ];
        for (actor, from, to, owners, expected) in table {
            assert_eq!(
                code(actor, from, to, owners),
                expected,
                "{actor}: {from} to {to:?}"
            );
        }
    }
}

//! What a role of an organization's own may be.

use httpkit::{FieldError, Problem};
use kernel::{Permission, Permissions, Role};

/// Roles an organization may make: people choose among them.
pub(super) const MAX_ROLES: u64 = 100;

/// Reads names of permissions; 422 with a pointer to each that is unknown or there twice.
pub(super) fn permissions(names: &[String]) -> Result<Permissions, Problem> {
    let (mut set, mut errors) = (Permissions::default(), Vec::new());
    for (index, name) in names.iter().enumerate() {
        let pointer = || format!("/permissions/{index}");
        match name.parse::<Permission>() {
            Ok(permission) if set.contains(permission) => {
                errors.push(FieldError::invalid(pointer(), "is there twice"));
            }
            Ok(permission) => set = set.with(permission),
            Err(_unknown) => {
                errors.push(FieldError::invalid(
                    pointer(),
                    "there is no such permission",
                ));
            }
        }
    }
    if errors.is_empty() {
        Ok(set)
    } else {
        Err(Problem::validation(errors))
    }
}

/// Passes a name that is none of ours.
pub(super) fn check_name(name: &str) -> Result<(), Problem> {
    if name.to_lowercase().parse::<Role>().is_err() {
        return Ok(());
    }
    Err(Problem::conflict(
        "already_exists",
        "every organization has a role of this name",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let refused = permissions(&names)
            .err()
            .map(|problem| problem.body().errors);
        let refused = refused.unwrap_or_default().into_iter();
        refused.map(|error| error.pointer).collect()
    }

    #[test]
    fn every_wrong_permission_is_named() {
        assert!(pointers(&["task:read", "task:create"]).is_empty());
        assert_eq!(
            pointers(&["task:read", "moon:land", "task:read", "Task:Read"]),
            ["/permissions/1", "/permissions/2", "/permissions/3"]
        );
    }

    #[test]
    fn names_of_ours_are_taken() {
        assert_eq!(check_name("Owner").unwrap_err().code(), "already_exists");
        assert!(check_name("Contractor").is_ok());
    }
}

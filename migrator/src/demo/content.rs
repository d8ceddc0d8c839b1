//! What the demo organizations are about; the text itself is in `migrator/demo/`.

use events::topic::task::TaskPriority;
use kernel::Role;
use serde::Deserialize;

/// An organization of the demo.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Organization {
    pub(super) name: String,
    pub(super) subdomain: String,
    /// Everybody's; these organizations have nothing to hide.
    pub(super) password: String,
    /// The first one is the owner.
    pub(super) people: Vec<Person>,
    pub(super) projects: Vec<Project>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) email: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Project {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) color: String,
    pub(super) priority: String,
    pub(super) tasks: Vec<Task>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Task {
    pub(super) title: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default = "usual")]
    pub(super) priority: TaskPriority,
    #[serde(default)]
    pub(super) comments: Vec<String>,
}

const fn usual() -> TaskPriority {
    TaskPriority::Medium
}

/// The demo's organizations; the first one also has the guest link.
pub(super) fn organizations() -> Result<Vec<Organization>, serde_json::Error> {
    [
        include_str!("../../demo/acme.json"),
        include_str!("../../demo/globex.json"),
    ]
    .into_iter()
    .map(serde_json::from_str)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_complete() {
        let organizations = organizations().unwrap();
        let tasks = organizations
            .iter()
            .flat_map(|organization| &organization.projects)
            .map(|project| project.tasks.len());
        assert!(tasks.sum::<usize>() > 190);
        for organization in &organizations {
            assert_eq!(organization.people.len(), 6);
            assert_eq!(organization.people[0].role, Role::Owner);
            assert!(kernel::Subdomain::parse(&organization.subdomain).is_ok());
        }
    }
}

//! Workspaces: where projects live. A role in a workspace holds in its public projects.

pub(crate) mod model;

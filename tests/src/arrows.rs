//! Which crate may know which. A new arrow is a decision: write it down in `docs/adr/` and here.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

const ALLOWED: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("events", &["kernel"]),
    ("httpkit", &["kernel"]),
    ("tenancy", &["events", "httpkit", "kernel"]),
    ("passwords", &["httpkit"]),
    ("runtime", &["httpkit", "kernel"]),
    ("testkit", &["httpkit", "kernel"]),
    ("gateway", &["events", "httpkit", "kernel", "runtime"]),
    (
        "tenant-resolver",
        &["events", "httpkit", "kernel", "runtime"],
    ),
    (
        "identity",
        &["events", "httpkit", "kernel", "passwords", "runtime"],
    ),
    (
        "project-svc",
        &["events", "httpkit", "kernel", "runtime", "tenancy"],
    ),
    (
        "shortener",
        &["events", "httpkit", "kernel", "passwords", "runtime"],
    ),
    ("analytics", &["events", "httpkit", "kernel", "runtime"]),
    ("migrator", &["events", "httpkit", "kernel"]),
    (
        "bench",
        &[
            "analytics",
            "events",
            "httpkit",
            "kernel",
            "migrator",
            "tenancy",
            "tenant-resolver",
            "testkit",
        ],
    ),
    ("e2e", &["httpkit", "kernel", "testkit"]),
];

/// The workspace's arrows as cargo sees them, without those of tests.
fn arrows() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("run cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata as JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let names: Vec<&str> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    let known = |dependency: &&Value| {
        dependency["kind"].is_null()
            && names.contains(&dependency["name"].as_str().unwrap_or_default())
    };
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            let mut to: Vec<String> = dependencies
                .iter()
                .filter(known)
                .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
                .collect();
            to.sort();
            (package["name"].as_str().unwrap_or_default().to_owned(), to)
        })
        .collect()
}

#[test]
fn crates_know_only_whom_they_may() {
    for (name, to) in arrows() {
        let allowed = ALLOWED.iter().find(|(known, _)| *known == name);
        let (_, allowed) =
            allowed.unwrap_or_else(|| panic!("`{name}` is not in the list of crates"));
        for target in to {
            assert!(
                allowed.contains(&target.as_str()),
                "`{name}` must not depend on `{target}`"
            );
        }
    }
}

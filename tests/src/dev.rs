//! The parts of the test system, stopped and started as an operator would, and their logs.

use std::path::PathBuf;

use serde_json::Value;
use testkit::setting;
use tokio::process::Command;

/// `./dev --test`.
#[derive(Debug, Clone, Copy)]
pub struct Dev;

/// Everything that an earlier test may have left stopped, in the order of starting.
const MEMBERS: [&str; 9] = [
    "postgres",
    "rabbitmq",
    "mongodb",
    "tenant-resolver",
    "identity",
    "project-svc",
    "shortener",
    "analytics",
    "gateway",
];

impl Dev {
    /// Starts whatever does not run.
    pub async fn whole(self) {
        for member in MEMBERS {
            self.start(member).await;
        }
    }

    /// Ends a member politely.
    pub async fn stop(self, member: &str) {
        self.call("stop", member).await;
    }

    /// Ends a member with SIGKILL.
    pub async fn kill(self, member: &str) {
        self.call("kill", member).await;
    }

    /// Starts a member and waits until it is ready.
    pub async fn start(self, member: &str) {
        self.call("start", member).await;
    }

    async fn call(self, verb: &str, member: &str) {
        let mut command = Command::new(setting("TENANTRY_TEST_DEV"));
        let output = command
            .args(["--test", verb, member])
            .output()
            .await
            .expect("run ./dev");
        assert!(
            output.status.success(),
            "./dev {verb} {member}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// The JSON log lines of a service that name `needle`.
pub fn log_lines(service: &str, needle: &str) -> Vec<Value> {
    let path: PathBuf = [
        &setting("TENANTRY_TEST_STATE"),
        "logs",
        &format!("{service}.log"),
    ]
    .iter()
    .collect();
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().filter(|line| line.contains(needle));
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

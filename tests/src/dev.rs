//! The parts of the test system, stopped and started as an operator would, and their logs.

use std::path::{Path, PathBuf};
use std::process::Stdio;

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

    /// Gives a service other settings and starts it anew with them; the next `./dev` writes its own again.
    pub async fn reconfigure(self, member: &str, settings: &[(&str, &str)]) {
        let path = settings_file();
        let text = std::fs::read_to_string(&path).expect("the system's settings");
        let kept = text.lines().filter(|line| {
            let name = line.split('=').next();
            !settings.iter().any(|(changed, _)| name == Some(changed))
        });
        let changed = settings
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let lines: Vec<_> = kept.map(str::to_owned).chain(changed).collect();
        std::fs::write(&path, lines.join("\n") + "\n").expect("write the settings");
        self.stop(member).await;
        self.start(member).await;
    }

    /// A setting that a service was started with.
    pub fn setting_of(self, name: &str) -> Option<String> {
        let text = std::fs::read_to_string(settings_file()).expect("the system's settings");
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value.to_owned())
    }

    /// Runs the operator's tool with the system's settings; answers its one JSON document.
    pub async fn migrator(self, arguments: &[&str]) -> Value {
        let output = self.operator(arguments).output().await;
        let output = output.expect("run the migrator");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "migrator {arguments:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_str(&text).expect("one JSON document")
    }

    /// The operator's tool as a command, for those who want to kill it.
    pub fn operator(self, arguments: &[&str]) -> Command {
        let root = PathBuf::from(setting("TENANTRY_TEST_DEV"));
        let root = root.parent().expect("the checkout");
        let settings = std::fs::read_to_string(settings_file()).expect("the system's settings");
        let mut command = Command::new(root.join("target/debug/migrator"));
        command
            .args(arguments)
            .arg("--json")
            .envs(settings.lines().filter_map(|line| line.split_once('=')))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
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

/// The name of the second cluster in the test system's catalog.
pub const SECOND: &str = "second";

/// Makes the second cluster known. It stays closed: tests look for their databases on the first.
pub async fn second_cluster() {
    let address: url::Url = setting("TENANTRY_TEST_ADMIN_URL_2")
        .parse()
        .expect("an address");
    let port = address.port().expect("a port").to_string();
    let host = address.host_str().expect("a host").to_owned();
    let place = [
        "--name", SECOND, "--host", &host, "--port", &port, "--closed",
    ];
    Dev.migrator(&[&["clusters", "add"][..], &place].concat())
        .await;
}

fn settings_file() -> PathBuf {
    Path::new(&setting("TENANTRY_TEST_STATE")).join("env")
}

/// A setting of the services under test.
pub(crate) fn service_setting(name: &str) -> String {
    let text = std::fs::read_to_string(settings_file()).expect("the settings of the system");
    let prefix = format!("{name}=");
    let line = text.lines().find_map(|line| line.strip_prefix(&prefix));
    line.unwrap_or_else(|| panic!("no {name}")).to_owned()
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

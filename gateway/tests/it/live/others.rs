//! Clients that others wrote: the reference client, and Python's.

use std::process::Stdio;

use kernel::Role;
use serde_json::Value;
use testkit::setting;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::world::World;

/// A program that joins a room, tells its acknowledgement and each event as a line, comes back by itself and ends
/// after the event with the version 3.
struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(world: &World, program: &str, script: &str, transport: &str) -> Self {
        let user = world.insider();
        let token = world.door.token_of_person(world.of, user, Role::Member);
        let mut child = Command::new(program)
            .arg(script)
            .arg(format!(
                "http://{}:{}",
                world.host(),
                world.door.address.port()
            ))
            .args([&world.board_room(), transport])
            .env("TOKEN", token)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    async fn line(&mut self) -> Value {
        let patience = std::time::Duration::from_secs(20);
        let line = tokio::time::timeout(patience, self.lines.next_line()).await;
        let line = line.expect("a line in time").unwrap().expect("a line");
        serde_json::from_str(&line).unwrap()
    }
}

async fn hears(program: &str, script: &str, transport: &str) {
    let world = World::new().await;
    let mut program = Program::start(&world, program, script, transport);
    let joined = program.line().await;
    assert_eq!(joined["joined"]["ok"], true, "{joined}");
    for version in [1, 2, 3] {
        world.tell(&world.updated(version)).await;
        let event = program.line().await;
        assert_eq!(event["name"], "kanban:card:updated");
        assert_eq!(event["body"]["data"]["version"], version);
    }
    assert!(program.child.wait().await.unwrap().success());
}

#[tokio::test]
async fn the_reference_client_hears_events_by_websocket() {
    hears("node", &setting("TENANTRY_TEST_SOCKET_IO"), "websocket").await;
}

#[tokio::test]
async fn the_reference_client_hears_events_by_polling_and_after_an_upgrade() {
    hears("node", &setting("TENANTRY_TEST_SOCKET_IO"), "polling").await;
    hears(
        "node",
        &setting("TENANTRY_TEST_SOCKET_IO"),
        "polling,websocket",
    )
    .await;
}

#[tokio::test]
async fn the_python_client_hears_events() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/live/client.py");
    let python = setting("TENANTRY_TEST_PYTHON");
    hears(&python, script, "websocket").await;
    hears(&python, script, "polling").await;
}

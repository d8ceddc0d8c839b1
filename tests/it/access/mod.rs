//! Who may do what: every operation of the API description, asked by everybody there is, beside the table in
//! `table.csv`. An operation without a row fails, and so does a row without an operation.
//!
//! A cell is what the person is told: `.` when the door is open (whatever comes of the request then), else the code
//! of the refusal. The weakest ask first, so that nothing is gone yet when they are refused.

mod people;
mod request;

use std::collections::BTreeMap;

use e2e::Organization;
use kernel::Role;

use self::people::{PEOPLE, People};
use self::request::{Operation, Things};

const TABLE: &str = include_str!("table.csv");

/// Operations that would end the account, the session or the organization of who may do them: only those who may not
/// ask.
const ENDS_THE_ASKER: [&str; 6] = [
    "logout",
    "delete_organization",
    "leave_organization",
    "deactivate_account",
    "erase_account",
    "transfer_ownership",
];

/// What refuses somebody for who he is; other codes come after the door.
const REFUSALS: [&str; 10] = [
    "token_required",
    "token_refused",
    "token_of_other_organization",
    "token_outdated",
    "session_required",
    "session_revoked",
    "session_ended",
    "permission_denied",
    "role_not_grantable",
    "csrf_refused",
];

#[tokio::test]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let acme = Organization::sign_up().await;
    let people = People::gather(&acme).await;
    let document = acme.site.get("/api/v1/openapi.json").await.expect(200);
    let operations = Operation::all(&document.json());
    let mut expected = rows();
    let mut wrong = Vec::new();
    for operation in &operations {
        let told = ask_everybody(&acme, &people, operation).await;
        let row = format!("{},{}", operation.id, told.join(","));
        match expected.remove(operation.id.as_str()) {
            Some(cells) if agree(&cells, &told) => {}
            Some(cells) => wrong.push(format!("{row}\n    the table: {}", cells.join(","))),
            None => wrong.push(format!("{row}\n    not in the table")),
        }
    }
    let left: Vec<&str> = expected.into_keys().collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(
        left.is_empty(),
        "rows of operations that are gone: {left:?}"
    );
}

/// The cells of each operation.
fn rows() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut lines = TABLE.lines();
    let head = format!("operation,{}", PEOPLE.join(","));
    assert_eq!(lines.next(), Some(head.as_str()));
    let cells = lines.map(|line| {
        let (operation, cells) = line.split_once(',').expect("cells");
        (operation, cells.split(',').collect())
    });
    cells.collect()
}

/// A cell that nobody could ask stands for itself.
fn agree(cells: &[&str], told: &[String]) -> bool {
    cells.len() == told.len()
        && cells
            .iter()
            .zip(told)
            .all(|(cell, told)| cell == told || (told == "?" && *cell == "."))
}

async fn ask_everybody(acme: &Organization, people: &People, operation: &Operation) -> Vec<String> {
    let things = Things::new(acme, operation).await;
    let ends = ENDS_THE_ASKER.contains(&operation.id.as_str());
    let mut told: Vec<String> = Vec::with_capacity(PEOPLE.len());
    for (index, person) in people.all().iter().enumerate() {
        // Whoever is stronger than one who is let in ends more.
        let earlier = PEOPLE
            .iter()
            .zip(&told)
            .any(|(name, told)| told == "." && Role::ALL.iter().any(|role| role.as_str() == *name));
        let strong = index >= PEOPLE.len() - Role::ALL.len();
        if ends && strong && (earlier || may_end(operation, PEOPLE[index])) {
            told.push("?".to_owned());
            continue;
        }
        let answer = operation.ask(person, &things).await;
        let code = serde_json::from_str::<serde_json::Value>(&answer.text).ok();
        let code = code.and_then(|body| Some(body.get("code")?.as_str()?.to_owned()));
        let refused = code.filter(|code| REFUSALS.contains(&code.as_str()));
        assert!(
            answer.status.as_u16() < 500,
            "{} by {}: {}",
            operation.id,
            PEOPLE[index],
            answer.text
        );
        told.push(refused.unwrap_or_else(|| ".".to_owned()));
    }
    told
}

/// Whether the table lets the role in.
fn may_end(operation: &Operation, person: &str) -> bool {
    let place = PEOPLE.iter().position(|name| *name == person);
    let cells = rows().remove(operation.id.as_str());
    place
        .zip(cells)
        .is_some_and(|(place, cells)| cells.get(place) == Some(&"."))
}

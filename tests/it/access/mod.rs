//! Who may do what: every operation of the API description, asked by everybody there is, beside the table in
//! `table.csv`. An operation without a row fails, and so does a row without an operation.
//!
//! A cell is what the person is told: the code of a 401 or 403, `not_found` where it is hidden from who asks but not
//! from all who ask later, else `.`, whatever came of the request then. The weakest ask first, so that nothing is gone
//! yet when they are refused.

mod people;
mod request;

use std::collections::BTreeMap;

use e2e::Organization;

use self::people::{PEOPLE, People};
use self::request::{Operation, Things};

/// The cell of who is let in.
const FOUND: &str = ".";
/// The cell of who is told that there is no such thing.
const HIDDEN: &str = "not_found";
const TABLE: &str = include_str!("table.csv");

/// Operations that end the account, the session or the organization of who may do them: asked in an organization that
/// is used for nothing else.
const ENDS_THE_ASKER: [&str; 5] = [
    "logout",
    "deactivate",
    "erase_account",
    "leave_organization",
    "transfer_ownership",
];

#[tokio::test]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let acme = Organization::sign_up().await;
    let people = People::gather(&acme).await;
    let document = acme.site.get("/api/v1/openapi.json").await.expect(200);
    let operations = Operation::all(&document.json());
    let shared = Things::all(&acme).await;
    let mut expected = rows();
    let mut wrong = Vec::new();
    for operation in &operations {
        let told = if ENDS_THE_ASKER.contains(&operation.id.as_str()) {
            let own = Organization::sign_up().await;
            let things = Things::new(&own, operation).await;
            ask_everybody(&People::gather(&own).await, operation, &things).await
        } else if operation.is_read() {
            ask_everybody(&people, operation, &shared).await
        } else {
            let things = Things::new(&acme, operation).await;
            ask_everybody(&people, operation, &things).await
        };
        let row = format!("{},{}", operation.id, told.join(","));
        match expected.remove(operation.id.as_str()) {
            Some(cells) if cells == told => {}
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

async fn ask_everybody(people: &People, operation: &Operation, things: &Things) -> Vec<String> {
    let mut told = Vec::with_capacity(PEOPLE.len());
    for (person, name) in people.all().iter().zip(PEOPLE) {
        let answer = operation.ask(person, things).await;
        let (id, text) = (&operation.id, &answer.text);
        assert!(!answer.status.is_server_error(), "{id} by {name}: {text}");
        told.push(match answer.status.as_u16() {
            404 => HIDDEN.to_owned(),
            401 | 403 => answer.json()["code"].as_str().expect("a code").to_owned(),
            _ => FOUND.to_owned(),
        });
    }
    let found = told.iter().rposition(|cell| cell == FOUND).unwrap_or(0);
    for cell in told.iter_mut().skip(found) {
        if cell == HIDDEN {
            FOUND.clone_into(cell);
        }
    }
    told
}

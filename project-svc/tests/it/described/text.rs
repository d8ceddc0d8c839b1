//! Text in bodies and parameters: as long as the description says and no longer, of all scripts, without what
//! databases and terminals choke on. What the description does not know is refused.

use serde_json::{Map, Value, json};

use super::request::{Described, Operation};
use super::schema::{Leaf, kind};
use super::things::Things;
use crate::client::Answer;

/// What nobody may say of a thing that is made or changed, unless the operation has a field of that name.
const NOT_FOR_CLIENTS: [&str; 8] = [
    "id",
    "version",
    "created_by",
    "created_at",
    "key",
    "tenant_id",
    "deleted_at",
    "is_admin",
];

/// Text that must come back as it went.
const SCRIPTS: [&str; 4] = [
    "🚀 👩‍👩‍👧 e\u{301} ñ",
    "שלום עולם ابدأ",
    "\u{202e}gnp.exe",
    "日本語 ${7*7} '; drop table tasks; --",
];

fn pointers(answer: &Answer) -> Vec<&str> {
    let errors = answer.body["errors"].as_array().into_iter().flatten();
    errors
        .filter_map(|error| error["pointer"].as_str())
        .collect()
}

/// Whether the answer refuses just this place.
fn refuses(answer: &Answer, pointer: &str) -> bool {
    answer.status == 422 && pointers(answer).contains(&pointer)
}

/// Text of so many characters that fits the field.
fn filled(leaf: &Leaf, chars: usize) -> String {
    let word = match leaf.name() {
        // A filter and an order have a language of their own.
        "filter" => "engine ",
        "sort" => "due,",
        _ => "é",
    };
    word.chars().cycle().take(chars).collect()
}

#[tokio::test]
async fn every_text_has_a_limit() {
    let api = Described::new().await;
    let mut without = Vec::new();
    for operation in &api.operations {
        for leaf in operation
            .body
            .iter()
            .flat_map(|body| api.document.leaves(body))
        {
            let limited = leaf.longest().is_some() || leaf.schema.get("pattern").is_some();
            if leaf.is_text() && !limited {
                without.push(format!("{} {}", operation.id, leaf.pointer));
            }
        }
        for parameter in &operation.query {
            let schema = &parameter.schema;
            let closed = ["enum", "format", "maxLength"];
            if kind(schema) == "string" && !closed.iter().any(|word| schema.get(word).is_some()) {
                without.push(format!("{} ?{}", operation.id, parameter.name));
            }
        }
        for (pointer, fields) in operation
            .body
            .iter()
            .flat_map(|body| api.document.objects(body))
        {
            for (name, schema) in fields {
                let schema = api.document.resolve(&schema);
                if kind(schema) == "array" && schema.get("maxItems").is_none() {
                    without.push(format!("{} {pointer}/{name}", operation.id));
                }
            }
        }
    }
    assert!(
        without.is_empty(),
        "no limit in the description: {without:#?}"
    );
    api.world.end().await;
}

#[tokio::test]
async fn text_fits_up_to_its_limit_and_not_beyond() {
    let api = Described::new().await;
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (operation, schema) in api.with_bodies() {
        let things = api.things().await;
        for leaf in api
            .document
            .leaves(schema)
            .iter()
            .filter(|leaf| leaf.is_text())
        {
            let Some(longest) = leaf.longest() else {
                let long = json!("a".repeat(10_000));
                let answer = with((&api, &things), operation, &leaf.pointer, &long).await;
                if !refuses(&answer, &leaf.pointer) {
                    wrong.push(said(operation, leaf, "10,000 characters", &answer));
                }
                continue;
            };
            tried += 1;
            let fits = json!(filled(leaf, longest));
            let answer = with((&api, &things), operation, &leaf.pointer, &fits).await;
            // Whether it means anything is another question for text with a language of its own.
            let spoken = ["email", "filter", "sort"].contains(&leaf.name());
            let kept = answer.status.is_success() && keeps(&answer, leaf, &fits);
            let not_understood = spoken && answer.status == 422;
            if !kept && !not_understood {
                wrong.push(said(operation, leaf, "the limit", &answer));
            }
            let long = json!(filled(leaf, longest + 1));
            let answer = with((&api, &things), operation, &leaf.pointer, &long).await;
            if !refuses(&answer, &leaf.pointer) {
                wrong.push(said(operation, leaf, "one over", &answer));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 30, "{tried} texts");
    api.world.end().await;
}

#[tokio::test]
async fn text_of_all_scripts_comes_back_and_control_characters_do_not_get_in() {
    let api = Described::new().await;
    let mut wrong = Vec::new();
    for (operation, schema) in api.with_bodies() {
        let things = api.things().await;
        for leaf in api.document.leaves(schema) {
            if kind(&leaf.schema) != "string" {
                continue;
            }
            for bad in ["nul\u{0}", "\u{1b}[31mred", "\u{85}"] {
                let answer = with((&api, &things), operation, &leaf.pointer, &json!(bad)).await;
                if !answer.status.is_client_error() || !refuses(&answer, &leaf.pointer) {
                    wrong.push(said(operation, &leaf, bad, &answer));
                }
            }
            if !leaf.is_text()
                || leaf.longest().is_none()
                || ["email", "sort"].contains(&leaf.name())
            {
                continue;
            }
            for script in SCRIPTS {
                let script = match leaf.name() {
                    "filter" => json!("🚀 שלום"),
                    _ => json!(script),
                };
                let answer = with((&api, &things), operation, &leaf.pointer, &script).await;
                if !answer.status.is_success() || !keeps(&answer, &leaf, &script) {
                    wrong.push(said(operation, &leaf, &script.to_string(), &answer));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    api.world.end().await;
}

#[tokio::test]
async fn what_the_description_does_not_know_is_refused() {
    let api = Described::new().await;
    let mut wrong = Vec::new();
    for (operation, schema) in api.with_bodies() {
        let things = api.things().await;
        for (pointer, known) in api.document.objects(schema) {
            let inner: Map<String, Value> = NOT_FOR_CLIENTS
                .into_iter()
                .filter(|name| !known.contains_key(*name))
                .map(|name| (name.to_owned(), json!(api.world.tenant)))
                .collect();
            let mut body = with_object(&api, operation, &things, &pointer);
            let object = body.pointer_mut(&pointer).expect("the object");
            object
                .as_object_mut()
                .expect("an object")
                .extend(inner.clone());
            let answer = api.ask(operation, &things, &body).await;
            let found = pointers(&answer);
            let missed = inner
                .keys()
                .filter(|name| !found.contains(&format!("{pointer}/{name}").as_str()));
            let missed: Vec<_> = missed.collect();
            if answer.status != 422 || !missed.is_empty() {
                wrong.push(format!(
                    "{} {pointer}: {} {missed:?}",
                    operation.id, answer.status
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    api.world.end().await;
}

#[tokio::test]
async fn values_of_other_kinds_are_no_fault_of_the_service() {
    let api = Described::new().await;
    for (operation, schema) in api.with_bodies() {
        let things = api.things().await;
        for leaf in api.document.leaves(schema) {
            for bad in [
                json!(null),
                json!(true),
                json!(-1),
                json!(i64::from(i32::MAX) + 1),
                json!(u64::MAX),
                json!(1e308),
                json!(0.5),
                json!(""),
                json!("+262142-12-31T23:59:59Z"),
                json!("9999-12-31"),
                json!([]),
                json!([[]]),
                json!({}),
                json!({"a": {"b": [null]}}),
            ] {
                let mut body = api.body(operation, &things, &leaf.pointer, &json!("x"));
                *body.pointer_mut(&leaf.pointer).expect("the place") = bad;
                api.ask(operation, &things, &body).await;
            }
        }
        let things = api.things().await;
        for body in [json!([]), json!("x"), json!(7), json!({"": 1})] {
            let answer = api.ask(operation, &things, &body).await;
            assert_eq!(answer.status, 422, "{} {body}", operation.id);
        }
    }
    api.world.end().await;
}

/// The example with an object where the pointer leads.
fn with_object(api: &Described, operation: &Operation, things: &Things, pointer: &str) -> Value {
    let leaf = api.document.leaves(operation.body.as_ref().unwrap());
    let inside = leaf
        .iter()
        .find(|leaf| leaf.pointer.starts_with(&format!("{pointer}/")));
    let at = inside.map_or("", |leaf| &leaf.pointer);
    let mut body = api.body(operation, things, at, &json!("x"));
    if !at.is_empty() {
        let parent = body.pointer_mut(pointer).and_then(Value::as_object_mut);
        let below = at.strip_prefix(pointer).unwrap();
        let name = below.split('/').nth(1).unwrap();
        parent.expect("the object").remove(name);
    }
    body
}

/// Asks with the value at its place.
async fn with(
    (api, things): (&Described, &Things),
    operation: &Operation,
    pointer: &str,
    value: &Value,
) -> Answer {
    let body = api.body(operation, things, pointer, value);
    api.ask(operation, things, &body).await
}

/// Whether the answer shows the text as it was sent, if it shows that field.
fn keeps(answer: &Answer, leaf: &Leaf, sent: &Value) -> bool {
    let shown = answer.body.pointer(&leaf.pointer);
    shown.is_none_or(|shown| shown == sent)
}

fn said(operation: &Operation, leaf: &Leaf, what: &str, answer: &Answer) -> String {
    let (id, pointer) = (&operation.id, &leaf.pointer);
    format!(
        "{id} {pointer}, {what:?}: {} {:?}",
        answer.status,
        pointers(answer)
    )
}

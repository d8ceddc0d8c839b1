//! Pages that nobody gave: sizes out of bounds, broken cursors, cursors of other lists and forged ones.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::request::{Described, Operation};
use super::schema::kind;
use super::things::Things;
use crate::client::Answer;

fn lists(api: &Described) -> impl Iterator<Item = &Operation> {
    let pages = |operation: &&Operation| operation.query.iter().any(|one| one.name == "cursor");
    api.operations.iter().filter(pages)
}

async fn ask(
    api: &Described,
    list: &Operation,
    things: &Things,
    name: &str,
    value: &str,
) -> Answer {
    let path = things.put_into_path(&list.path);
    let mut query = Described::query(list, things);
    query.retain(|(known, _)| known != name);
    query.push((name.to_owned(), value.to_owned()));
    api.send(&api.owner(), list, &path, &query, &Value::Null)
        .await
}

fn names(answer: &Answer, name: &str) -> bool {
    let errors = answer.body["errors"].as_array().into_iter().flatten();
    answer.status == 422 && errors.into_iter().any(|error| error["pointer"] == name)
}

#[tokio::test]
async fn pages_of_no_size_and_of_any_size_are_refused() {
    let api = Described::new().await;
    let things = api.things().await;
    let mut wrong = Vec::new();
    let mut tried = 0;
    for list in lists(&api) {
        tried += 1;
        for (name, value) in [
            ("limit", "0"),
            ("limit", "201"),
            ("limit", "1000000000"),
            ("limit", "99999999999999999999"),
            ("limit", "-1"),
            ("limit", "1.5"),
            ("limit", ""),
            ("limit", "ten"),
            ("offset", "10"),
            ("cursor", ""),
            ("cursor", "x"),
            ("cursor", "%%%"),
            ("cursor", "bm9wZQ"),
            ("cursor", "a\u{0}b"),
            ("cursor", &"A".repeat(10_000)),
        ] {
            let answer = ask(&api, list, &things, name, value).await;
            if !names(&answer, name) {
                wrong.push(format!("{} {name}={value:.20}: {}", list.id, answer.status));
            }
        }
        let whole = ask(&api, list, &things, "limit", "200").await;
        assert_eq!(whole.status, 200, "{} {:#}", list.id, whole.body);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 25, "{tried} lists");
    api.world.end().await;
}

#[tokio::test]
async fn parameters_have_limits_too() {
    let api = Described::new().await;
    let things = api.things().await;
    let mut wrong = Vec::new();
    for operation in api.operations.iter().filter(|one| !one.query.is_empty()) {
        for parameter in &operation.query {
            let mut bad = vec!["a\u{0}b".to_owned(), "\u{1b}[31m".to_owned()];
            let schema = &parameter.schema;
            match (kind(schema), schema["maxLength"].as_u64()) {
                ("string", Some(longest)) => {
                    bad.push("é".repeat(usize::try_from(longest).unwrap() + 1));
                }
                ("string", None) => bad.push("no such word".to_owned()),
                _ => bad.extend(["-1", "99999999999999999999", "yes?"].map(str::to_owned)),
            }
            for value in bad {
                let answer = ask(&api, operation, &things, &parameter.name, &value).await;
                if !names(&answer, &parameter.name) {
                    let (id, name) = (&operation.id, &parameter.name);
                    wrong.push(format!(
                        "{id} {name}={value:.20?}: {} {}",
                        answer.status, answer.body
                    ));
                }
            }
        }
        let answer = ask(&api, operation, &things, "tenant_id", "x").await;
        if !names(&answer, "tenant_id") {
            wrong.push(format!(
                "{} unknown parameter: {}",
                operation.id, answer.status
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    api.world.end().await;
}

/// Keys of pages as lists make them, with something in one place that no list puts there.
fn forged(real: &Value) -> Vec<Value> {
    let far = [
        "+262142-12-31T23:59:59Z",
        "-262143-01-01T00:00:00Z",
        "0000-00-00T00:00:00Z",
    ];
    let words = ["a\u{0}b", "", "'; drop table tasks; --", "NaN", "infinity"];
    let mut bad: Vec<Value> = far
        .into_iter()
        .chain(words)
        .map(|text| json!(text))
        .collect();
    bad.extend([
        json!(null),
        json!(true),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e308),
    ]);
    bad.extend([json!(0.5), json!([]), json!({}), json!("é".repeat(150))]);
    let mut all = vec![json!([]), json!({}), json!(null), json!([real, real])];
    for place in 0..real.as_array().map_or(0, Vec::len) {
        for bad in &bad {
            let mut key = real.clone();
            key[place] = bad.clone();
            all.push(key.clone());
            // A list inside, as the places of sorted tasks are.
            if real[place].is_array() {
                key[place] = json!([bad]);
                all.push(key);
            }
        }
    }
    all
}

/// The key inside a cursor.
fn key(cursor: &str) -> Value {
    let key = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    serde_json::from_slice(&key).unwrap()
}

#[tokio::test]
async fn cursors_of_other_lists_and_forged_ones_are_no_fault_of_the_service() {
    let api = Described::new().await;
    let (things, more) = (api.things().await, api.things().await);
    let mut real = Vec::new();
    for list in lists(&api) {
        for things in [&things, &more] {
            let page = ask(&api, list, things, "limit", "1").await.expect(200);
            real.extend(page["next_cursor"].as_str().map(str::to_owned));
        }
    }
    assert!(real.len() > 15, "{real:?}");
    let (time, id) = ("2026-02-03T04:05:06Z", things.id("tasks"));
    let shapes = [
        json!([time, id]),
        json!(["a", id]),
        json!([time, id, "like"]),
        json!([id]),
    ];
    for list in lists(&api) {
        let page = ask(&api, list, &things, "limit", "1").await.expect(200);
        let own = page["next_cursor"].as_str().map(|cursor| vec![key(cursor)]);
        let forged = own.as_deref().unwrap_or(&shapes).iter().flat_map(forged);
        let forged = forged.map(|key| URL_SAFE_NO_PAD.encode(key.to_string()));
        for cursor in real.iter().cloned().chain(forged) {
            let answer = ask(&api, list, &things, "cursor", &cursor).await;
            refuses_or_shows(&list.id, &cursor, &answer);
        }
    }
    api.world.end().await;
}

#[tokio::test]
async fn forged_places_in_every_order_are_no_fault_of_the_service() {
    let api = Described::new().await;
    let (_, _) = (api.things().await, api.things().await);
    for sort in [
        "due",
        "-priority",
        "title,-updated",
        "-status",
        "start,completed",
        "key,created",
    ] {
        let path = format!("/tasks?limit=1&sort={sort}");
        let page = api.owner().get(&path).await.expect(200);
        let real = page["next_cursor"].as_str().expect("more tasks");
        for forged in forged(&key(real)) {
            let cursor = URL_SAFE_NO_PAD.encode(forged.to_string());
            let answer = api.owner().get(&format!("{path}&cursor={cursor}")).await;
            refuses_or_shows(sort, &forged.to_string(), &answer);
        }
    }
    api.world.end().await;
}

#[track_caller]
fn refuses_or_shows(list: &str, cursor: &str, answer: &Answer) {
    let page = answer.status == 200 && answer.body["items"].is_array();
    let (status, body) = (answer.status, &answer.body);
    assert!(
        names(answer, "cursor") || page,
        "{list} {cursor}: {status} {body:#}"
    );
}

//! Lists and numbers of bodies end where the description says.

use serde_json::{Value, json};

use super::request::Described;
use super::schema::kind;
use crate::client::Answer;

fn refuses(answer: &Answer, pointer: &str) -> bool {
    let errors = answer.body["errors"].as_array().into_iter().flatten();
    answer.status == 422 && errors.into_iter().any(|error| error["pointer"] == pointer)
}

#[tokio::test]
async fn lists_have_an_end() {
    let api = Described::new().await;
    let things = api.things().await;
    let (mut tried, mut wrong) = (0, Vec::new());
    for (operation, schema) in api.with_bodies() {
        for (object, fields) in api.document.objects(schema) {
            for (name, schema) in fields {
                let schema = api.document.resolve(&schema);
                if kind(schema) != "array" {
                    continue;
                }
                tried += 1;
                let most = schema["maxItems"].as_u64().expect("an end");
                let pointer = format!("{object}/{name}");
                let mut item = api.document.example(&schema["items"], "", &Value::Null);
                things.put_into_body(&mut item);
                for count in [usize::try_from(most).unwrap() + 1, 10_000] {
                    let items = json!(vec![&item; count]);
                    let body = api.body(operation, &things, &pointer, &items);
                    let answer = api.ask(operation, &things, &body).await;
                    if !refuses(&answer, &pointer) {
                        wrong.push(format!(
                            "{} {count} {name}: {}",
                            operation.id, answer.status
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 8, "{tried} lists");
    api.world.end().await;
}

#[tokio::test]
async fn numbers_have_bounds() {
    let api = Described::new().await;
    let things = api.things().await;
    let (mut tried, mut wrong) = (0, Vec::new());
    for (operation, schema) in api.with_bodies() {
        for leaf in api.document.leaves(schema) {
            if kind(&leaf.schema) != "integer" {
                continue;
            }
            let (least, most) = (
                leaf.schema["minimum"].as_i64(),
                leaf.schema["maximum"].as_i64(),
            );
            let over = [least.map(|least| least - 1), most.map(|most| most + 1)];
            let beyond = [i64::from(i32::MAX) + 1, i64::from(i32::MIN) - 1, i64::MAX];
            for value in over.into_iter().flatten().chain(beyond) {
                tried += 1;
                let body = api.body(operation, &things, &leaf.pointer, &json!(value));
                let answer = api.ask(operation, &things, &body).await;
                if !refuses(&answer, &leaf.pointer) {
                    let (id, pointer) = (&operation.id, &leaf.pointer);
                    wrong.push(format!("{id} {pointer} {value}: {}", answer.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 50, "{tried} numbers");
    api.world.end().await;
}

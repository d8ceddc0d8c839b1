//! Values of custom fields in a request about a task.

use httpkit::{FieldError, Problem};
use kernel::UserId;
use serde_json::{Map, Value};

use super::model::{FieldKind, check_value};
use super::store::Definition;
use crate::people;
use crate::tenant::Tenant;

/// Values that a request gives, by the key of the field; null takes one away. They fit the fields of the project.
pub(crate) struct Given {
    definitions: Vec<Definition>,
    values: Map<String, Value>,
}

/// Checks what a request gives by the fields of the project; 422 with every mistake. A new task must have what is
/// required.
///
/// Asks identity for people not heard of yet, hence never inside a transaction. A field that goes away meanwhile
/// takes its values with it.
pub(crate) async fn given(
    tenant: &Tenant,
    definitions: Vec<Definition>,
    asked: &Map<String, Value>,
    new: bool,
) -> Result<Given, Problem> {
    let (mut values, mut errors) = (Map::new(), Vec::new());
    for (key, value) in asked {
        let definition = definitions.iter().find(|one| one.key == *key);
        match definition.map(|one| check(one, value)) {
            Some(Ok(value)) => {
                values.insert(key.clone(), value);
            }
            Some(Err(detail)) => errors.push(FieldError::invalid(pointer(key), detail)),
            None => {
                let detail = "is no field of this project";
                errors.push(FieldError::new(pointer(key), "unknown_field", detail));
            }
        }
    }
    let missing = definitions
        .iter()
        .filter(|one| new && one.required && !asked.contains_key(&one.key));
    errors.extend(
        missing.map(|one| {
            FieldError::new(pointer(&one.key), "required", "is required in this project")
        }),
    );
    if !errors.is_empty() {
        return Err(Problem::validation(errors));
    }
    for definition in definitions.iter().filter(|one| one.kind == FieldKind::User) {
        let value = values.get(&definition.key).and_then(Value::as_str);
        if let Some(Ok(person)) = value.map(str::parse::<UserId>) {
            people::resolve_one(tenant, person, &pointer(&definition.key)).await?;
        }
    }
    Ok(Given {
        definitions,
        values,
    })
}

/// Those of the values that fit fields of these definitions, by the key of the field.
pub(crate) fn fitting(definitions: &[Definition], present: &Value) -> Given {
    let values = definitions.iter().filter_map(|definition| {
        let value = check(definition, present.get(&definition.key)?).ok()?;
        Some((definition.key.clone(), value))
    });
    Given {
        values: values.collect(),
        definitions: definitions.to_vec(),
    }
}

impl Given {
    /// What a task that has `present` (by id) has then, by id and by key. Values of fields that are gone are dropped.
    pub(crate) fn onto(&self, present: &Value) -> (Value, Map<String, Value>) {
        let (mut by_id, mut by_key) = (Map::new(), Map::new());
        for definition in &self.definitions {
            let id = definition.id.to_string();
            let value = match self.values.get(&definition.key) {
                Some(Value::Null) => None,
                Some(given) => Some(given),
                None => present.get(&id),
            };
            if let Some(value) = value {
                by_id.insert(id, value.clone());
                by_key.insert(definition.key.clone(), value.clone());
            }
        }
        (Value::Object(by_id), by_key)
    }
}

fn check(definition: &Definition, value: &Value) -> Result<Value, &'static str> {
    match value {
        Value::Null if definition.required => Err("is required in this project"),
        Value::Null => Ok(Value::Null),
        value => check_value(definition.kind, &definition.options(), value),
    }
}

/// As RFC 6901 writes it; keys that are none of a field may have anything in them.
fn pointer(key: &str) -> String {
    format!("/fields/{}", key.replace('~', "~0").replace('/', "~1"))
}

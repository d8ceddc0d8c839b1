//! Schemas of the API's description: examples that fit them, and the text they have places for.

use serde_json::{Map, Value, json};

/// The whole description, which schemas refer to.
pub(super) struct Document(pub(super) Value);

/// A value inside a body.
pub(super) struct Leaf {
    /// As RFC 6901 writes it.
    pub(super) pointer: String,
    pub(super) schema: Value,
}

impl Leaf {
    /// What it is called.
    pub(super) fn name(&self) -> &str {
        self.pointer.rsplit('/').next().unwrap()
    }

    /// Whether it takes text of a client's own making: no id, no date, no word of a list.
    pub(super) fn is_text(&self) -> bool {
        kind(&self.schema) == "string"
            && self.schema.get("enum").is_none()
            && self.schema.get("format").is_none()
    }

    /// The most characters it takes; none where a pattern says more.
    pub(super) fn longest(&self) -> Option<usize> {
        if self.schema.get("pattern").is_some() {
            return None;
        }
        let longest = self.schema["maxLength"].as_u64()?;
        Some(usize::try_from(longest).unwrap())
    }
}

impl Document {
    /// The schema itself, behind references and the choice of null.
    pub(super) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        if let Some(path) = schema["$ref"].as_str() {
            let found = self.0.pointer(path.trim_start_matches('#'));
            return self.resolve(found.expect("a schema that exists"));
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            let choices = schema[choice].as_array().into_iter().flatten();
            if let Some(first) = choices.into_iter().find(|one| one["type"] != "null") {
                return self.resolve(first);
            }
        }
        schema
    }

    /// All values that a body may have, those of the first element of each list.
    pub(super) fn leaves(&self, schema: &Value) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        self.collect(schema, String::new(), &mut leaves);
        leaves
    }

    fn collect(&self, schema: &Value, pointer: String, leaves: &mut Vec<Leaf>) {
        let schema = self.resolve(schema);
        match (kind(schema), schema["properties"].as_object()) {
            ("object", Some(properties)) => {
                for (name, property) in properties {
                    self.collect(property, format!("{pointer}/{name}"), leaves);
                }
            }
            ("array", _) => self.collect(&schema["items"], format!("{pointer}/0"), leaves),
            _ => leaves.push(Leaf {
                pointer,
                schema: schema.clone(),
            }),
        }
    }

    /// The objects that a body may have, by their pointers, the body itself first.
    pub(super) fn objects(&self, schema: &Value) -> Vec<(String, Map<String, Value>)> {
        let (mut objects, mut open) = (Vec::new(), vec![(String::new(), schema)]);
        while let Some((pointer, schema)) = open.pop() {
            let schema = self.resolve(schema);
            if kind(schema) == "array" {
                open.push((format!("{pointer}/0"), &schema["items"]));
            }
            let Some(properties) = schema["properties"].as_object() else {
                continue;
            };
            for (name, property) in properties {
                open.push((format!("{pointer}/{name}"), property));
            }
            objects.push((pointer, properties.clone()));
        }
        objects
    }

    /// A body with no more than the schema demands, and `value` where the pointer leads.
    pub(super) fn example(&self, schema: &Value, at: &str, value: &Value) -> Value {
        let path: Vec<&str> = at.split('/').skip(1).collect();
        self.build(schema, "", &path, value)
    }

    fn build(&self, schema: &Value, name: &str, path: &[&str], value: &Value) -> Value {
        let schema = self.resolve(schema);
        let (next, rest) = match path {
            [] if !value.is_null() => return value.clone(),
            [] => ("", path),
            [next, rest @ ..] => (*next, rest),
        };
        let none = Value::Null;
        match kind(schema) {
            "object" => {
                let required = schema["required"].as_array().into_iter().flatten();
                let required: Vec<&str> = required.filter_map(Value::as_str).collect();
                let properties = schema["properties"].as_object().into_iter().flatten();
                let wanted = properties
                    .filter(|(name, _)| *name == next || required.contains(&name.as_str()));
                let field = |(name, schema): (&String, &Value)| {
                    let (path, value) = if name == next {
                        (rest, value)
                    } else {
                        (&[][..], &none)
                    };
                    (name.clone(), self.build(schema, name, path, value))
                };
                Value::Object(wanted.map(field).collect())
            }
            "array" => json!([self.build(&schema["items"], name, rest, value)]),
            "integer" | "number" => json!(1),
            "boolean" => json!(true),
            _ => text(schema, name),
        }
    }
}

/// The type, null put aside.
pub(super) fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or("object")
        }
        _ if schema.get("enum").is_some() => "string",
        _ => "object",
    }
}

fn text(schema: &Value, name: &str) -> Value {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match (schema.get("example"), schema["format"].as_str()) {
        (Some(example), _) => example.clone(),
        (None, Some("date")) => json!("2030-01-01"),
        (None, Some("date-time")) => json!("2030-01-01T00:00:00Z"),
        // Put in by the world that the request is made in.
        (None, Some("uuid")) => json!(format!("<{name}>")),
        (None, _) => json!("Something"),
    }
}

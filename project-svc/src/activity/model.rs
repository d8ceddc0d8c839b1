//! What an entry says of changes: `{"field": {"from": ..., "to": ...}}`.

use sea_orm::sea_query::sea_value_to_json_value;
use sea_orm::{ColumnTrait, EntityTrait, IdenStatic, Iterable, ModelTrait};
use serde_json::{Map, Value, json};

/// The fields named, as they were and as they are.
pub(crate) fn changes<M: ModelTrait>(before: &M, after: &M, names: &[String]) -> Value
where
    <M::Entity as EntityTrait>::Column: ColumnTrait,
{
    let columns = <M::Entity as EntityTrait>::Column::iter();
    let named = columns.filter(|column| names.iter().any(|name| name == column.as_str()));
    let change = named.filter_map(|column| {
        let [from, to] = [before, after].map(|row| sea_value_to_json_value(&row.get(column)));
        (from != to).then(|| (column.as_str().to_owned(), json!({"from": from, "to": to})))
    });
    Value::Object(change.collect::<Map<_, _>>())
}

/// Takes away what names a project that the reader does not see: the key a task had there, and fields of its own.
pub(crate) fn hide_names(changes: &mut Value) {
    if let Value::Object(fields) = changes {
        fields.retain(|field, _| field != "key" && !field.starts_with("fields."));
    }
}

/// Text in a feed, in characters: enough to tell what changed.
const FEED_CHARS: usize = 200;

/// Cuts long text in what a feed shows.
pub(super) fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(FEED_CHARS) {
                text.truncate(end);
                text.push('…');
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_letters() {
        let mut changes = json!({"name": {"from": "é".repeat(201), "to": "é".repeat(200)}});
        shorten(&mut changes);
        assert_eq!(changes["name"]["from"], format!("{}…", "é".repeat(200)));
        assert_eq!(changes["name"]["to"], "é".repeat(200));
    }
}

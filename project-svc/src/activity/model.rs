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

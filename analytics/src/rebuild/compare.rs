//! Whether two generations say the same: document by document, numbers that are nothing left out.

use std::collections::BTreeMap;

use kernel::secret::sha256;
use mongodb::bson::{Bson, Document};

use super::model::Differences;
use crate::organization::Generation;
use crate::scope::TransactionScope;
use crate::store::{Collection, StoreError};

/// What names a document within its generation.
const KEYS: [&str; 4] = ["scope", "day", "month", "task"];

/// Compares all that is made of events, as the transaction sees it.
pub(super) async fn compare(
    scope: &mut TransactionScope<'_>,
    one: Generation,
    other: Generation,
) -> Result<Differences, StoreError> {
    let mut differences = Differences::default();
    for collection in Collection::REBUILT {
        let mut prints = prints(scope, collection, one).await?;
        for (key, print) in self::prints(scope, collection, other).await? {
            if prints.remove(&key) != Some(print) {
                differences.add(key);
            }
        }
        prints.into_keys().for_each(|key| differences.add(key));
    }
    Ok(differences)
}

/// A print of each document that says anything.
async fn prints(
    scope: &mut TransactionScope<'_>,
    collection: Collection,
    generation: Generation,
) -> Result<BTreeMap<String, [u8; 32]>, StoreError> {
    let mut prints = BTreeMap::new();
    let all = generation.with(Document::new());
    scope
        .each(collection, all, |mut document| {
            for key in ["_id", "tenant", "generation"] {
                document.remove(key);
            }
            let parts = KEYS.iter().filter_map(|key| document.remove(key));
            let parts: Vec<String> = parts.map(|part| part.to_string()).collect();
            let mut values = BTreeMap::new();
            flatten(&Bson::Document(document), String::new(), &mut values);
            if !values.is_empty() {
                let key = format!("{} {}", collection.name(), parts.join(" "));
                prints.insert(key, sha256(format!("{values:?}").as_bytes()));
            }
        })
        .await?;
    Ok(prints)
}

/// Values by their paths. What is nothing is as good as not there.
fn flatten(value: &Bson, path: String, into: &mut BTreeMap<String, String>) {
    match value {
        Bson::Document(document) => {
            for (key, value) in document {
                flatten(value, format!("{path}.{key}"), into);
            }
        }
        Bson::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                flatten(value, format!("{path}.{place}"), into);
            }
        }
        Bson::Null | Bson::Int32(0) | Bson::Int64(0) => {}
        Bson::Int32(number) => drop(into.insert(path, number.to_string())),
        Bson::Int64(number) => drop(into.insert(path, number.to_string())),
        other => drop(into.insert(path, other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    fn flat(document: Document) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        flatten(&Bson::Document(document), String::new(), &mut values);
        values
    }

    #[test]
    fn nothing_is_as_good_as_not_there() {
        let one = doc! { "moves": { "done": { "4": 2_i64, "5": 0_i64 } }, "facts": null };
        let other = doc! { "moves": { "done": { "4": 2 }, "level": {} } };
        assert_eq!(flat(one), flat(other));
        assert_ne!(flat(doc! { "a": 1 }), flat(doc! { "a": 2 }));
        assert_ne!(flat(doc! { "a": [1] }), flat(doc! { "a": [1, 2] }));
    }
}

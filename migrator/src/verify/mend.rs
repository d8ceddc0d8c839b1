//! What can be put right without risk: nobody's rows change, nobody waits, and nothing that may be meant is
//! taken away but everybody's way into the database.

use super::Difference;
use crate::fleet::Target;

/// The statements that take a difference away; none for what needs a person.
pub(super) fn statements(target: &Target, difference: &Difference) -> Vec<String> {
    let Difference {
        object,
        expected,
        found,
    } = difference;
    let database = quoted(target.database());
    if object.starts_with("grant ") && object.ends_with(" on database to public") {
        return match found {
            Some(_) => vec![format!("revoke all on database {database} from public")],
            None => Vec::new(),
        };
    }
    if object == "grant CONNECT on database to <tenant>" && found.is_none() {
        let role = target.tenant.as_ref().map(|tenant| quoted(&tenant.role));
        let grant = |role| format!("grant connect on database {database} to {role}");
        return role.map(grant).into_iter().collect();
    }
    match (expected, found) {
        (Some(how), None) if object.starts_with("grant ") => {
            let option = match how.as_str() {
                "with grant option" => " with grant option",
                _ => "",
            };
            vec![format!("{object}{option}")]
        }
        (Some(definition), found) if object.starts_with("index ") => {
            let invalid = found
                .as_ref()
                .map(|found| found == &format!("{definition} (invalid)"));
            let build = concurrently(definition);
            match (invalid, object.strip_prefix("index ")) {
                (None, _) => build.into_iter().collect(),
                (Some(true), Some(name)) => {
                    let remove = format!("drop index concurrently {}", quoted(name));
                    std::iter::once(remove).chain(build).collect()
                }
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// `CREATE INDEX a …` as a build that lets writes through.
fn concurrently(definition: &str) -> Option<String> {
    let (before, after) = definition.split_once(" INDEX ")?;
    Some(format!("{before} INDEX CONCURRENTLY {after}"))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

//! Partial updates (RFC 7396): which columns a patch touches, and which version of the row it was made for.

use httpkit::{IfMatch, Problem};
use sea_orm::{ActiveModelTrait, ActiveValue, EntityTrait, IdenStatic, Iterable, Value};

/// A field that was sent is set, one that was not stays as it is.
pub(crate) fn set<T: Into<Value>>(field: Option<T>) -> ActiveValue<T> {
    field.map_or(ActiveValue::NotSet, ActiveValue::Set)
}

/// Names of the columns that a patch sets.
pub(crate) fn changed<A: ActiveModelTrait>(changes: &A) -> Vec<String> {
    <A::Entity as EntityTrait>::Column::iter()
        .filter(|column| changes.get(*column).is_set())
        .map(|column| column.as_str().to_owned())
        .collect()
}

/// The version a change is meant for: by `If-Match` (412 when stale), by a field of the body (409), or any.
pub(crate) struct Meant {
    if_match: IfMatch,
    version: Option<i32>,
}

impl Meant {
    pub(crate) fn new(if_match: IfMatch, version: Option<i32>) -> Self {
        Self { if_match, version }
    }

    /// Answers the version the update must still find, if it matters.
    pub(crate) fn check(&self, found: i32) -> Result<Option<i32>, Problem> {
        self.if_match.check(found)?;
        match self.version {
            Some(version) if version != found => Err(stale()),
            Some(_) => Ok(Some(found)),
            None => Ok((self.if_match != IfMatch::Any).then_some(found)),
        }
    }

    /// The answer when the row changed or went away between the check and the update.
    pub(crate) fn overtaken(&self) -> Problem {
        match (&self.if_match, self.version) {
            (IfMatch::Versions(_), _) => Problem::precondition_failed(),
            (IfMatch::Any, Some(_)) => stale(),
            (IfMatch::Any, None) => Problem::not_found(),
        }
    }
}

/// 409 for a version in the body that is not the present one.
pub(crate) fn stale() -> Problem {
    Problem::conflict(
        "stale_version",
        "somebody changed it since it was read; read it again and repeat the change",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_answers_412_and_body_409() {
        let header = Meant::new(IfMatch::Versions(vec![2]), None);
        assert_eq!(header.check(2).unwrap(), Some(2));
        assert_eq!(header.check(3).unwrap_err().status(), 412);
        assert_eq!(header.overtaken().status(), 412);
        let body = Meant::new(IfMatch::Any, Some(2));
        assert_eq!(body.check(2).unwrap(), Some(2));
        assert_eq!(body.check(3).unwrap_err().code(), "stale_version");
        assert_eq!(body.overtaken().status(), 409);
        let neither = Meant::new(IfMatch::Any, None);
        assert_eq!(neither.check(7).unwrap(), None);
    }
}

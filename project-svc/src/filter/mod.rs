//! The filter language of lists, saved views and search: `assignee:me status:todo,review due:<7d -label:"bug" engine`.
//!
//! Text becomes a tree ([`grammar`]), the tree a meaning ([`check`]), the meaning a condition with bound parameters
//! ([`sql`]). Mistakes name their place in the text.

mod check;
mod custom;
mod dates;
mod grammar;
mod sort;
mod sql;
mod store;
mod syntax;
mod test;
#[cfg(test)]
mod tests;

use httpkit::{FieldError, Problem};
use sea_orm::Value;
use sea_orm::sea_query::SimpleExpr;

pub(crate) use check::Asked;
pub(crate) use custom::CustomField;
pub(crate) use sort::Sort;
pub(crate) use store::{fields, resolve, resolve_for_all};
pub(crate) use syntax::Refused;

use test::{Expr, State, Test};

/// Length of a filter, in characters.
pub(crate) const MAX_CHARS: usize = 2_000;

/// A filter that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter {
    asked: Asked,
    expr: Option<Expr>,
    /// The order it asks for by `sort:`.
    pub(crate) sort: Option<Sort>,
}

impl Filter {
    /// Reads a filter.
    pub(crate) fn read(text: &str, asked: Asked) -> Result<Self, Refused> {
        if let Some((at, _)) = text.char_indices().nth(MAX_CHARS) {
            let why = format!("a filter has at most {MAX_CHARS} characters");
            return Err(Refused::new(at, why));
        }
        if let Some(at) = text.find('\0') {
            return Err(Refused::new(at, "a character that no text has"));
        }
        let (expr, sort) = match grammar::read(text)? {
            Some(node) => check::check(node, asked)?,
            None => (None, None),
        };
        Ok(Self { asked, expr, sort })
    }

    /// Whether every task passes.
    pub(crate) fn is_empty(&self) -> bool {
        self.expr.is_none()
    }

    /// Keys of the projects' own fields that it names.
    pub(crate) fn field_keys(&self) -> Vec<String> {
        let keys = std::cell::RefCell::new(Vec::new());
        if let Some(expr) = &self.expr {
            expr.any(&|test| {
                if let Test::Custom(custom) = test {
                    keys.borrow_mut().push(custom.key.text.clone());
                }
                false
            });
        }
        keys.into_inner()
    }

    /// Whether it asks for archived tasks, which are left out otherwise.
    pub(crate) fn names_archived(&self) -> bool {
        let archived = |test: &Test| matches!(test, Test::State(State::Archived));
        self.expr.as_ref().is_some_and(|expr| expr.any(&archived))
    }

    /// The same condition with its values after those that are there already, for a statement in SQL.
    pub(crate) fn sql(
        &self,
        fields: &[CustomField],
        values: Vec<Value>,
    ) -> Result<(String, Vec<Value>), Refused> {
        match &self.expr {
            Some(expr) => sql::write(expr, self.asked, fields, values),
            None => Ok(("true".to_owned(), values)),
        }
    }

    /// The condition on tasks, given the fields of [`Filter::field_keys`]; none when every task passes.
    pub(crate) fn condition(&self, fields: &[CustomField]) -> Result<Option<SimpleExpr>, Refused> {
        let condition = |expr| sql::condition(expr, self.asked, fields);
        self.expr.as_ref().map(condition).transpose()
    }
}

impl Refused {
    /// The answer 422 `invalid_filter`, with the place in characters; `pointer` names the field or parameter.
    pub(crate) fn problem(&self, text: &str, pointer: &str) -> Problem {
        let before = text.char_indices().take_while(|(at, _)| *at < self.at);
        let offset = u32::try_from(before.count()).unwrap_or(u32::MAX);
        let error = FieldError::new(pointer, "invalid_filter", &self.why).at(offset);
        Problem::new(http::StatusCode::UNPROCESSABLE_ENTITY, "invalid_filter")
            .with_detail(format!(
                "the filter cannot be read at character {offset}: {}",
                self.why
            ))
            .with_errors(vec![error])
    }
}

//! Query parameters: unknown, repeated and malformed ones are refused with 422.

use axum::extract::FromRequestParts;
use http::request::Parts;
use kernel::Cursor;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded;
use utoipa::IntoParams;

use crate::{FieldError, Problem};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// Query parameters as `T`.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// Query of a list: the page asked for, and filters as `F`.
#[derive(Debug, Clone)]
pub struct ListQuery<F> {
    /// The page asked for.
    pub page: PageRequest,
    /// Everything but `limit` and `cursor`.
    pub filter: F,
}

/// Query of a list without filters.
pub type PageQuery = ListQuery<NoFilter>;

/// No filters.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct NoFilter {}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageRequest {
    /// Rows on the page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50, required = false)]
    pub limit: u32,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>, max_length = 512)]
    pub cursor: Option<Cursor>,
}

impl PageRequest {
    /// The key behind which the page starts, or 422 for a cursor that is not of this list.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        match &self.cursor {
            None => Ok(None),
            Some(cursor) => cursor
                .decode()
                .map(Some)
                .ok_or_else(|| Problem::field("cursor", "invalid", "not a cursor of this list")),
        }
    }

    /// Rows to read: one more than shown, which tells whether there is a next page.
    pub fn limit_and_one(&self) -> u64 {
        u64::from(self.limit) + 1
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parse(parameters(parts)?).map(Self)
    }
}

impl<S: Send + Sync, F: DeserializeOwned> FromRequestParts<S> for ListQuery<F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let (page, filter) = parameters(parts)?
            .into_iter()
            .partition::<Vec<_>, _>(|(name, _)| name == "limit" || name == "cursor");
        Ok(Self {
            page: page_request(page)?,
            filter: parse(filter)?,
        })
    }
}

/// The parameters in their order, none of them twice.
fn parameters(parts: &Parts) -> Result<Vec<(String, String)>, Problem> {
    let query = parts.uri.query().unwrap_or_default();
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
        if pairs.iter().any(|(known, _)| *known == name) {
            return Err(Problem::field(
                name,
                "repeated",
                "this parameter may be given once only",
            ));
        }
        if value.contains(char::is_control) {
            return Err(Problem::field(
                name,
                "control_character",
                "control characters are not allowed",
            ));
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn page_request(pairs: Vec<(String, String)>) -> Result<PageRequest, Problem> {
    let mut page = PageRequest {
        limit: DEFAULT_LIMIT,
        cursor: None,
    };
    for (name, value) in pairs {
        if name == "cursor" {
            page.cursor = Some(Cursor::from(value));
            continue;
        }
        page.limit = value
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| Problem::field(name, "invalid", "must be a number from 1 to 200"))?;
    }
    Ok(page)
}

fn parse<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T, Problem> {
    let encoded = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let mut unknown = Vec::new();
    let deserializer =
        serde_urlencoded::Deserializer::new(form_urlencoded::parse(encoded.as_bytes()));
    let ignoring = &mut |path: serde_ignored::Path<'_>| unknown.push(path.to_string());
    let parsed =
        serde_path_to_error::deserialize(serde_ignored::Deserializer::new(deserializer, ignoring));
    let mut errors: Vec<FieldError> = unknown
        .into_iter()
        .map(|name| FieldError::new(name, "unknown_parameter", "there is no such parameter"))
        .collect();
    match parsed {
        Ok(value) if errors.is_empty() => Ok(value),
        Ok(_) => Err(Problem::validation(errors)),
        Err(error) => {
            errors.push(FieldError::invalid(
                error.path().to_string(),
                error.inner().to_string(),
            ));
            Err(Problem::validation(errors))
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Filter {
        age: Option<u8>,
    }

    async fn list(query: &str) -> Result<ListQuery<Filter>, Problem> {
        let (mut parts, ()) = Request::get(format!("/tasks?{query}"))
            .body(())
            .unwrap()
            .into_parts();
        ListQuery::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn page_and_filter_are_read() {
        let query = list("limit=7&age=3&cursor=abc").await.unwrap();
        assert_eq!((query.page.limit, query.filter.age), (7, Some(3)));
        assert_eq!(list("").await.unwrap().page.limit, DEFAULT_LIMIT);
    }

    #[tokio::test]
    async fn bad_parameters_are_refused() {
        for query in [
            "limit=0",
            "limit=201",
            "limit=x",
            "limit=1&limit=2",
            "age=x",
            "nope=1",
            "age=3%00",
        ] {
            let problem = list(query).await.unwrap_err();
            assert_eq!(problem.status(), 422, "{query}");
            assert_eq!(problem.body().errors.len(), 1, "{query}");
        }
    }

    #[tokio::test]
    async fn foreign_cursor_is_refused() {
        let page = list("cursor=abc").await.unwrap().page;
        assert_eq!(page.after::<(i64, String)>().unwrap_err().status(), 422);
    }
}

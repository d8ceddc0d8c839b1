//! What every service's OpenAPI document has in common.
//!
//! A service serves its own at [`DOCUMENT_PATH`]; the gateway merges them.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use utoipa::Modify;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, PathItem, Ref, RefOr};

use utoipa_axum::router::OpenApiRouter;

use crate::{Json, ProblemBody};

/// Where a service serves its document.
pub const DOCUMENT_PATH: &str = "/internal/openapi.json";

/// Name of the security scheme for access tokens.
pub const BEARER: &str = "bearer";

/// The routes, with their document beside them.
pub fn serve<S: Clone + Send + Sync + 'static>(routes: OpenApiRouter<S>) -> Router<S> {
    let (router, mut document) = routes.split_for_parts();
    Conventions.modify(&mut document);
    let document = Arc::new(document);
    router.route(
        DOCUMENT_PATH,
        get(async move || Json(Arc::clone(&document))),
    )
}

/// Adds the bearer scheme and the problem schema, and says of each answer of status 400 and above that its body is
/// a problem, unless the handler says otherwise. It sees what is there: apply it after the routes were merged.
#[derive(Debug, Clone, Copy)]
pub struct Conventions;

impl Modify for Conventions {
    fn modify(&self, document: &mut OpenApi) {
        document
            .paths
            .paths
            .values_mut()
            .flat_map(operations)
            .for_each(answer_with_problems);
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(
            BEARER,
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        );
        let mut schemas = Vec::new();
        <ProblemBody as utoipa::ToSchema>::schemas(&mut schemas);
        components.schemas.insert(
            "ProblemBody".to_owned(),
            <ProblemBody as utoipa::PartialSchema>::schema(),
        );
        components.schemas.extend(schemas);
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.options,
        &mut item.head,
        &mut item.patch,
        &mut item.trace,
        &mut item.query,
    ]
    .into_iter()
    .flatten()
}

fn answer_with_problems(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
            && response.content.is_empty()
        {
            let problem = Content::new(Some(Ref::from_schema_name("ProblemBody")));
            let kind = "application/problem+json".to_owned();
            response.content.insert(kind, problem.into());
        }
    }
}

//! What every service's OpenAPI document has in common.
//!
//! A service serves its own at [`DOCUMENT_PATH`]; the gateway merges them.

use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use crate::ProblemBody;

/// Where a service serves its document.
pub const DOCUMENT_PATH: &str = "/internal/openapi.json";

/// Name of the security scheme for access tokens.
pub const BEARER: &str = "bearer";

/// Adds the bearer scheme and the problem schema.
#[derive(Debug, Clone, Copy)]
pub struct Conventions;

impl utoipa::Modify for Conventions {
    fn modify(&self, document: &mut OpenApi) {
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

//! The OpenAPI document's common parts.

use std::collections::BTreeMap;

use httpkit::ProblemBody;
use httpkit::openapi::Conventions;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi, ToSchema};

use crate::webhook::Requests;

/// The document that the routers add their operations to.
#[derive(OpenApi)]
#[openapi(
    info(title = "Tenantry projects", description = "Projects, boards, tasks and comments of one organization."),
    modifiers(&Conventions, &Requests),
    security(("bearer" = []))
)]
pub(crate) struct Document;

/// What any read may be refused with.
pub(crate) struct ReadProblems;

/// What any write may be refused with.
pub(crate) struct WriteProblems;

const READ: [(u16, &str); 6] = [
    (401, "who calls is not known"),
    (403, "the caller's role may not do this"),
    (404, "not there, or not for the caller to know of"),
    (422, "a parameter is wrong; see `errors`"),
    (429, "too many requests at once"),
    (503, "a part of the system is away; try again shortly"),
];

const WRITE: [(u16, &str); 11] = [
    (400, "the body is not JSON"),
    (401, "who calls is not known"),
    (403, "the caller's role may not do this"),
    (404, "not there, or not for the caller to know of"),
    (
        409,
        "the present state does not allow it, or `version` is stale",
    ),
    (
        412,
        "`If-Match` names a version that is not the present one",
    ),
    (413, "the body is larger than 1 MiB"),
    (415, "the body is not `application/json`"),
    (422, "fields of the body are wrong; see `errors`"),
    (429, "too many requests at once"),
    (503, "a part of the system is away; try again shortly"),
];

impl IntoResponses for ReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&READ)
    }
}

impl IntoResponses for WriteProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&WRITE)
    }
}

fn problems(statuses: &[(u16, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let body = Content::new(Some(Ref::from_schema_name(ProblemBody::name())));
    let problem = |(status, meaning): &(u16, &str)| {
        let response = ResponseBuilder::new()
            .description(*meaning)
            .content("application/problem+json", body.clone());
        (status.to_string(), RefOr::T(response.build()))
    };
    statuses.iter().map(problem).collect()
}

//! HTTP of the control plane, for the operator's tool and the resolver alone.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{delete, post};
use garde::Validate;
use httpkit::{Caller, Json, Path, Problem, Service};
use kernel::{Subdomain, TenantId};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;

use super::erase::{self, Erased};
use super::found::{self, People, Wanted};
use crate::account::{self, EmailAddress};
use crate::state::{AppState, Identity};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .route("/internal/v1/organizations", post(make_organization))
        .route(
            "/internal/v1/organizations/{tenant_id}",
            delete(erase_organization),
        )
}

/// An organization for a tenant that was claimed, with exactly one way to its people.
#[derive(Debug, Deserialize, Validate)]
struct MakeOrganization {
    #[garde(skip)]
    tenant_id: TenantId,
    #[garde(skip)]
    subdomain: String,
    #[garde(length(chars, min = 1, max = 200), custom(httpkit::text::line))]
    name: String,
    /// Its members are those of this organization, in the same roles.
    #[serde(default)]
    #[garde(skip)]
    members_of: Option<TenantId>,
    /// Its first owner is invited.
    #[serde(default)]
    #[garde(inner(custom(account::well_formed)))]
    owner_email: Option<EmailAddress>,
}

#[derive(Debug, Serialize)]
struct Made {
    tenant_id: TenantId,
}

async fn make_organization(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    Json(body): Json<MakeOrganization>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    caller.only(&[Service::Migrator])?;
    let people = match (body.members_of, body.owner_email) {
        (Some(source), None) => People::MembersOf(source),
        (None, Some(email)) => People::Owner(email),
        _ => {
            let words = "must be there unless `owner_email` is, and only then";
            return Err(Problem::field("/members_of", "missing", words));
        }
    };
    let subdomain = Subdomain::of_host_label(&body.subdomain);
    let malformed = || Problem::field("/subdomain", "malformed", "must be a subdomain");
    let tenant_id = body.tenant_id;
    let wanted = Wanted {
        tenant: tenant_id,
        subdomain: subdomain.ok_or_else(malformed)?,
        name: body.name,
        people,
    };
    let status = match found::found(&identity, wanted).await? {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    Ok((status, Json(Made { tenant_id })))
}

async fn erase_organization(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    Path(tenant): Path<TenantId>,
) -> Result<Json<Erased>, Problem> {
    caller.only(&[Service::TenantResolver, Service::Migrator])?;
    Ok(Json(erase::erase(&identity, tenant).await?))
}

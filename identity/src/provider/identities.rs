//! HTTP of the accounts elsewhere that are linked to the own one.

use std::sync::Arc;

use axum::extract::State;
use chrono::{DateTime, Utc};
use httpkit::{Json, NoContent, Path, Problem, SignedIn};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::Linked;
use super::{model, store};
use crate::account::notice::{self, Change};
use crate::client::Client;
use crate::state::{AppState, Identity};
use crate::{audit, session};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_identities))
        .routes(routes!(unlink_identity))
}

/// An account elsewhere that opens the own one.
#[derive(Debug, Serialize, ToSchema)]
struct LinkedIdentity {
    /// `google`, `github`, `slack` or the id of a provider of this organization.
    #[schema(example = "google")]
    provider: String,
    /// What people know the provider by.
    #[schema(example = "Google")]
    name: String,
    linked_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

/// Lists the accounts elsewhere that open the own one here.
#[utoipa::path(
    get,
    path = "/api/v1/auth/identities",
    operation_id = "list_identities",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "the accounts", body = Vec<LinkedIdentity>),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`"),
    )
)]
async fn list_identities(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
) -> Result<Json<Vec<LinkedIdentity>>, Problem> {
    let rows = store::linked(&identity.db, member.user).await?.into_iter();
    // Which other organizations a person is in is nobody's business here.
    let rows = rows.filter(|row| row.tenant_id.is_none_or(|tenant| tenant == member.tenant));
    let shown = rows.map(|row| LinkedIdentity {
        name: name_of(&identity, &row),
        provider: row.provider,
        linked_at: row.linked_at,
        last_used_at: row.last_used_at,
    });
    Ok(Json(shown.collect()))
}

/// What people know the provider by.
fn name_of(identity: &Identity, row: &Linked) -> String {
    let offered = identity.providers.offered(&row.provider);
    let name = row.name.as_ref();
    name.or_else(|| offered.map(|provider| &provider.name))
        .unwrap_or(&row.provider)
        .clone()
}

/// Unlinks an account elsewhere. The last way to sign in stays.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/identities/{provider}",
    operation_id = "unlink_identity",
    tag = "auth",
    security(("bearer" = [])),
    params(("provider" = String, Path, description = "`google`, `github`, `slack` or the id of a provider")),
    responses(
        (status = 204, description = "unlinked"),
        (status = 401, description = "no valid access token, or the session has ended"),
        (status = 403, description = "`session_required`, `session_confined`"),
        (status = 404, description = "nothing of this provider is linked"),
        (status = 409, description = "`last_way_in`"),
    )
)]
async fn unlink_identity(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Path(provider): Path<String>,
) -> Result<NoContent, Problem> {
    let transaction = identity.begin().await?;
    session::require_whole_account(&identity, &transaction, &member).await?;
    // Two who unlink at once come one by one, and the second is told that it is the last.
    let person = store::hold(&transaction, member.user).await?;
    let person = person.ok_or_else(Problem::not_found)?;
    let offered = |key: &str| identity.providers.offered(key).is_some();
    let ways = store::ways(&transaction, &person, offered).await?;
    model::check_unlink(&ways, &provider)?;
    let linked = store::linked(&transaction, member.user).await?;
    let linked = linked.into_iter().find(|row| row.provider == provider);
    let name = linked.map_or_else(|| provider.clone(), |row| name_of(&identity, &row));
    if !store::unlink(&transaction, &provider, member.user).await? {
        return Err(Problem::not_found());
    }
    let unlinked = audit::Event::done("identity.unlinked", member.user, &client);
    let unlinked = unlinked
        .at(member.tenant)
        .with(json!({ "provider": provider }));
    audit::record(&identity, &transaction, unlinked).await?;
    let whom = (member.tenant, member.user);
    notice::tell(
        &identity,
        &transaction,
        whom,
        &client,
        Change::ProviderUnlinked(&name),
    )
    .await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}

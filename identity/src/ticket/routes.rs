//! HTTP of the way from one organization to another.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use httpkit::{Caller, Json, PageQuery, PageRequest, Path, Problem, SignedIn};
use kernel::{Page, Role, RoleId, TenantId};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Ticket, model, store};
use crate::client::Client;
use crate::one_time::{self, Owner};
use crate::organization::{self, Organization};
use crate::second_factor::Demand;
use crate::session::{self, Entry, Grant, Method, Tokens};
use crate::state::{AppState, Identity};
use crate::{account, audit, member};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_my_organizations))
        .routes(routes!(create_ticket))
        .routes(routes!(redeem_ticket))
}

/// An organization of one's own.
#[derive(Debug, Serialize, ToSchema)]
struct MyOrganization {
    organization: Organization,
    /// What one is there.
    role: Role,
    /// One of the organization's own roles, which counts in place of `role`.
    role_id: Option<RoleId>,
    /// Whether it is the one of this host.
    current: bool,
    /// Whether this session opens one there without signing in.
    switchable: bool,
}

/// Lists the organizations one is a member of, in the order they were joined.
#[utoipa::path(
    get,
    path = "/api/v1/auth/organizations",
    operation_id = "list_my_organizations",
    tag = "auth",
    security(("bearer" = [])),
    params(PageRequest),
    responses(
        (status = 200, description = "a page of organizations", body = Page<MyOrganization>),
        (status = 401, description = "no valid access token, or the session has ended"),
        (status = 403, description = "`session_required`, `session_confined`"),
        (status = 422, description = "a parameter is wrong"),
    )
)]
async fn list_my_organizations(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<MyOrganization>>, Problem> {
    let (db, after) = (&identity.db, page.after()?);
    session::require_whole_account(&identity, db, &member).await?;
    let session = session::live(db, member.session, identity.clock.now()).await?;
    let rows = store::page(db, member.user, after, i64::from(page.limit) + 1).await?;
    let key = |row: &store::Row| (row.joined_at, row.organization.tenant_id);
    let view = |row: store::Row| {
        let current = row.organization.tenant_id == member.tenant;
        MyOrganization {
            current,
            switchable: !current && model::may_switch(session.method, &row.organization),
            organization: Organization::of(row.organization, &identity.common),
            role: row.role,
            role_id: row.role_id,
        }
    };
    Ok(Json(Page::of(rows, page.limit, key, view)))
}

/// A ticket.
#[derive(Serialize, ToSchema)]
struct TicketView {
    /// Good once within five minutes, at `POST /api/v1/auth/tickets` on the organization's host.
    ticket: String,
    /// The address of that host.
    #[schema(example = "https://acme.tenantry.example")]
    url: String,
}

/// Gives a ticket to another organization one is a member of, if a session here is enough there.
#[utoipa::path(
    post,
    path = "/api/v1/auth/organizations/{tenant_id}/ticket",
    operation_id = "create_ticket",
    tag = "auth",
    security(("bearer" = [])),
    params(("tenant_id" = TenantId, Path, description = "id of the organization")),
    responses(
        (status = 200, description = "a ticket", body = TicketView),
        (status = 401, description = "no valid access token, or the session has ended"),
        (status = 403, description = "`sign_in_required`: not without signing in there; `session_required`, `session_confined`"),
        (status = 404, description = "no organization of one's own"),
    )
)]
async fn create_ticket(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    Path(tenant): Path<TenantId>,
    client: Client,
) -> Result<Json<TicketView>, Problem> {
    let transaction = identity.begin().await?;
    session::require_whole_account(&identity, &transaction, &member).await?;
    let source = session::live(&transaction, member.session, identity.clock.now()).await?;
    let standing = member::store::standing(&transaction, tenant, member.user).await?;
    standing.ok_or_else(Problem::not_found)?;
    let target = organization::store::by_id(&transaction, tenant).await?;
    let target = target.ok_or_else(Problem::not_found)?;
    let ticket = super::switch(&identity, &transaction, &source, &target).await?;
    let event = audit::Event::done("ticket.given", member.user, &client)
        .at(tenant)
        .on(source.id.uuid())
        .with(json!({ "from": member.tenant }));
    audit::record(&identity, &transaction, event).await?;
    identity.commit(transaction).await?;
    let url = Organization::of(target, &identity.common).url().to_owned();
    Ok(Json(TicketView { ticket, url }))
}

/// A ticket to be used.
#[derive(Deserialize, Validate, ToSchema)]
struct RedeemTicket {
    #[garde(length(bytes, max = 200))]
    ticket: String,
}

/// Signs in with a ticket, on the host it is for.
#[utoipa::path(
    post,
    path = "/api/v1/auth/tickets",
    operation_id = "redeem_ticket",
    tag = "auth",
    request_body = RedeemTicket,
    responses(
        (status = 200, description = "signed in", body = Tokens),
        (status = 202, description = "a second factor is asked for", body = Demand),
        (status = 401, description = "`invalid_ticket`: unknown, used, too old, of another organization, or its session has ended"),
        (status = 403, description = "`sign_in_required`: the organization asks for more by now"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn redeem_ticket(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    client: Client,
    Json(body): Json<RedeemTicket>,
) -> Result<Entry, Problem> {
    let tenant = caller.tenant()?;
    let transaction = identity.begin().await?;
    // On another host nothing is committed, and the ticket is not used up.
    let found = one_time::redeem::<Ticket>(&identity, &transaction, &body.ticket).await?;
    let (owner, ticket) = found.ok_or_else(invalid)?;
    let grant = grant(&transaction, owner, tenant).await?;
    if let Some(source) = ticket.source {
        let source = session::live(&transaction, source, identity.clock.now()).await;
        let source = source.map_err(|_ended| invalid())?;
        let target = organization::store::by_id(&transaction, tenant).await?;
        model::check_switch(source.method, &target.ok_or_else(Problem::not_found)?)?;
    }
    if ticket.proof.method == Method::Password {
        // The door gives a guess back for a password: many tickets must not give back many.
        identity
            .throttle
            .attempt(&grant.user.email, client.address)?;
    }
    let entry = session::enter(&identity, &transaction, &grant, &client, ticket.proof).await?;
    identity.commit(transaction).await?;
    Ok(entry)
}

/// The member the ticket is for, as of now.
async fn grant(
    db: &impl ConnectionTrait,
    owner: Owner,
    tenant: TenantId,
) -> Result<Grant, Problem> {
    let user = owner.user.filter(|_| owner.tenant == Some(tenant));
    let user = user.ok_or_else(invalid)?;
    let found = account::store::active(db, user).await?;
    let standing = member::store::standing(db, tenant, user).await?;
    let (user, standing) = found.zip(standing).ok_or_else(invalid)?;
    Ok(Grant {
        user,
        tenant,
        standing,
    })
}

fn invalid() -> Problem {
    Problem::unauthorized("invalid_ticket")
        .with_detail("the ticket is not valid, or no longer; sign in")
}

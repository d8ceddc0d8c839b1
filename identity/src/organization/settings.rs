//! HTTP of an organization's name and rules.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use httpkit::{IfMatch, Json, Member, Problem, SignedIn, Versioned};
use kernel::{Permission, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{model, store};
use crate::client::Client;
use crate::entity::organization;
use crate::state::{AppState, Identity};
use crate::{audit, member, session};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_organization, update_organization))
}

/// An organization with its rules.
#[derive(Debug, Serialize, ToSchema)]
struct OrganizationSettings {
    /// Id of the organization.
    id: TenantId,
    /// Its name.
    #[schema(example = "Acme Inc.")]
    name: String,
    /// The label it lives under.
    #[schema(example = "acme")]
    subdomain: String,
    /// Its address.
    #[schema(example = "https://acme.tenantry.example")]
    url: String,
    /// Who reads mail at one of these domains may join without an invitation.
    #[schema(example = json!(["example.com"]))]
    allowed_email_domains: Vec<String>,
    /// Whether members sign in with a second factor.
    require_second_factor: bool,
    /// Whether members may sign in with a password.
    password_sign_in: bool,
    /// Whether a session in another organization opens one here.
    switch_without_password: bool,
    /// How long security events are kept.
    audit_retention_days: i32,
    /// Rises with each change.
    version: i32,
}

impl OrganizationSettings {
    fn of(row: organization::Model, identity: &Identity) -> Versioned<Self> {
        Versioned {
            version: row.version,
            body: Self {
                id: row.tenant_id,
                url: identity.common.tenant_origin(&row.subdomain),
                name: row.name,
                subdomain: row.subdomain,
                allowed_email_domains: row.allowed_email_domains,
                require_second_factor: row.require_second_factor,
                password_sign_in: row.password_sign_in,
                switch_without_password: row.switch_without_password,
                audit_retention_days: row.audit_retention_days,
                version: row.version,
            },
        }
    }
}

/// Shows the organization and its rules.
#[utoipa::path(
    get,
    path = "/api/v1/organization",
    operation_id = "get_organization",
    tag = "organizations",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "the organization; its version is the `ETag`", body = OrganizationSettings),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`"),
    )
)]
async fn get_organization(
    State(identity): State<Arc<Identity>>,
    member: Member,
) -> Result<Versioned<OrganizationSettings>, Problem> {
    member.require(Permission::MemberRead)?;
    let found = store::by_id(&identity.db, member.tenant).await?;
    let row = found.ok_or_else(Problem::not_found)?;
    Ok(OrganizationSettings::of(row, &identity))
}

/// What of an organization may change; what is not sent stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct UpdateOrganization {
    /// Its name; for who may manage the organization.
    #[garde(
        length(chars, min = 1, max = 200),
        custom(httpkit::text::optional_line)
    )]
    name: Option<String>,
    /// All of them: this list replaces the present one.
    #[garde(custom(model::domains))]
    allowed_email_domains: Option<Vec<String>>,
    /// Members without a second factor enrol one when they next sign in.
    #[garde(skip)]
    require_second_factor: Option<bool>,
    /// Only who signed in without a password can turn it off.
    #[garde(skip)]
    password_sign_in: Option<bool>,
    #[garde(skip)]
    switch_without_password: Option<bool>,
    #[garde(range(min = 30, max = 3650))]
    audit_retention_days: Option<i32>,
}

impl UpdateOrganization {
    /// What it takes to change what is asked to change.
    fn needs(&self) -> Vec<Permission> {
        let rules = self.allowed_email_domains.is_some()
            || self.require_second_factor.is_some()
            || self.password_sign_in.is_some()
            || self.switch_without_password.is_some()
            || self.audit_retention_days.is_some();
        let name = (self.name.is_some() || !rules).then_some(Permission::OrganizationManage);
        let rules = rules.then_some(Permission::SecurityManage);
        name.into_iter().chain(rules).collect()
    }

    /// Takes what was sent over; answers the names of what is another now.
    fn apply(self, row: &mut organization::Model) -> Vec<&'static str> {
        let mut changed = Vec::new();
        let mut note = |name, is_other| {
            if is_other {
                changed.push(name);
            }
        };
        note("name", replace(&mut row.name, self.name));
        let domains = replace(&mut row.allowed_email_domains, self.allowed_email_domains);
        note("allowed_email_domains", domains);
        let second_factor = replace(&mut row.require_second_factor, self.require_second_factor);
        note("require_second_factor", second_factor);
        let password = replace(&mut row.password_sign_in, self.password_sign_in);
        note("password_sign_in", password);
        let switch = replace(
            &mut row.switch_without_password,
            self.switch_without_password,
        );
        note("switch_without_password", switch);
        let retention = replace(&mut row.audit_retention_days, self.audit_retention_days);
        note("audit_retention_days", retention);
        changed
    }
}

/// Whether `value` became another.
fn replace<T: PartialEq>(value: &mut T, by: Option<T>) -> bool {
    match by {
        Some(by) if by != *value => {
            *value = by;
            true
        }
        Some(_) | None => false,
    }
}

/// Changes the organization's name or rules. Rules hold from the next sign-in and refresh on.
#[utoipa::path(
    patch,
    path = "/api/v1/organization",
    operation_id = "update_organization",
    tag = "organizations",
    security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "the `ETag` the change is meant for")),
    request_body = UpdateOrganization,
    responses(
        (status = 200, description = "the organization as it is now", body = OrganizationSettings),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`, `session_required`"),
        (status = 409, description = "`would_lock_out`"),
        (status = 412, description = "`stale_version`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn update_organization(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    if_match: IfMatch,
    client: Client,
    Json(body): Json<UpdateOrganization>,
) -> Result<Versioned<OrganizationSettings>, Problem> {
    let transaction = identity.begin().await?;
    let found = store::locked(&transaction, member.tenant).await?;
    let mut row = found.ok_or_else(Problem::not_found)?;
    let actor = member::acting(&transaction, &member).await?;
    for permission in body.needs() {
        actor.require(permission)?;
    }
    if_match.check(row.version)?;
    if row.password_sign_in && body.password_sign_in == Some(false) {
        let now = identity.clock.now();
        let session = session::live(&transaction, member.session, now).await?;
        model::check_another_way(session.method)?;
    }
    let changed = body.apply(&mut row);
    if !changed.is_empty() {
        row.version += 1;
        store::save(&transaction, row.clone()).await?;
        let event = audit::Event::done("organization.updated", member.user, &client)
            .at(member.tenant)
            .on(member.tenant.uuid())
            .with(json!({ "changed": changed }));
        audit::record(&identity, &transaction, event).await?;
    }
    identity.commit(transaction).await?;
    Ok(OrganizationSettings::of(row, &identity))
}

//! HTTP of owners.

use std::sync::Arc;

use axum::extract::State;
use events::topic::link::{LinkCreated, LinkRevoked};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, StatusCode};
use httpkit::client::UpstreamError;
use httpkit::idempotency::IdempotencyKey;
use httpkit::tokens::Resource;
use httpkit::{
    Created, IfMatch, Json, ListQuery, Member, NoContent, PageRequest, Problem, Versioned,
};
use kernel::{LinkId, Page, Permission, TenantId};
use sea_orm::TransactionTrait;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Managed, check_program, manages_all};
use super::model::{self, ResourceRef};
use super::store::{self, Selection};
use super::view::{CreateLink, LinkBody, LinkFilter};
use crate::code::Code;
use crate::entity::link;
use crate::state::{AppState, Shortener};

/// When a client may ask again for an address that could not be had.
const RETRY_AFTER_SECONDS: u64 = 2;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_link, list_links))
        .routes(routes!(get_link, revoke_link))
}

/// Makes a link that shows one thing to whoever has it.
#[utoipa::path(
    post, path = "/api/v1/links", tag = "links", operation_id = "create_link",
    security(("bearer" = [])),
    request_body = CreateLink,
    responses(
        (status = 201, body = LinkBody),
        (status = 403, description = "`permission_denied`"),
        (status = 404, description = "The thing is not there, or not yours to see"),
        (status = 422, description = "Some fields are wrong"),
    )
)]
async fn create_link(
    State(shortener): State<Arc<Shortener>>,
    member: Member,
    headers: HeaderMap,
    key: IdempotencyKey,
    Json(body): Json<CreateLink>,
) -> Result<Created<Versioned<LinkBody>>, Problem> {
    member.require(Permission::LinkCreate)?;
    let now = shortener.clock.now();
    model::check_expiry(body.expires_at, now)?;
    ask_to_share(&shortener, member.tenant, &headers, body.resource).await?;
    let origin = origin(&shortener, member.tenant).await?;
    let draft = draft(&shortener, &member, &body).await?;

    let scope = format!("create_link:{}:{}", member.tenant, member.user);
    let once = key.once(scope, &body.fingerprint());
    let work = shortener.db.begin().await?;
    let link = match once.replayed::<LinkId>(&work, now).await? {
        Some(made) => store::find(&work, member.tenant, made).await?,
        None => {
            let link = store::insert(&work, draft).await?;
            let event = created(&link)?;
            let envelope = shortener.envelope(member.tenant, Some(member.user), &event);
            events::outbox::emit(&work, &envelope).await?;
            once.remember(&work, &link.id).await?;
            Some(link)
        }
    };
    work.commit().await?;
    shortener.wake.notify();
    let link = link.ok_or_else(Problem::not_found)?;
    let version = link.version;
    let body = LinkBody::of(&shortener, &origin, &link)?;
    Ok(Created {
        location: format!("/api/v1/links/{}", body.id),
        body: Versioned { version, body },
    })
}

/// Links, newest first: one's own, or with `link:manage` everybody's.
#[utoipa::path(
    get, path = "/api/v1/links", tag = "links", operation_id = "list_links",
    security(("bearer" = [])),
    params(PageRequest, LinkFilter),
    responses((status = 200, body = Page<LinkBody>))
)]
async fn list_links(
    State(shortener): State<Arc<Shortener>>,
    member: Member,
    ListQuery { page, filter }: ListQuery<LinkFilter>,
) -> Result<Json<Page<LinkBody>>, Problem> {
    check_program(&member)?;
    let created_by = (!manages_all(&member)).then_some(member.user);
    let selection = Selection {
        tenant: member.tenant,
        created_by,
        resource: filter.resource.as_deref().map(parse_resource).transpose()?,
    };
    let after = page.after()?;
    let rows = store::page(&shortener.db, &selection, after, page.limit_and_one()).await?;
    let origin = origin(&shortener, member.tenant).await?;
    let page = Page::of(
        rows,
        page.limit,
        |link| (link.created_at, link.id),
        |link| link,
    );
    let items = page.items.iter();
    let items = items.map(|link| LinkBody::of(&shortener, &origin, link));
    Ok(Json(Page {
        items: items.collect::<Result<_, _>>()?,
        next_cursor: page.next_cursor,
    }))
}

/// One link.
#[utoipa::path(
    get, path = "/api/v1/links/{id}", tag = "links", operation_id = "get_link",
    security(("bearer" = [])),
    params(("id" = LinkId, Path)),
    responses(
        (status = 200, body = LinkBody),
        (status = 404, description = "No such link, or not yours to see"),
    )
)]
async fn get_link(
    State(shortener): State<Arc<Shortener>>,
    Managed { link, .. }: Managed,
) -> Result<Versioned<LinkBody>, Problem> {
    let origin = origin(&shortener, link.tenant_id).await?;
    let version = link.version;
    let body = LinkBody::of(&shortener, &origin, &link)?;
    Ok(Versioned { version, body })
}

/// Takes a link back, at once and for good, also for guests who are in.
#[utoipa::path(
    delete, path = "/api/v1/links/{id}", tag = "links", operation_id = "revoke_link",
    security(("bearer" = [])),
    params(("id" = LinkId, Path)),
    responses(
        (status = 204),
        (status = 404, description = "No such link, or not yours to see"),
        (status = 412, description = "`If-Match` names another version"),
    )
)]
async fn revoke_link(
    State(shortener): State<Arc<Shortener>>,
    Managed { member, link }: Managed,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    if_match.check(link.version)?;
    let work = shortener.db.begin().await?;
    if store::revoke(&work, &link, shortener.clock.now()).await? {
        let event = LinkRevoked {
            link_id: link.id,
            resource: model::resource(&link)?.to_string(),
        };
        let envelope = shortener.envelope(link.tenant_id, Some(member.user), &event);
        events::outbox::emit(&work, &envelope).await?;
    }
    work.commit().await?;
    shortener.wake.notify();
    Ok(NoContent)
}

/// Asks project-svc, in the caller's own name, whether the caller may share the thing.
async fn ask_to_share(
    shortener: &Shortener,
    tenant: TenantId,
    headers: &HeaderMap,
    resource: ResourceRef,
) -> Result<(), Problem> {
    let project = &shortener.project;
    let mut request = project.request(Method::POST, "/internal/v1/shareable", Some(tenant))?;
    if let Some(own) = headers.get(AUTHORIZATION) {
        request = request.header(AUTHORIZATION, own);
    }
    let answer = project.send(request.json(&resource)).await;
    answer.map_err(|error| match error.status() {
        Some(StatusCode::NOT_FOUND) => Problem::not_found(),
        Some(StatusCode::FORBIDDEN) => Problem::forbidden("permission_denied"),
        _ => Problem::from(error),
    })
}

async fn draft(
    shortener: &Shortener,
    member: &Member,
    body: &CreateLink,
) -> Result<link::Model, Problem> {
    let password_hash = match &body.password {
        Some(password) => Some(shortener.passwords.hash(password).await?),
        None => None,
    };
    let (id, code, now) = (
        shortener.ids.next(),
        Code::generate(),
        shortener.clock.now(),
    );
    Ok(link::Model {
        id,
        tenant_id: member.tenant,
        resource_kind: body.resource.kind.as_str().to_owned(),
        resource_id: body.resource.id,
        created_by: member.user,
        code_hash: code.hash().to_vec(),
        sealed_code: code.seal(&shortener.seal, id).map_err(Problem::internal)?,
        password_hash,
        password_version: 1,
        expires_at: body.expires_at,
        max_opens: body.max_opens,
        opens: 0,
        failed_attempts: 0,
        revoked_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

fn created(link: &link::Model) -> Result<LinkCreated, Problem> {
    Ok(LinkCreated {
        link_id: link.id,
        resource: model::resource(link)?.to_string(),
        created_by: link.created_by,
        expires_at: link.expires_at,
    })
}

async fn origin(shortener: &Shortener, tenant: TenantId) -> Result<Arc<str>, Problem> {
    let origin = shortener.tenants.origin(tenant).await;
    let origin = origin.map_err(|error: Arc<UpstreamError>| {
        Problem::unavailable("upstream_unavailable", RETRY_AFTER_SECONDS).with_cause(error)
    })?;
    origin.ok_or_else(Problem::not_found)
}

fn parse_resource(text: &str) -> Result<ResourceRef, Problem> {
    let resource = text.parse::<Resource>();
    let resource = resource
        .map_err(|_error| Problem::field("resource", "invalid", "must be `task:` and an id"))?;
    Ok(resource.into())
}

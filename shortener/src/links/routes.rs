//! HTTP of owners: making links, looking at them, taking them back.

use std::sync::Arc;

use axum::extract::State;
use events::topic::link::LinkCreated;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, StatusCode};
use httpkit::client::UpstreamError;
use httpkit::idempotency::IdempotencyKey;
use httpkit::tokens::Resource;
use httpkit::{
    Created, IfMatch, Json, ListQuery, Member, NoContent, PageRequest, Problem, Versioned,
};
use kernel::{LinkId, Page, Permission, TenantId};
use sea_orm::{ColumnTrait, Condition, TransactionTrait};
use serde_json::json;

use super::access::{Managed, check_program, manages_all};
use super::model::{self, ResourceKind, ResourceRef};
use super::store::{self, Selection};
use super::view::{CreateLink, LinkBody, LinkFilter, LinkResource, RevokeLinks, RevokedLinks};
use super::{revoking, target};
use crate::code::{Code, Slug};
use crate::entity::link::{self, Column};
use crate::policy::Policy;
use crate::state::Shortener;

/// When a client may ask again for an address that could not be had.
const RETRY_AFTER_SECONDS: u64 = 2;

/// Makes a link that shows one thing to whoever has it, or leads to a page of the organization's own.
#[utoipa::path(
    post, path = "/api/v1/links", tag = "links", operation_id = "create_link",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = CreateLink,
    responses(
        (status = 201, body = LinkBody),
        (status = 403, description = "`permission_denied`"),
        (status = 404, description = "The thing is not there, or not yours to see"),
        (status = 409, description = "`slug_taken`"),
        (status = 422, description = "Some fields are wrong"),
    )
)]
pub(super) async fn create_link(
    State(shortener): State<Arc<Shortener>>,
    member: Member,
    headers: HeaderMap,
    key: IdempotencyKey,
    Json(body): Json<CreateLink>,
) -> Result<Created<Versioned<LinkBody>>, Problem> {
    member.require(Permission::LinkCreate)?;
    let now = shortener.clock.now();
    model::check_times(body.starts_at, body.expires_at, now)?;
    let policy = Policy::of(&shortener.db, member.tenant).await?;
    policy.check_new(&body.terms(), now)?;
    let has_password = body.password.is_some();
    model::check_slug(body.slug.as_deref(), body.resource.kind, has_password)?;
    let origin = origin(&shortener, member.tenant).await?;
    let id = shortener.ids.next();
    let shown = Shown::read(&body.resource, id, &origin)?;
    if let Some(thing) = shown.resource.thing() {
        ask_to_share(&shortener, member.tenant, &headers, thing).await?;
    }
    let draft = draft(&shortener, &member, &body, id, shown).await?;

    let scope = format!("create_link:{}:{}", member.tenant, member.user);
    let once = key.once(scope, &body.fingerprint());
    let work = shortener.db.begin().await?;
    let link = match once.replayed::<LinkId>(&work, now).await? {
        Some(made) => store::find(&work, member.tenant, made).await?,
        None => {
            take_slug(&work, &draft).await?;
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
pub(super) async fn list_links(
    State(shortener): State<Arc<Shortener>>,
    member: Member,
    ListQuery { page, filter }: ListQuery<LinkFilter>,
) -> Result<Json<Page<LinkBody>>, Problem> {
    check_program(&member)?;
    let now = shortener.clock.now();
    let own = (!manages_all(&member)).then_some(member.user);
    let selection = Selection {
        created_by: own.into_iter().chain(filter.created_by).collect(),
        resource: filter.resource.as_deref().map(parse_resource).transpose()?,
        kind: filter.kind,
        status: filter.status.map(|status| (status, now)),
        words: filter.q.filter(|words| !words.is_empty()),
        ids: None,
    };
    let (after, limit) = (page.after()?, page.limit_and_one());
    let rows = store::page(&shortener.db, member.tenant, selection, after, limit).await?;
    let origin = origin(&shortener, member.tenant).await?;
    let key = |link: &link::Model| (link.created_at, link.id);
    let page = Page::of(rows, page.limit, key, |link| link);
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
pub(super) async fn get_link(
    State(shortener): State<Arc<Shortener>>,
    Managed { link, .. }: Managed,
) -> Result<Versioned<LinkBody>, Problem> {
    shown(&shortener, &link).await
}

/// Takes a link back, at once and for good, also for guests who are in.
#[utoipa::path(
    delete, path = "/api/v1/links/{id}", tag = "links", operation_id = "revoke_link",
    security(("bearer" = [])),
    params(("id" = LinkId, Path), ("If-Match" = Option<String>, Header)),
    responses(
        (status = 204),
        (status = 404, description = "No such link, or not yours to see"),
        (status = 412, description = "`If-Match` names another version"),
    )
)]
pub(super) async fn revoke_link(
    State(shortener): State<Arc<Shortener>>,
    Managed { member, link }: Managed,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    if_match.check(link.version)?;
    let which = Condition::all().add(Column::Id.eq(link.id));
    revoking::revoke_all(&shortener, link.tenant_id, Some(member.user), which).await?;
    Ok(NoContent)
}

/// Takes many links back: those named, of those the caller may manage.
#[utoipa::path(
    post, path = "/api/v1/links/revoke", tag = "links", operation_id = "revoke_links",
    security(("bearer" = [])),
    request_body = RevokeLinks,
    responses(
        (status = 200, body = RevokedLinks),
        (status = 422, description = "Nothing says which"),
    )
)]
pub(super) async fn revoke_links(
    State(shortener): State<Arc<Shortener>>,
    member: Member,
    Json(body): Json<RevokeLinks>,
) -> Result<Json<RevokedLinks>, Problem> {
    check_program(&member)?;
    if body.ids.is_none() && body.created_by.is_none() && body.resource.is_none() {
        let detail = "say which: `ids`, `created_by` or `resource`";
        return Err(Problem::field("/ids", "required", detail));
    }
    let own = (!manages_all(&member)).then_some(member.user);
    let which = store::condition(Selection {
        created_by: own.into_iter().chain(body.created_by).collect(),
        resource: body.resource.as_deref().map(parse_resource).transpose()?,
        ids: body.ids,
        ..Selection::default()
    });
    let revoked = revoking::revoke_all(&shortener, member.tenant, Some(member.user), which).await?;
    Ok(Json(RevokedLinks { revoked }))
}

/// What a link is to show.
struct Shown {
    resource: ResourceRef,
    target: Option<String>,
}

impl Shown {
    fn read(asked: &LinkResource, link: LinkId, origin: &str) -> Result<Self, Problem> {
        match (asked.kind, asked.id, asked.url.as_deref()) {
            (ResourceKind::Url, None, Some(url)) => Ok(Self {
                resource: ResourceRef::url_of(link),
                target: Some(read_target(origin, url, "/resource/url")?),
            }),
            (ResourceKind::Url, _, _) => Err(Problem::field(
                "/resource/url",
                "required",
                "a link to an address has `url` and no `id`",
            )),
            (kind, Some(id), None) => Ok(Self {
                resource: ResourceRef { kind, id },
                target: None,
            }),
            (_, _, _) => Err(Problem::field(
                "/resource/id",
                "required",
                "a link to a thing has its `id` and no `url`",
            )),
        }
    }
}

/// The path of a page of the organization's own; 422 for every other address.
pub(super) fn read_target(origin: &str, url: &str, field: &'static str) -> Result<String, Problem> {
    target::path_on(origin, url).ok_or_else(|| {
        let detail = format!("must be a page of {origin}, and neither a link nor of the API");
        Problem::field(field, "invalid", detail)
    })
}

/// 409 for a slug that another link has or had.
pub(super) async fn take_slug(
    work: &impl sea_orm::ConnectionTrait,
    link: &link::Model,
) -> Result<(), Problem> {
    let Some(slug) = link.slug.as_deref().and_then(Slug::parse) else {
        return Ok(());
    };
    if store::take_slug(work, link.tenant_id, &slug, link.id).await? {
        return Ok(());
    }
    let detail = "another link has this slug, or had it once";
    Err(Problem::conflict("slug_taken", detail))
}

/// The link with its version.
pub(super) async fn shown(
    shortener: &Shortener,
    link: &link::Model,
) -> Result<Versioned<LinkBody>, Problem> {
    let origin = origin(shortener, link.tenant_id).await?;
    let version = link.version;
    let body = LinkBody::of(shortener, &origin, link)?;
    Ok(Versioned { version, body })
}

/// Asks project-svc, in the caller's own name, whether the caller may share the thing.
async fn ask_to_share(
    shortener: &Shortener,
    tenant: TenantId,
    headers: &HeaderMap,
    thing: Resource,
) -> Result<(), Problem> {
    let project = &shortener.project;
    let mut request = project.request(Method::POST, "/internal/v1/shareable", Some(tenant))?;
    if let Some(own) = headers.get(AUTHORIZATION) {
        request = request.header(AUTHORIZATION, own);
    }
    let answer = project
        .send(request.json(&json!({"resource": thing})))
        .await;
    answer.map_err(|error| match &error {
        UpstreamError::Status { status, .. } if *status == StatusCode::NOT_FOUND => {
            Problem::not_found()
        }
        UpstreamError::Status { status, .. } if *status == StatusCode::FORBIDDEN => {
            Problem::forbidden("permission_denied")
        }
        UpstreamError::Status { status, detail, .. }
            if *status == StatusCode::UNPROCESSABLE_ENTITY =>
        {
            let detail = detail.clone().unwrap_or_default();
            Problem::field("/resource", "not_shareable", detail)
        }
        _ => Problem::from(error),
    })
}

async fn draft(
    shortener: &Shortener,
    member: &Member,
    body: &CreateLink,
    id: LinkId,
    shown: Shown,
) -> Result<link::Model, Problem> {
    let password_hash = match &body.password {
        Some(password) => Some(shortener.passwords.hash(password).await?),
        None => None,
    };
    let (code, now) = (Code::generate(), shortener.clock.now());
    Ok(link::Model {
        id,
        tenant_id: member.tenant,
        resource_kind: shown.resource.kind.as_str().to_owned(),
        resource_id: shown.resource.id,
        created_by: member.user,
        code_hash: code.hash().to_vec(),
        sealed_code: code.seal(&shortener.seal, id).map_err(Problem::internal)?,
        password_hash,
        password_version: 1,
        expires_at: body.expires_at,
        max_opens: body.max_opens,
        opens: 0,
        failed_attempts: 0,
        guesses: 0,
        guessed_since: None,
        revoked_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
        label: body.label.clone(),
        slug: body.slug.clone(),
        target: shown.target,
        starts_at: body.starts_at,
        paused_at: None,
        show_comments: body.shows.comments,
        show_people: body.shows.people,
        notify_first_open: body.notify_first_open,
        first_opened_at: None,
        last_opened_at: None,
        ended_at: None,
    })
}

fn created(link: &link::Model) -> Result<LinkCreated, Problem> {
    Ok(LinkCreated {
        link_id: link.id,
        resource: ResourceRef::of(link)?.to_string(),
        created_by: link.created_by,
        expires_at: link.expires_at,
    })
}

pub(super) async fn origin(shortener: &Shortener, tenant: TenantId) -> Result<Arc<str>, Problem> {
    let origin = shortener.tenants.origin(tenant).await;
    let origin = origin.map_err(|error: Arc<UpstreamError>| {
        Problem::unavailable("upstream_unavailable", RETRY_AFTER_SECONDS).with_cause(error)
    })?;
    origin.ok_or_else(Problem::not_found)
}

fn parse_resource(text: &str) -> Result<ResourceRef, Problem> {
    let detail = "must be a kind of thing, a colon and an id, such as `task:0198c0de-…`";
    ResourceRef::parse(text).ok_or_else(|| Problem::field("resource", "invalid", detail))
}

//! HTTP of pictures of people.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use httpkit::{Json, Member, NoContent, Path, Problem, SignedIn};
use image::ImageFormat;
use kernel::secret::sha256;
use kernel::{Permission, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{model, store};
use crate::account::{self, ended};
use crate::entity::avatar;
use crate::state::{AppState, Identity};
use crate::{member, session};

/// What we draw.
const DRAWN: &str = "image/png";
/// Bytes of the hash that name a picture.
const ETAG_BYTES: usize = 16;
/// Sent with every picture: for its reader's own cache and for five minutes, never run, never guessed at, never shown
/// by another site.
const HEADERS: [(HeaderName, &str); 6] = [
    (CACHE_CONTROL, "private, max-age=300"),
    (VARY, "Authorization, Cookie"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CONTENT_DISPOSITION, "inline; filename=\"avatar.png\""),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; sandbox",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(replace_avatar, delete_avatar))
        .routes(routes!(get_avatar))
}

/// A file that says to be a picture.
struct Picture {
    format: ImageFormat,
    file: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Picture {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let content_type = request.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let format = content_type.and_then(model::format_of).ok_or_else(|| {
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
                .with_detail("send image/png, image/jpeg, image/webp or image/gif")
        })?;
        let file = Bytes::from_request(request, state).await;
        let file = file.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large")
                    .with_detail("the body is larger than 1 MiB")
            }
            _ => Problem::bad_request("body_incomplete", "the body could not be read to its end"),
        })?;
        Ok(Self { format, file })
    }
}

/// Where a picture is.
#[derive(Debug, Serialize, ToSchema)]
struct AvatarView {
    /// Its path; another picture has another one.
    #[schema(
        example = "/api/v1/users/0192aaaa-0000-7000-8000-000000000001/avatar?v=9f86d081884c7d65"
    )]
    avatar_url: String,
}

/// Replaces one's own picture, for every organization. PNG, JPEG, WebP or GIF of at most 1 MiB and 4096 pixels a side;
/// its middle is drawn anew as a PNG of 256 by 256 pixels, and the file is not kept.
#[utoipa::path(
    put,
    path = "/api/v1/auth/avatar",
    operation_id = "replace_avatar",
    tag = "auth",
    security(("bearer" = [])),
    request_body(content(
        (Vec<u8> = "image/png"),
        (Vec<u8> = "image/jpeg"),
        (Vec<u8> = "image/webp"),
        (Vec<u8> = "image/gif"),
    )),
    responses(
        (status = 200, description = "where it is now", body = AvatarView),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`: not for personal access tokens; `session_confined`: the person is in other organizations too"),
        (status = 413, description = "`body_too_large`"),
        (status = 415, description = "`unsupported_media_type`"),
        (status = 422, description = "`picture_unreadable`, `picture_too_large`"),
        (status = 503, description = "`busy`: come again"),
    )
)]
async fn replace_avatar(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    picture: Picture,
) -> Result<Json<AvatarView>, Problem> {
    session::require_say_everywhere(&identity, &identity.db, &member).await?;
    let content = identity.studio.redraw(picture.file, picture.format).await?;
    let now = identity.clock.now();
    let etag = name_of(&content);
    let transaction = identity.begin().await?;
    let held = account::store::locked(&transaction, member.user).await?;
    let user = held.ok_or_else(ended)?;
    let row = avatar::Model {
        user_id: user.id,
        content_type: DRAWN.to_owned(),
        content,
        etag: etag.clone(),
        updated_at: now,
    };
    store::put(&transaction, row).await?;
    // The profile shows the address, so it is another version.
    account::store::update(&transaction, &user, now).await?;
    identity.commit(transaction).await?;
    Ok(Json(AvatarView {
        avatar_url: super::url(user.id, &etag),
    }))
}

/// Removes one's own picture.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/avatar",
    operation_id = "delete_avatar",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "removed"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`: not for personal access tokens; `session_confined`: the person is in other organizations too"),
        (status = 404, description = "there is none"),
    )
)]
async fn delete_avatar(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
) -> Result<NoContent, Problem> {
    let transaction = identity.begin().await?;
    session::require_say_everywhere(&identity, &transaction, &member).await?;
    let held = account::store::locked(&transaction, member.user).await?;
    let user = held.ok_or_else(ended)?;
    if !store::remove(&transaction, user.id).await? {
        return Err(Problem::not_found());
    }
    account::store::update(&transaction, &user, identity.clock.now()).await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}

/// Shows the picture of a member.
#[utoipa::path(
    get,
    path = "/api/v1/users/{id}/avatar",
    operation_id = "get_avatar",
    tag = "users",
    security(("bearer" = [])),
    params(
        ("id" = UserId, Path, description = "id of the person"),
        ("If-None-Match" = Option<String>, Header, description = "the `ETag` of a picture at hand"),
    ),
    responses(
        (status = 200, description = "the picture, 256 by 256 pixels", body = Vec<u8>, content_type = "image/png"),
        (status = 304, description = "the one at hand is the present one"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`"),
        (status = 404, description = "no member, or one without a picture"),
    )
)]
async fn get_avatar(
    State(identity): State<Arc<Identity>>,
    member: Member,
    Path(id): Path<UserId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    member.require(Permission::MemberRead)?;
    let found = member::store::by_id(&identity.db, member.tenant, id).await?;
    let etag = found.and_then(|member| member.avatar_etag);
    let etag = etag.ok_or_else(Problem::not_found)?;
    if is_at_hand(&headers, &etag) {
        let fields = [(ETAG, quoted(&etag))];
        return Ok((StatusCode::NOT_MODIFIED, fields, HEADERS).into_response());
    }
    let picture = store::find(&identity.db, id).await?;
    let picture = picture.ok_or_else(Problem::not_found)?;
    let fields = [
        (ETAG, quoted(&picture.etag)),
        (CONTENT_TYPE, picture.content_type),
    ];
    Ok((fields, HEADERS, Body::from(picture.content)).into_response())
}

fn name_of(content: &[u8]) -> String {
    let hash = sha256(content);
    let bytes = hash.iter().take(ETAG_BYTES);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// Whether `If-None-Match` names the picture, by the weak comparison (RFC 9110 §13.1.2).
fn is_at_hand(headers: &HeaderMap, etag: &str) -> bool {
    let fields = headers.get_all(IF_NONE_MATCH).iter();
    let tags = fields.filter_map(|field| field.to_str().ok());
    tags.flat_map(|field| field.split(',')).any(|tag| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || tag.trim_matches('"') == etag
    })
}

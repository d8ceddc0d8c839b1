//! HTTP of one's own profile and preferences: the same everywhere a person works.

use std::sync::Arc;

use axum::extract::State;
use chrono::{DateTime, Utc};
use events::topic::user::UserUpdated;
use garde::Validate;
use httpkit::{IfMatch, Json, Member, Problem, SignedIn, Versioned};
use icu_locale_core::LanguageIdentifier;
use kernel::UserId;
use serde::{Deserialize, Serialize};
use serde_with::rust::{double_option, unwrap_or_skip};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{EmailAddress, ended, store};
use crate::entity::user;
use crate::state::{AppState, Identity};
use crate::{avatar, session};

/// Longest text about oneself.
const BIO_CHARS: usize = 2000;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_profile, replace_profile, update_profile))
        .routes(routes!(replace_me, update_me))
}

/// A person's profile, as that person sees it.
#[derive(Debug, Serialize, ToSchema)]
struct Profile {
    /// Id of the person.
    id: UserId,
    /// Display name.
    #[schema(example = "Ada Lovelace")]
    name: String,
    /// E-mail address, the login.
    #[schema(value_type = String, example = "ada@example.com")]
    email: EmailAddress,
    /// Whether it is proved that the person reads mail there.
    email_verified: bool,
    /// Whether the account has a password.
    has_password: bool,
    /// About oneself, Markdown.
    bio: Option<String>,
    /// Time zone by its IANA name.
    #[schema(example = "Europe/Berlin")]
    timezone: Option<String>,
    /// Language, as BCP 47 writes it.
    #[schema(example = "de-DE")]
    locale: Option<String>,
    /// Path of the picture, where there is one; another picture has another path.
    avatar_url: Option<String>,
    /// Counts changes; the `ETag` too.
    version: i32,
    /// When the account was made.
    created_at: DateTime<Utc>,
    /// When it was signed in last.
    last_login_at: Option<DateTime<Utc>>,
}

/// The profile of a person with this picture.
fn view(user: user::Model, picture: Option<&str>) -> Versioned<Profile> {
    Versioned {
        version: user.version,
        body: Profile {
            avatar_url: picture.map(|etag| avatar::url(user.id, etag)),
            id: user.id,
            name: user.name,
            email: user.email,
            email_verified: user.email_verified_at.is_some(),
            has_password: user.password_hash.is_some(),
            bio: user.bio,
            timezone: user.timezone,
            locale: user.locale,
            version: user.version,
            created_at: user.created_at,
            last_login_at: user.last_login_at,
        },
    }
}

/// Shows one's own profile.
#[utoipa::path(
    get,
    path = "/api/v1/auth/profile",
    operation_id = "get_profile",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "the profile, its version as `ETag`", body = Profile),
        (status = 401, description = "no valid access token, or the session has ended"),
    )
)]
async fn get_profile(
    State(identity): State<Arc<Identity>>,
    member: Member,
) -> Result<Versioned<Profile>, Problem> {
    let user = store::active(&identity.db, member.user).await?;
    let user = user.ok_or_else(ended)?;
    let picture = avatar::store::etag(&identity.db, user.id).await?;
    Ok(view(user, picture.as_deref()))
}

/// Everything of a profile that its person says; what is left out is taken away.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct ReplaceProfile {
    /// Display name.
    #[garde(length(chars, min = 1, max = 200), custom(httpkit::text::line))]
    name: String,
    /// About oneself, Markdown.
    #[garde(length(chars, max = BIO_CHARS))]
    bio: Option<String>,
    /// Time zone by its IANA name.
    #[garde(inner(custom(known_timezone)))]
    timezone: Option<String>,
    /// Language, as BCP 47 writes it.
    #[garde(inner(custom(known_locale)))]
    locale: Option<String>,
}

/// Fields to change; those left out stay, null takes away what may be absent.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
struct PatchProfile {
    /// Display name.
    #[garde(length(chars, min = 1, max = 200), inner(custom(httpkit::text::line)))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// About oneself, Markdown.
    #[garde(inner(length(chars, max = BIO_CHARS)))]
    #[serde(default, with = "double_option")]
    bio: Option<Option<String>>,
    /// Time zone by its IANA name.
    #[garde(inner(inner(custom(known_timezone))))]
    #[serde(default, with = "double_option")]
    timezone: Option<Option<String>>,
    /// Language, as BCP 47 writes it.
    #[garde(inner(inner(custom(known_locale))))]
    #[serde(default, with = "double_option")]
    locale: Option<Option<String>>,
}

impl From<ReplaceProfile> for PatchProfile {
    fn from(body: ReplaceProfile) -> Self {
        Self {
            name: Some(body.name),
            bio: Some(body.bio),
            timezone: Some(body.timezone),
            locale: Some(body.locale),
        }
    }
}

/// Rule for a time zone.
fn known_timezone<C>(name: &str, _: &C) -> garde::Result {
    let known = name.parse::<chrono_tz::Tz>();
    known.map(drop).map_err(|_unknown| {
        garde::Error::new("must be the IANA name of a time zone, as `Europe/Berlin`")
    })
}

/// Rule for a language.
fn known_locale<C>(name: &str, _: &C) -> garde::Result {
    let known = name.parse::<LanguageIdentifier>();
    known
        .map(drop)
        .map_err(|_unknown| garde::Error::new("must be a language tag, as `de-DE`"))
}

/// Changes what of one's profile is sent. A new name is told in every organization of the person.
#[utoipa::path(
    patch,
    path = "/api/v1/auth/profile",
    operation_id = "update_profile",
    tag = "auth",
    security(("bearer" = [])),
    request_body = PatchProfile,
    params(("If-Match" = Option<String>, Header, description = "version the change is meant for")),
    responses(
        (status = 200, description = "the profile as it is now", body = Profile),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`: not for personal access tokens; `session_confined`: the person is in other organizations too"),
        (status = 412, description = "`stale_version`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn update_profile(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    wanted: IfMatch,
    Json(body): Json<PatchProfile>,
) -> Result<Versioned<Profile>, Problem> {
    change(&identity, &member, &wanted, body).await
}

/// Replaces one's profile.
#[utoipa::path(
    put,
    path = "/api/v1/auth/profile",
    operation_id = "replace_profile",
    tag = "auth",
    security(("bearer" = [])),
    request_body = ReplaceProfile,
    params(("If-Match" = Option<String>, Header, description = "version the change is meant for")),
    responses(
        (status = 200, description = "the profile as it is now", body = Profile),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`: not for personal access tokens; `session_confined`: the person is in other organizations too"),
        (status = 412, description = "`stale_version`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn replace_profile(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    wanted: IfMatch,
    Json(body): Json<ReplaceProfile>,
) -> Result<Versioned<Profile>, Problem> {
    change(&identity, &member, &wanted, body.into()).await
}

/// The same as updating the profile.
#[utoipa::path(
    patch,
    path = "/api/v1/auth/me",
    operation_id = "update_me",
    tag = "auth",
    security(("bearer" = [])),
    request_body = PatchProfile,
    params(("If-Match" = Option<String>, Header, description = "version the change is meant for")),
    responses(
        (status = 200, description = "the profile as it is now", body = Profile),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`: not for personal access tokens; `session_confined`: the person is in other organizations too"),
        (status = 412, description = "`stale_version`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn update_me(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    wanted: IfMatch,
    Json(body): Json<PatchProfile>,
) -> Result<Versioned<Profile>, Problem> {
    change(&identity, &member, &wanted, body).await
}

/// The same as replacing the profile.
#[utoipa::path(
    put,
    path = "/api/v1/auth/me",
    operation_id = "replace_me",
    tag = "auth",
    security(("bearer" = [])),
    request_body = ReplaceProfile,
    params(("If-Match" = Option<String>, Header, description = "version the change is meant for")),
    responses(
        (status = 200, description = "the profile as it is now", body = Profile),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`: not for personal access tokens; `session_confined`: the person is in other organizations too"),
        (status = 412, description = "`stale_version`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn replace_me(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    wanted: IfMatch,
    Json(body): Json<ReplaceProfile>,
) -> Result<Versioned<Profile>, Problem> {
    change(&identity, &member, &wanted, body.into()).await
}

async fn change(
    identity: &Identity,
    member: &Member,
    wanted: &IfMatch,
    body: PatchProfile,
) -> Result<Versioned<Profile>, Problem> {
    let now = identity.clock.now();
    let transaction = identity.begin().await?;
    session::require_say_everywhere(identity, &transaction, member).await?;
    let held = store::locked(&transaction, member.user).await?;
    let mut user = held.ok_or_else(ended)?;
    wanted.check(user.version)?;
    let renamed = body.name.filter(|name| *name != user.name);
    if let Some(name) = &renamed {
        user.name.clone_from(name);
    }
    user.bio = body.bio.unwrap_or(user.bio);
    user.timezone = body.timezone.unwrap_or(user.timezone);
    user.locale = body.locale.unwrap_or(user.locale);
    store::update(&transaction, &user, now).await?;
    user.version += 1;
    if let Some(name) = renamed {
        let event = UserUpdated {
            user_id: user.id,
            name,
        };
        for tenant in store::organizations(&transaction, user.id).await? {
            identity.emit(&transaction, tenant, user.id, &event).await?;
        }
    }
    let picture = avatar::store::etag(&transaction, user.id).await?;
    identity.commit(transaction).await?;
    Ok(view(user, picture.as_deref()))
}

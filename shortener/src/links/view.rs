//! What owners send and get.

use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::Problem;
use httpkit::text::{line, optional_line};
use kernel::{LinkId, UserId};
use passwords::Password;
use serde::{Deserialize, Serialize};
use serde_with::rust::{double_option, unwrap_or_skip};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::model::{self, ResourceKind, ResourceRef, Standing};
use crate::code::{Address, Code, Slug};
use crate::entity::link;
use crate::password;
use crate::policy::Terms;
use crate::state::Shortener;

const MAX_OPENS: i32 = 1_000_000;
const LABEL_CHARS: usize = 200;

/// What a link shows or leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
pub(super) struct LinkResource {
    /// What kind of thing.
    #[garde(skip)]
    pub(super) kind: ResourceKind,
    /// The thing's id; not for `url`.
    #[garde(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Uuid>,
    /// For `url`: a page of the organization's own host, whole or from its path on.
    #[garde(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "/projects/0198c0de-0000-7000-8000-000000000001")]
    pub(super) url: Option<String>,
}

/// What a guest sees beside the thing itself.
#[derive(
    Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema,
)]
pub(super) struct Shows {
    /// Comments on a task.
    #[garde(skip)]
    #[serde(default)]
    pub(super) comments: bool,
    /// Names of people; without, they are called `Person 1`, `Person 2`.
    #[garde(skip)]
    #[serde(default)]
    pub(super) people: bool,
}

/// A link to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(super) struct CreateLink {
    /// What the guest will see.
    #[garde(dive)]
    pub(super) resource: LinkResource,
    /// For the owner alone.
    #[serde(default)]
    #[garde(length(chars, min = 1, max = LABEL_CHARS), custom(optional_line))]
    #[schema(max_length = 200, example = "For the supplier")]
    pub(super) label: Option<String>,
    /// A second address, easier to say; for links with a password, and to addresses. Never given to another link.
    #[serde(default)]
    #[garde(custom(is_slug))]
    #[schema(
        pattern = "^[a-z0-9](-?[a-z0-9])*$",
        min_length = 3,
        max_length = 64,
        example = "q3-report"
    )]
    pub(super) slug: Option<String>,
    /// Asked of the guest before anything is shown.
    #[serde(default)]
    #[garde(custom(possible))]
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 128)]
    pub(super) password: Option<Password>,
    /// When the link begins to work.
    #[serde(default)]
    #[garde(skip)]
    pub(super) starts_at: Option<DateTime<Utc>>,
    /// When the link stops working.
    #[serde(default)]
    #[garde(skip)]
    pub(super) expires_at: Option<DateTime<Utc>>,
    /// How many guests may open it; 1 for a link that works once.
    #[serde(default)]
    #[garde(range(min = 1, max = MAX_OPENS))]
    pub(super) max_opens: Option<i32>,
    /// What is shown beside the thing itself.
    #[serde(default)]
    #[garde(dive)]
    pub(super) shows: Shows,
    /// Whether its owner gets a mail when it is opened for the first time.
    #[serde(default)]
    #[garde(skip)]
    pub(super) notify_first_open: bool,
}

/// Fields to change; those left out stay, null takes away.
#[derive(Deserialize, Validate, ToSchema)]
pub(super) struct PatchLink {
    /// For the owner alone.
    #[garde(inner(length(chars, min = 1, max = LABEL_CHARS)), inner(inner(custom(line))))]
    #[serde(default, with = "double_option")]
    #[schema(max_length = 200)]
    pub(super) label: Option<Option<String>>,
    /// A second address. The one before leads nowhere from now on, and to no other link ever.
    #[garde(inner(custom(is_slug)))]
    #[serde(default, with = "double_option")]
    #[schema(pattern = "^[a-z0-9](-?[a-z0-9])*$", min_length = 3, max_length = 64)]
    pub(super) slug: Option<Option<String>>,
    /// A new password; guests who are in are asked for it. Null: no password.
    #[garde(inner(custom(possible)))]
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 128)]
    pub(super) password: Option<Option<Password>>,
    /// When the link begins to work.
    #[garde(skip)]
    #[serde(default, with = "double_option")]
    pub(super) starts_at: Option<Option<DateTime<Utc>>>,
    /// When the link stops working; a later time brings an expired link back.
    #[garde(skip)]
    #[serde(default, with = "double_option")]
    pub(super) expires_at: Option<Option<DateTime<Utc>>>,
    /// How many guests may open it, those who have included.
    #[garde(inner(inner(range(min = 1, max = MAX_OPENS))))]
    #[serde(default, with = "double_option")]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub(super) max_opens: Option<Option<i32>>,
    /// What is shown beside the thing itself.
    #[garde(dive)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    pub(super) shows: Option<Shows>,
    /// Whether its owner gets a mail when it is opened for the first time.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    pub(super) notify_first_open: Option<bool>,
    /// Whether it is held back for now: nobody gets in, and nobody stays.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    pub(super) paused: Option<bool>,
    /// Where a link to an address leads.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    pub(super) url: Option<String>,
}

/// Links to be taken back: by their ids, or all that somebody made, or all to one thing.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(super) struct RevokeLinks {
    /// These.
    #[serde(default)]
    #[garde(inner(length(min = 1, max = 200)))]
    #[schema(min_items = 1, max_items = 200)]
    pub(super) ids: Option<Vec<LinkId>>,
    /// All of this person's.
    #[serde(default)]
    #[garde(skip)]
    pub(super) created_by: Option<UserId>,
    /// All to this thing, as `task:<id>`.
    #[serde(default)]
    #[garde(skip)]
    pub(super) resource: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RevokedLinks {
    /// How many links were taken back now.
    pub(super) revoked: usize,
}

/// What makes two requests the same. Without the password: a fast hash of one must not be stored.
#[derive(Serialize)]
pub(super) struct Fingerprint<'a> {
    resource: &'a LinkResource,
    label: &'a Option<String>,
    slug: &'a Option<String>,
    has_password: bool,
    starts_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    max_opens: Option<i32>,
    shows: Shows,
    notify_first_open: bool,
}

/// Which links a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LinkFilter {
    /// Links to this thing only, as `task:<id>`.
    pub(super) resource: Option<String>,
    /// Links to this kind of thing only.
    pub(super) kind: Option<ResourceKind>,
    /// Links that stand like this only.
    pub(super) status: Option<Standing>,
    /// Links of this person only.
    pub(super) created_by: Option<UserId>,
    /// Links with this in their label or slug only.
    #[param(max_length = 200)]
    pub(super) q: Option<String>,
}

/// A link.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkBody {
    /// Its id.
    pub(super) id: LinkId,
    /// The part of the address that cannot be guessed.
    code: String,
    /// The address to hand out.
    #[schema(example = "https://acme.tenantry.example/s/7hK3mZpQxW4nRt8vYc2bJd")]
    url: String,
    /// The second address, with the slug.
    slug_url: Option<String>,
    /// What the guest sees.
    resource: LinkResource,
    /// For the owner alone.
    label: Option<String>,
    /// The second address's last part.
    slug: Option<String>,
    /// Whether it asks for a password.
    has_password: bool,
    /// When it begins to work.
    starts_at: Option<DateTime<Utc>>,
    /// When it stops working.
    expires_at: Option<DateTime<Utc>>,
    /// How many guests may open it.
    max_opens: Option<i32>,
    /// How many have.
    opens: i64,
    /// When the first guest did.
    first_opened_at: Option<DateTime<Utc>>,
    /// When a guest last did.
    last_opened_at: Option<DateTime<Utc>>,
    /// How many wrong passwords were tried.
    failed_attempts: i64,
    /// Whether somebody is guessing: 20 wrong passwords within an hour. Rotate the link, and the address that was
    /// handed out is worth nothing any more.
    attack_in_progress: bool,
    /// What is shown beside the thing itself.
    shows: Shows,
    /// Whether its owner gets a mail when it is opened for the first time.
    notify_first_open: bool,
    /// Whether it opens, and why not.
    status: Standing,
    /// Who made it.
    created_by: UserId,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was taken back.
    revoked_at: Option<DateTime<Utc>>,
    /// Version of the row.
    version: i32,
}

impl CreateLink {
    /// What the organization's rules are about.
    pub(super) fn terms(&self) -> Terms {
        Terms {
            shows_something: self.resource.kind != ResourceKind::Url,
            has_password: self.password.is_some(),
            expires_at: self.expires_at,
        }
    }

    pub(super) fn fingerprint(&self) -> Fingerprint<'_> {
        Fingerprint {
            resource: &self.resource,
            label: &self.label,
            slug: &self.slug,
            has_password: self.password.is_some(),
            starts_at: self.starts_at,
            expires_at: self.expires_at,
            max_opens: self.max_opens,
            shows: self.shows,
            notify_first_open: self.notify_first_open,
        }
    }
}

impl LinkBody {
    /// The link as its owner sees it, under the organization's `origin`.
    pub(super) fn of(
        shortener: &Shortener,
        origin: &str,
        link: &link::Model,
    ) -> Result<Self, Problem> {
        let code =
            Code::open(&shortener.seal, link.id, &link.sealed_code).map_err(Problem::internal)?;
        let resource = ResourceRef::of(link)?;
        let (target, now) = (link.target.as_ref(), shortener.clock.now());
        Ok(Self {
            id: link.id,
            code: code.as_str().to_owned(),
            url: format!("{origin}{}", Address::Code(code).path()),
            slug_url: link.slug.as_ref().map(|slug| format!("{origin}/s/{slug}")),
            resource: LinkResource {
                kind: resource.kind,
                id: target.is_none().then_some(resource.id),
                url: target.map(|path| format!("{origin}{path}")),
            },
            label: link.label.clone(),
            slug: link.slug.clone(),
            status: model::standing(link, now),
            has_password: link.password_hash.is_some(),
            starts_at: link.starts_at,
            expires_at: link.expires_at,
            max_opens: link.max_opens,
            opens: link.opens,
            first_opened_at: link.first_opened_at,
            last_opened_at: link.last_opened_at,
            failed_attempts: link.failed_attempts,
            attack_in_progress: model::is_attacked(link, now),
            shows: Shows {
                comments: link.show_comments,
                people: link.show_people,
            },
            notify_first_open: link.notify_first_open,
            created_by: link.created_by,
            created_at: link.created_at,
            revoked_at: link.revoked_at,
            version: link.version,
        })
    }
}

fn possible<C>(password: &Option<Password>, _: &C) -> garde::Result {
    match password {
        Some(password) if !password::is_possible(password) => Err(garde::Error::new(
            "must have at least 8 characters and at most 128 bytes",
        )),
        Some(_) | None => Ok(()),
    }
}

fn is_slug<C>(slug: &Option<String>, _: &C) -> garde::Result {
    match slug.as_deref().map(Slug::parse) {
        Some(None) => Err(garde::Error::new(
            "must be 3 to 64 lower-case letters, digits and single hyphens, and no word that is reserved",
        )),
        Some(Some(_)) | None => Ok(()),
    }
}

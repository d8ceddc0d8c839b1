//! What clients send and get.

use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::Problem;
use kernel::{LinkId, UserId};
use passwords::Password;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::{self, ResourceRef, Standing};
use crate::code::Code;
use crate::entity::link;
use crate::password;
use crate::state::Shortener;

/// A link to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(super) struct CreateLink {
    /// What the guest will see.
    #[garde(skip)]
    pub(super) resource: ResourceRef,
    /// Asked of the guest before anything is shown.
    #[serde(default)]
    #[garde(custom(possible))]
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 128)]
    pub(super) password: Option<Password>,
    /// When the link stops working.
    #[serde(default)]
    #[garde(skip)]
    pub(super) expires_at: Option<DateTime<Utc>>,
    /// How many guests may open it.
    #[serde(default)]
    #[garde(range(min = 1, max = 1_000_000))]
    pub(super) max_opens: Option<i32>,
}

/// What makes two requests the same. Without the password: a fast hash of one must not be stored.
#[derive(Serialize)]
pub(super) struct Fingerprint {
    resource: ResourceRef,
    has_password: bool,
    expires_at: Option<DateTime<Utc>>,
    max_opens: Option<i32>,
}

/// Which links a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LinkFilter {
    /// Links to this thing only, as `task:<id>`.
    pub(super) resource: Option<String>,
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
    /// What the guest sees.
    resource: ResourceRef,
    /// Whether it asks for a password.
    has_password: bool,
    /// When it stops working.
    expires_at: Option<DateTime<Utc>>,
    /// How many guests may open it.
    max_opens: Option<i32>,
    /// How many have.
    opens: i64,
    /// How many wrong passwords were tried.
    failed_attempts: i64,
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
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint {
            resource: self.resource,
            has_password: self.password.is_some(),
            expires_at: self.expires_at,
            max_opens: self.max_opens,
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
        Ok(Self {
            id: link.id,
            url: format!("{origin}{}", code.path()),
            code: code.as_str().to_owned(),
            resource: model::resource(link)?.into(),
            status: model::standing(link, shortener.clock.now()),
            has_password: link.password_hash.is_some(),
            expires_at: link.expires_at,
            max_opens: link.max_opens,
            opens: link.opens,
            failed_attempts: link.failed_attempts,
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

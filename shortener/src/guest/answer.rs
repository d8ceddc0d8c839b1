//! What a guest gets to see: a page for people, the same as JSON for programs.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION, SET_COOKIE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use httpkit::{Json, Problem};
use passwords::HasherError;
use sea_orm::DbErr;
use serde::Serialize;
use utoipa::ToSchema;

use super::pages::{Page, Pages};
use super::shared::SharedThing;
use crate::code::Address;
use crate::links::model::Standing;

/// What the client reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Html,
    Json,
}

impl Format {
    /// A page unless JSON alone is asked for: who does not say is a browser or a previewer.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let says = |name: HeaderName, what: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.is_some_and(|value| value.contains(what))
        };
        if says(ACCEPT, "text/html") {
            Self::Html
        } else if says(ACCEPT, "json") || says(CONTENT_TYPE, "application/json") {
            Self::Json
        } else {
            Self::Html
        }
    }
}

/// What a link shows, or where it leads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum SharedBody {
    /// A thing.
    Thing {
        #[serde(flatten)]
        shared: Box<SharedThing>,
        /// When the link stops working.
        expires_at: Option<DateTime<Utc>>,
    },
    /// A page of the organization's own host, by its path.
    Url { kind: UrlKind, url: String },
}

/// `url`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum UrlKind {
    Url,
}

/// A guest who was let in.
pub(super) struct Shown {
    pub(super) content: Content,
    /// `Set-Cookie`, for a session that begins here.
    pub(super) cookie: Option<String>,
}

/// What is shown.
pub(super) enum Content {
    Shared {
        shared: Box<SharedThing>,
        expires_at: Option<DateTime<Utc>>,
    },
    /// To a page of the organization's own host.
    Redirect(String),
    /// The same page again, now with the cookie: a reload must not send the form twice.
    SeeOther(String),
    /// A page for previews and HEAD, with the title of what everybody who has the link may see.
    Landing(Option<String>),
}

/// Why a guest sees nothing.
#[derive(Debug)]
pub(super) enum Refusal {
    Missing,
    NotStarted,
    Expired,
    UsedUp,
    PasswordRequired,
    WrongPassword,
    /// Seconds until the next attempt.
    Throttled(u64),
    CrossSite,
    Other(Problem),
}

impl Shown {
    /// Without a session that begins.
    pub(super) fn new(content: Content) -> Self {
        Self {
            content,
            cookie: None,
        }
    }

    pub(super) fn respond(self, format: Format, pages: &Pages) -> Response {
        let mut response = match (self.content, format) {
            (Content::SeeOther(path), _) => {
                (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response()
            }
            (Content::Redirect(path), Format::Html) => {
                (StatusCode::FOUND, [(LOCATION, path)]).into_response()
            }
            (Content::Redirect(url), Format::Json) => {
                let kind = UrlKind::Url;
                Json(SharedBody::Url { kind, url }).into_response()
            }
            (Content::Shared { shared, expires_at }, Format::Json) => {
                Json(SharedBody::Thing { shared, expires_at }).into_response()
            }
            (Content::Shared { shared, expires_at }, Format::Html) => {
                let mut response = html(
                    pages,
                    &Page::Shared {
                        shared: &shared,
                        expires_at,
                    },
                );
                if shared.is_live() {
                    response.extensions_mut().insert(Live);
                }
                response
            }
            (Content::Landing(title), Format::Html) => html(pages, &Page::Landing { title }),
            (Content::Landing(_), Format::Json) => StatusCode::OK.into_response(),
        };
        let cookie = self
            .cookie
            .and_then(|cookie| HeaderValue::from_str(&cookie).ok());
        if let Some(cookie) = cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

/// Marks the answer whose page keeps itself up to date where script is on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Live;

impl Refusal {
    /// What a guest who is not in yet is told of where a link stands. Who may have guessed is told nothing.
    pub(super) fn of(standing: Standing, address: &Address) -> Result<(), Self> {
        match standing {
            Standing::Live => Ok(()),
            Standing::Revoked | Standing::Paused => Err(Self::Missing),
            _ if address.can_be_guessed() => Err(Self::Missing),
            Standing::Scheduled => Err(Self::NotStarted),
            Standing::Expired => Err(Self::Expired),
            Standing::UsedUp => Err(Self::UsedUp),
        }
    }

    pub(super) fn respond(self, format: Format, pages: &Pages) -> Response {
        let asks = matches!(self, Self::PasswordRequired);
        let page = self.page();
        let mut response = self.problem().into_response();
        // A bearer token would not help here.
        response.headers_mut().remove(WWW_AUTHENTICATE);
        if format == Format::Html {
            let (parts, body) = html(pages, &page).into_parts();
            response.headers_mut().extend(parts.headers);
            *response.body_mut() = body;
            if asks {
                *response.status_mut() = StatusCode::OK;
            }
        }
        response
    }

    fn problem(self) -> Problem {
        match self {
            Self::Missing => Problem::not_found(),
            Self::NotStarted => {
                Problem::forbidden("link_not_started").with_detail("the link's time has not come")
            }
            Self::Expired => Problem::gone("link_expired", "the link's time is over"),
            Self::UsedUp => {
                Problem::gone("link_used_up", "the link was opened as often as it may be")
            }
            Self::PasswordRequired => Problem::unauthorized("password_required")
                .with_detail("send the link's password as `{\"password\": ...}` by POST"),
            Self::WrongPassword => Problem::unauthorized("wrong_password")
                .with_detail("that is not the link's password"),
            Self::Throttled(seconds) => Problem::too_many("too_many_attempts", seconds),
            Self::CrossSite => Problem::forbidden("cross_site_request")
                .with_detail("the form was sent from another site"),
            Self::Other(problem) => problem,
        }
    }

    fn page(&self) -> Page<'static> {
        match self {
            Self::Missing => Page::MISSING,
            Self::NotStarted => Page::NOT_STARTED,
            Self::Expired | Self::UsedUp => Page::ENDED,
            Self::PasswordRequired => Page::Password { wrong: false },
            Self::WrongPassword => Page::Password { wrong: true },
            Self::Throttled(_) => Page::THROTTLED,
            Self::CrossSite => Page::FAILED,
            Self::Other(problem) if problem.status() == StatusCode::NOT_FOUND => Page::MISSING,
            Self::Other(problem) if problem.status().is_server_error() => Page::UNAVAILABLE,
            Self::Other(_) => Page::FAILED,
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Other(problem)
    }
}

impl From<DbErr> for Refusal {
    fn from(error: DbErr) -> Self {
        Self::Other(error.into())
    }
}

impl From<HasherError> for Refusal {
    fn from(error: HasherError) -> Self {
        Self::Other(error.into())
    }
}

fn html(pages: &Pages, page: &Page<'_>) -> Response {
    match pages.render(page) {
        Ok(text) => {
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            ([(CONTENT_TYPE, html)], Body::from(text)).into_response()
        }
        Err(error) => Problem::internal(error).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_get_json_and_everybody_else_a_page() {
        let format = |name: HeaderName, value: &str| {
            Format::of(&HeaderMap::from_iter([(name, value.parse().unwrap())]))
        };
        assert_eq!(
            format(ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8"),
            Format::Html
        );
        assert_eq!(format(ACCEPT, "application/json"), Format::Json);
        assert_eq!(format(ACCEPT, "*/*"), Format::Html);
        assert_eq!(format(CONTENT_TYPE, "application/json"), Format::Json);
        assert_eq!(Format::of(&HeaderMap::new()), Format::Html);
    }
}

//! Sessions of browsers: access and refresh token in cookies that scripts cannot read, and a token against forged
//! requests in one that they can. Bodies then hold no token.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponseParts, ResponseParts};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use httpkit::browser::{self, ACCESS_COOKIE, CSRF_COOKIE, CSRF_HEADER, REFRESH_COOKIE};

use super::Tokens;

/// `Set-Cookie` lines of an answer; none for a client that keeps its tokens itself.
#[derive(Clone, Default)]
pub(crate) struct SetCookies(Vec<HeaderValue>);

/// What a browser is given in cookies.
pub(super) struct Baked<'a> {
    pub(super) access_token: &'a str,
    pub(super) expires_in: i64,
    pub(super) refresh_token: &'a str,
    pub(super) refresh_expires_in: i64,
    pub(super) csrf: &'a str,
}

/// What the cookies of a request to refresh hold.
pub(super) struct Crumbs {
    pub(super) refresh_token: Option<String>,
    pub(super) csrf: Option<String>,
}

/// The cookies that tokens made for a browser are to be answered with; see [`Client::browser`]. For answers that do
/// not show the tokens themselves.
///
/// [`Client::browser`]: crate::client::Client::browser
pub(crate) fn set(tokens: &Tokens) -> SetCookies {
    tokens.cookies.clone()
}

/// Ends all cookies of a session.
pub(crate) fn clear() -> SetCookies {
    SetCookies::of([
        (ACCESS_COOKIE, "", 0, true),
        (REFRESH_COOKIE, "", 0, true),
        (CSRF_COOKIE, "", 0, false),
    ])
}

pub(super) fn bake(session: &Baked<'_>) -> SetCookies {
    let long = session.refresh_expires_in;
    SetCookies::of([
        (
            ACCESS_COOKIE,
            session.access_token,
            session.expires_in,
            true,
        ),
        (REFRESH_COOKIE, session.refresh_token, long, true),
        (CSRF_COOKIE, session.csrf, long, false),
    ])
}

impl SetCookies {
    /// Name, value, seconds to live, and whether scripts are kept from it.
    fn of(cookies: [(&'static str, &str, i64, bool); 3]) -> Self {
        let lines = cookies.map(|(name, value, seconds, http_only)| {
            let cookie = Cookie::build((name, value))
                .path("/")
                .secure(true)
                .http_only(http_only)
                .same_site(SameSite::Strict)
                .max_age(Duration::seconds(seconds));
            HeaderValue::try_from(cookie.to_string())
        });
        // Names and values are base64url and dots.
        Self(lines.into_iter().filter_map(Result::ok).collect())
    }
}

impl IntoResponseParts for SetCookies {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        for line in self.0 {
            response.headers_mut().append(SET_COOKIE, line);
        }
        Ok(response)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Crumbs {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let cookie = browser::cookie(&parts.headers, REFRESH_COOKIE);
        Ok(Self {
            refresh_token: cookie.map(str::to_owned),
            csrf: csrf(&parts.headers).map(str::to_owned),
        })
    }
}

fn csrf(headers: &HeaderMap) -> Option<&str> {
    headers.get(CSRF_HEADER)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_stay_on_their_host_and_out_of_scripts_but_for_one() {
        let session = Baked {
            access_token: "a.b.c",
            expires_in: 900,
            refresh_token: "r",
            refresh_expires_in: 604_800,
            csrf: "x",
        };
        let lines = bake(&session).0;
        let rest = "SameSite=Strict; Secure; Path=/; Max-Age=";
        assert_eq!(
            lines,
            [
                format!("__Host-tenantry_access=a.b.c; HttpOnly; {rest}900"),
                format!("__Host-tenantry_refresh=r; HttpOnly; {rest}604800"),
                format!("__Host-tenantry_csrf=x; {rest}604800"),
            ]
        );
        assert!(clear().0.iter().all(|line| {
            let line = line.to_str().unwrap();
            line.contains("=; ") && line.ends_with("Max-Age=0")
        }));
    }
}

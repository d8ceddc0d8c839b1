//! Browsers: their session comes in cookies, which a browser sends with whatever asks it to. What such a request may
//! do is decided here: it must come from the organization's own page, and a change must prove it by a token that no
//! other page can read. A service never sees the cookies but for the few it made itself.

use cookie::Cookie;
use http::header::{AUTHORIZATION, COOKIE, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use httpkit::browser::{
    self, ACCESS_COOKIE, CSRF_COOKIE, CSRF_HEADER, Csrf, OAUTH_COOKIE, REFRESH_COOKIE,
};
use httpkit::{Problem, Service};
use kernel::SessionId;

use crate::route::{Route, Target};

/// Where a client says that it is a browser and wants cookies.
const CLIENT: HeaderName = HeaderName::from_static("x-tenantry-client");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where the refresh token goes.
const REFRESH: &str = "/api/v1/auth/refresh";
const OAUTH: &str = "/api/v1/auth/oauth/";
const GUESTS: &str = "/s/";

/// What a request says of its client.
#[derive(Debug, Default)]
pub(crate) struct Crumbs {
    access: Option<String>,
    /// Whether a cookie speaks for the client, or is to.
    pub browser: bool,
}

impl Crumbs {
    /// Reads the cookies and leaves those in `headers` that the route's service made.
    pub(crate) fn take(headers: &mut HeaderMap, route: &Route, path: &str) -> Self {
        let browser = headers.get(CLIENT).is_some_and(|value| value == "browser");
        if !headers.contains_key(COOKIE) {
            return Self {
                access: None,
                browser,
            };
        }
        let access = match route.public || headers.contains_key(AUTHORIZATION) {
            true => None,
            false => browser::cookie(headers, ACCESS_COOKIE).map(str::to_owned),
        };
        let kept = browser::cookies(headers).filter(|cookie| kept(route.target, path, cookie));
        let kept: Vec<String> = kept.map(|cookie| cookie.to_string()).collect();
        let kept = HeaderValue::try_from(kept.join("; "));
        headers.remove(COOKIE);
        if let Ok(kept) = kept
            && !kept.is_empty()
        {
            headers.insert(COOKIE, kept);
        }
        let refreshes = path == REFRESH && headers.contains_key(COOKIE);
        Self {
            browser: browser || refreshes || access.is_some(),
            access,
        }
    }

    /// Lets the access token speak for itself, as other clients send it. Answers whether there was one.
    pub(crate) fn sign(&self, headers: &mut HeaderMap) -> bool {
        let token = self.access.as_ref();
        let field = token.and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
        match field {
            Some(field) => headers.insert(AUTHORIZATION, field).is_none(),
            None => false,
        }
    }
}

/// Passes what comes from the page of `origin`: nothing that another site, or another host of ours, had sent.
pub(crate) fn check_origin(
    method: &Method,
    headers: &HeaderMap,
    origin: &str,
) -> Result<(), Problem> {
    let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
    let own_site = match site {
        Some(b"same-origin" | b"none") | None => true,
        Some(_) => false,
    };
    let own = match headers.get(ORIGIN) {
        Some(named) => named == origin,
        // Browsers name the origin of every change; what does neither that nor this is none.
        None => is_safe(method) || site == Some(b"same-origin"),
    };
    if own_site && own {
        return Ok(());
    }
    Err(Problem::forbidden("origin_refused")
        .with_detail("with cookies, requests come from the organization's own pages alone"))
}

/// Passes a change that proves to come from the host's own page.
pub(crate) fn check_token(
    method: &Method,
    headers: &HeaderMap,
    csrf: &Csrf,
    session: SessionId,
) -> Result<(), Problem> {
    let given = headers.get(CSRF_HEADER);
    let given = given.and_then(|value| value.to_str().ok());
    if is_safe(method) || given.is_some_and(|given| csrf.admits(session, given)) {
        return Ok(());
    }
    let detail = format!("repeat the cookie `{CSRF_COOKIE}` in `X-CSRF-Token`");
    Err(Problem::forbidden("csrf_refused").with_detail(detail))
}

/// Methods that change nothing (RFC 9110 §9.2.1).
fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

fn kept(target: Target, path: &str, cookie: &Cookie<'_>) -> bool {
    let name = cookie.name();
    match target {
        Target::Service(Service::Identity) => {
            (name == REFRESH_COOKIE && path == REFRESH)
                || (name == OAUTH_COOKIE && path.starts_with(OAUTH))
        }
        Target::Service(Service::Shortener) => {
            let ours = [ACCESS_COOKIE, REFRESH_COOKIE, CSRF_COOKIE, OAUTH_COOKIE];
            path.starts_with(GUESTS) && !ours.contains(&name)
        }
        Target::Service(_) | Target::Own | Target::Live => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN_OF_ACME: &str = "https://acme.pm.test";

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let lines = lines.iter().map(|(name, value)| {
            let name = HeaderName::try_from(*name).unwrap();
            (name, value.parse().unwrap())
        });
        lines.collect()
    }

    fn left(path: &str, cookies: &str) -> String {
        let route = crate::route::find(&Method::POST, path).unwrap();
        let mut headers = headers(&[("cookie", cookies)]);
        Crumbs::take(&mut headers, &route, path);
        let left = headers.get(COOKIE).map(|left| left.to_str().unwrap());
        left.unwrap_or_default().to_owned()
    }

    #[test]
    fn a_service_gets_its_own_cookies_alone() {
        let all = "__Host-tenantry_access=a; __Host-tenantry_refresh=r; __Host-tenantry_csrf=c; \
                   __Host-tenantry_oauth=o; sl_1=g; other=x";
        assert_eq!(
            left("/api/v1/auth/refresh", all),
            "__Host-tenantry_refresh=r"
        );
        assert_eq!(
            left("/api/v1/auth/oauth/github/link", all),
            "__Host-tenantry_oauth=o"
        );
        assert_eq!(left("/s/abc", all), "sl_1=g; other=x");
        for path in [
            "/api/v1/tasks",
            "/api/v1/auth/login",
            "/api/v1/auth/logout",
            "/api/v1/links",
            "/",
        ] {
            assert_eq!(left(path, all), "", "{path}");
        }
    }

    #[test]
    fn only_the_own_page_may_send_a_browser_here() {
        let judge = |method: &Method, lines: &[(&str, &str)]| {
            check_origin(method, &headers(lines), ORIGIN_OF_ACME).is_ok()
        };
        let (get, post) = (&Method::GET, &Method::POST);
        let own = ("origin", ORIGIN_OF_ACME);
        assert!(judge(post, &[own]));
        assert!(judge(post, &[own, ("sec-fetch-site", "same-origin")]));
        assert!(judge(post, &[("sec-fetch-site", "same-origin")]));
        assert!(judge(get, &[]));
        assert!(judge(get, &[("sec-fetch-site", "none")]));
        for lines in [
            &[][..],
            &[("sec-fetch-site", "none")],
            &[("origin", "null")],
            &[("origin", "https://globex.pm.test")],
            &[("origin", "https://pm.test")],
            &[("origin", "http://acme.pm.test")],
            &[("origin", "https://acme.pm.test:444")],
            &[("origin", "https://evil.test")],
            &[own, ("sec-fetch-site", "same-site")],
            &[own, ("sec-fetch-site", "cross-site")],
        ] {
            assert!(!judge(post, lines), "{lines:?}");
        }
        for site in ["same-site", "cross-site", "anything"] {
            assert!(!judge(get, &[("sec-fetch-site", site)]), "{site}");
        }
    }
}

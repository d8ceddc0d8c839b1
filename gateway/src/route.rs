//! The map of the public door: which path belongs to which service, who may ask without a token, on which
//! hosts. What is not on the map does not exist.

use std::borrow::Cow;

use http::Method;
use httpkit::Service;

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// A service behind the gateway.
    Service(Service),
    /// The gateway: documents and pages.
    Own,
    /// The gateway: live updates.
    Live,
}

/// On which hosts a route exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    Bare,
    Tenant,
    Both,
}

/// One kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    /// A name from a closed set, for metrics.
    pub label: &'static str,
    pub target: Target,
    pub place: Where,
    /// Whether it is served without an access token.
    pub public: bool,
    /// Whether it is a door where passwords and tokens are guessed.
    pub guessed_at: bool,
}

impl Route {
    const fn member(label: &'static str, service: Service) -> Self {
        Self {
            label,
            target: Target::Service(service),
            place: Where::Tenant,
            public: false,
            guessed_at: false,
        }
    }

    const fn public(label: &'static str, service: Service, place: Where) -> Self {
        Self {
            label,
            target: Target::Service(service),
            place,
            public: true,
            guessed_at: false,
        }
    }

    const fn guessed_at(label: &'static str, place: Where) -> Self {
        Self {
            label,
            target: Target::Service(Service::Identity),
            place,
            public: true,
            guessed_at: true,
        }
    }

    /// A page of the web client.
    const fn page(place: Where) -> Self {
        Self {
            place,
            ..Self::own("/")
        }
    }

    /// Live updates.
    const fn live(label: &'static str) -> Self {
        Self {
            label,
            target: Target::Live,
            place: Where::Tenant,
            public: false,
            guessed_at: false,
        }
    }

    const fn own(label: &'static str) -> Self {
        Self {
            label,
            target: Target::Own,
            place: Where::Both,
            public: true,
            guessed_at: false,
        }
    }
}

/// Every label of a route.
pub(crate) const LABELS: [&str; 31] = [
    "/",
    "/assets",
    "/s",
    "/socket.io",
    "/.well-known/jwks.json",
    "/api/docs",
    "/api/v1/openapi.json",
    "/api/v1/asyncapi.json",
    "/api/v1/organizations",
    "/api/v1/subdomains",
    "/api/v1/auth",
    "/api/v1/invitations",
    "/api/v1/users",
    "/api/v1/projects",
    "/api/v1/boards",
    "/api/v1/columns",
    "/api/v1/cards",
    "/api/v1/tasks",
    "/api/v1/comments",
    "/api/v1/search",
    "/api/v1/views",
    "/api/v1/links",
    "/api/v1/analytics",
    "/api/v1/workspaces",
    "/api/v1/organization",
    "/api/v1/roles",
    "/api/v1/tokens",
    "/api/v1/audit-events",
    "/api/v1/teams",
    "/api/v1/favourites",
    "/api/v1/webhooks",
];

/// The label of requests that match nothing.
pub(crate) const NO_ROUTE: &str = "none";

/// Finds the route of a plain path.
pub(crate) fn find(method: &Method, path: &str) -> Option<Route> {
    if let Some(rest) = path.strip_prefix("/api/v1/") {
        return api(method, rest);
    }
    match path {
        "/" => Some(Route::own("/")),
        "/favicon.ico" | "/robots.txt" => Some(Route::own("/assets")),
        "/socket.io" | "/socket.io/" => Some(Route::live("/socket.io")),
        "/api/docs" => Some(Route::own("/api/docs")),
        "/.well-known/jwks.json" => Some(Route::public(
            "/.well-known/jwks.json",
            Service::Identity,
            Where::Both,
        )),
        _ if path.starts_with("/s/") => {
            Some(Route::public("/s", Service::Shortener, Where::Tenant))
        }
        _ if path.starts_with("/assets/") => Some(Route::own("/assets")),
        _ if path.starts_with("/api/docs/") => Some(Route::own("/api/docs")),
        _ => page(path),
    }
}

/// The web client's pages beside `/`, by the first part of their path. Links in mails open some of them.
pub(crate) const PAGES: [&str; 11] = [
    "analytics",
    BARE_PAGE,
    "confirm-email",
    "invitations",
    "login",
    "projects",
    "register",
    "reset-password",
    "search",
    "settings",
    "verify-email",
];

/// Where one finds one's organizations: on the bare domain alone.
const BARE_PAGE: &str = "find";

fn page(path: &str) -> Option<Route> {
    let (first, rest) = match path.strip_prefix('/')?.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path.strip_prefix('/')?, None),
    };
    if !PAGES.contains(&first) || rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/')) {
        return None;
    }
    let place = if first == BARE_PAGE {
        Where::Bare
    } else {
        Where::Tenant
    };
    Some(Route::page(place))
}

/// Where somebody without a token proves to be somebody.
fn is_guessed_at(method: &Method, tail: &str) -> bool {
    *method == Method::POST
        && matches!(
            tail,
            "login"
                | "register"
                | "register/confirm"
                | "forgot-password"
                | "validate-forgot-password-token"
                | "reset-password"
                | "confirm-email"
                | "second-factor"
                | "second-factor/enroll"
                | "second-factor/passkey"
                | "passkeys/login"
                | "tickets"
                | "erase/report"
        )
}

/// What is asked before anybody is known.
fn is_before_sign_in(method: &Method, tail: &str) -> bool {
    match *method {
        Method::GET => {
            tail == "providers"
                || tail == "validate-forgot-password-token"
                || tail == "oauth/finish"
                || (tail.starts_with("oauth/") && tail.ends_with("/start"))
        }
        // A refresh token is 256 random bits: nobody guesses one, and a whole office refreshes from one address.
        Method::POST => matches!(tail, "passkeys/login/options" | "refresh"),
        _ => false,
    }
}

fn api(method: &Method, rest: &str) -> Option<Route> {
    let (head, tail) = rest.split_once('/').unwrap_or((rest, ""));
    let post = *method == Method::POST;
    let route = match (head, tail) {
        ("openapi.json", "") => Route::own("/api/v1/openapi.json"),
        ("asyncapi.json", "") => Route::own("/api/v1/asyncapi.json"),
        ("organizations", "") => Route::guessed_at("/api/v1/organizations", Where::Bare),
        ("subdomains", _) => Route::public("/api/v1/subdomains", Service::Identity, Where::Bare),
        ("auth", "organizations") if post => Route::guessed_at("/api/v1/auth", Where::Bare),
        ("auth", tail) if is_guessed_at(method, tail) => {
            Route::guessed_at("/api/v1/auth", Where::Tenant)
        }
        ("auth", tail) if tail.starts_with("oauth/callback/") => {
            Route::public("/api/v1/auth", Service::Identity, Where::Bare)
        }
        ("auth", tail) if is_before_sign_in(method, tail) => {
            Route::public("/api/v1/auth", Service::Identity, Where::Tenant)
        }
        ("auth", _) => Route::member("/api/v1/auth", Service::Identity),
        ("organization", _) => Route::member("/api/v1/organization", Service::Identity),
        ("roles", _) => Route::member("/api/v1/roles", Service::Identity),
        ("tokens", _) => Route::member("/api/v1/tokens", Service::Identity),
        ("audit-events", _) => Route::member("/api/v1/audit-events", Service::Identity),
        ("teams", _) => Route::member("/api/v1/teams", Service::ProjectSvc),
        ("users", tail) if tail.ends_with("/teams") => {
            Route::member("/api/v1/users", Service::ProjectSvc)
        }
        ("invitations", "accept") if post => {
            Route::guessed_at("/api/v1/invitations", Where::Tenant)
        }
        ("invitations", "preview") if post => {
            Route::public("/api/v1/invitations", Service::Identity, Where::Tenant)
        }
        ("invitations", _) => Route::member("/api/v1/invitations", Service::Identity),
        ("users", _) => Route::member("/api/v1/users", Service::Identity),
        ("workspaces", _) => Route::member("/api/v1/workspaces", Service::ProjectSvc),
        ("projects", _) => Route::member("/api/v1/projects", Service::ProjectSvc),
        ("favourites", _) => Route::member("/api/v1/favourites", Service::ProjectSvc),
        ("boards", _) => Route::member("/api/v1/boards", Service::ProjectSvc),
        ("columns", _) => Route::member("/api/v1/columns", Service::ProjectSvc),
        ("cards", _) => Route::member("/api/v1/cards", Service::ProjectSvc),
        ("tasks", _) => Route::member("/api/v1/tasks", Service::ProjectSvc),
        ("comments", _) => Route::member("/api/v1/comments", Service::ProjectSvc),
        ("search", _) => Route::member("/api/v1/search", Service::ProjectSvc),
        ("views", _) => Route::member("/api/v1/views", Service::ProjectSvc),
        ("webhooks", _) => Route::member("/api/v1/webhooks", Service::ProjectSvc),
        ("links", _) => Route::member("/api/v1/links", Service::Shortener),
        ("analytics", _) => Route::member("/api/v1/analytics", Service::Analytics),
        _ => return None,
    };
    Some(route)
}

/// Paths whose last part is nobody's business: a code that opens a link, a name somebody thinks about.
const PRIVATE: [(&str, &str); 2] = [
    ("/s/", "/s/{code}"),
    ("/api/v1/subdomains/", "/api/v1/subdomains/{name}"),
];

/// Longest segment that can be a word of ours.
const WORD_BYTES: usize = 20;

/// The path as a log may show it: ids, codes and names are left out.
pub(crate) fn template(path: &str) -> Cow<'_, str> {
    if let Some((_, shown)) = PRIVATE.iter().find(|(prefix, _)| path.starts_with(prefix)) {
        return Cow::Borrowed(shown);
    }
    let word = |segment: &str| {
        segment.len() <= WORD_BYTES
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || b"-._1".contains(&byte))
    };
    if path.split('/').all(word) {
        return Cow::Borrowed(path);
    }
    let shown: Vec<&str> = path
        .split('/')
        .map(|segment| if word(segment) { segment } else { "{id}" })
        .collect();
    Cow::Owned(shown.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prefix_finds_its_service() {
        let get = |path: &str| find(&Method::GET, path).map(|route| (route.target, route.public));
        let member = |service| Some((Target::Service(service), false));
        assert_eq!(get("/api/v1/tasks"), member(Service::ProjectSvc));
        assert_eq!(get("/api/v1/cards/1/move"), member(Service::ProjectSvc));
        assert_eq!(get("/api/v1/auth/me"), member(Service::Identity));
        assert_eq!(get("/api/v1/auth/avatar"), member(Service::Identity));
        assert_eq!(get("/api/v1/users/1/avatar"), member(Service::Identity));
        assert_eq!(get("/api/v1/links/1"), member(Service::Shortener));
        assert_eq!(
            get("/api/v1/analytics/dashboard"),
            member(Service::Analytics)
        );
        assert_eq!(
            get("/s/abc"),
            Some((Target::Service(Service::Shortener), true))
        );
        assert_eq!(get("/api/docs/swagger-ui.css"), Some((Target::Own, true)));
    }

    #[test]
    fn links_of_mails_open_pages_on_organizations_hosts_alone() {
        for path in [
            "/invitations/accept",
            "/reset-password",
            "/register/confirm",
            "/verify-email",
            "/confirm-email",
        ] {
            let route = find(&Method::GET, path).unwrap();
            assert_eq!(
                (route.target, route.place, route.public),
                (Target::Own, Where::Tenant, true),
                "{path}"
            );
            assert!(LABELS.contains(&route.label), "{path}");
            assert_eq!(find(&Method::GET, &format!("{path}/")), None, "{path}");
            assert_eq!(template(path), path);
        }
    }

    #[test]
    fn a_refresh_is_no_guess() {
        let post = |path: &str| find(&Method::POST, path).unwrap();
        assert!(post("/api/v1/auth/login").guessed_at);
        let refresh = post("/api/v1/auth/refresh");
        assert!(refresh.public && !refresh.guessed_at);
    }

    #[test]
    fn providers_send_browsers_to_the_bare_domain_each_to_its_own_address() {
        let get = |path: &str| find(&Method::GET, path).unwrap();
        for provider in ["google", "0198c0de-0000-7000-8000-000000000001"] {
            let route = get(&format!("/api/v1/auth/oauth/callback/{provider}"));
            assert_eq!((route.place, route.public), (Where::Bare, true));
        }
        // The address that was once everybody's.
        let shared = get("/api/v1/auth/oauth/callback");
        assert_eq!((shared.place, shared.public), (Where::Tenant, false));
    }

    #[test]
    fn only_named_requests_need_no_token() {
        let public = |method: Method, path: &str| find(&method, path).unwrap().public;
        for path in [
            "auth/login",
            "auth/refresh",
            "invitations/accept",
            "invitations/preview",
        ] {
            let path = format!("/api/v1/{path}");
            assert!(public(Method::POST, &path), "{path}");
            assert!(!public(Method::GET, &path), "{path}");
        }
        for path in [
            "auth/logout",
            "auth/login/x",
            "auth/verify-email-token",
            "invitations",
            "invitations/accept/x",
            "users",
        ] {
            assert!(!public(Method::POST, &format!("/api/v1/{path}")), "{path}");
        }
    }

    #[test]
    fn what_is_not_on_the_map_does_not_exist() {
        for path in [
            "/internal/v1/tenants",
            "/metrics",
            "/healthz",
            "/API/V1/tasks",
            "/api/v1",
            "/api/v2/tasks",
            "/s",
            "/api/v1/",
        ] {
            assert_eq!(find(&Method::GET, path), None, "{path}");
        }
    }

    #[test]
    fn a_log_shows_no_code_and_no_id() {
        for (path, shown) in [
            ("/", "/"),
            ("/s/abc", "/s/{code}"),
            ("/api/v1/subdomains/acme", "/api/v1/subdomains/{name}"),
            (
                "/api/v1/tasks/0198c0de-0000-7000-8000-000000000001/comments",
                "/api/v1/tasks/{id}/comments",
            ),
            ("/api/v1/auth/login", "/api/v1/auth/login"),
            ("/api/v1/tasks/Eve@example.com", "/api/v1/tasks/{id}"),
        ] {
            assert_eq!(template(path), shown);
        }
    }
}

use httpkit::browser::Csrf;
use kernel::{Ids, SessionId};

use crate::support::{ACME, Answer, Door, GLOBEX, SECRET, config};

const OWN: &str = "origin: http://acme.pm.test:8080\r\n";

struct Browser {
    door: Door,
    cookie: String,
    csrf: String,
}

impl Browser {
    /// With a session in acme.
    fn open() -> Self {
        let door = Door::open(&config());
        let session = Ids::system().next();
        let token = door.token_of_session(ACME, session);
        Self {
            cookie: format!("cookie: theme=dark; __Host-tenantry_access={token}\r\n"),
            csrf: csrf(session),
            door,
        }
    }

    async fn send(&self, method: &str, path: &str, headers: &str) -> Answer {
        let headers = format!("{}{headers}content-length: 0\r\n", self.cookie);
        self.door.send(method, "acme.pm.test", path, &headers).await
    }
}

fn csrf(session: SessionId) -> String {
    let token = Csrf::new(&SECRET.into()).token(session);
    format!("x-csrf-token: {token}\r\n")
}

fn got<'a>(told: &'a serde_json::Value, name: &str) -> Vec<&'a str> {
    let headers = told["headers"].as_array().unwrap();
    let of_name = headers.iter().filter(|header| header[0] == name);
    of_name.map(|header| header[1].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_cookie_becomes_a_bearer_token_and_goes_no_further() {
    let browser = Browser::open();
    let answer = browser.send("GET", "/api/v1/tasks", "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let told = answer.json();
    assert!(got(&told, "authorization")[0].starts_with("Bearer ey"));
    assert!(got(&told, "cookie").is_empty(), "{told}");
    assert_eq!(got(&told, "x-tenantry-browser"), ["1"]);
}

#[tokio::test]
async fn a_change_needs_the_own_origin_and_the_token_of_the_session() {
    let browser = Browser::open();
    let csrf = browser.csrf.as_str();
    let post = async |headers: &str| {
        let answer = browser.send("POST", "/api/v1/tasks", headers).await;
        (answer.status, answer.code())
    };
    assert_eq!(post(&format!("{OWN}{csrf}")).await.0, 200);
    let same = "sec-fetch-site: same-origin\r\n";
    assert_eq!(post(&format!("{same}{csrf}")).await.0, 200);
    for headers in [
        csrf.to_owned(),
        format!("origin: null\r\n{csrf}"),
        format!("origin: http://globex.pm.test:8080\r\n{csrf}"),
        format!("origin: http://pm.test:8080\r\n{csrf}"),
        format!("origin: https://acme.pm.test:8080\r\n{csrf}"),
        format!("{OWN}sec-fetch-site: same-site\r\n{csrf}"),
        format!("{OWN}sec-fetch-site: cross-site\r\n{csrf}"),
    ] {
        let refused = (403, "origin_refused".to_owned());
        assert_eq!(post(&headers).await, refused, "{headers}");
    }
    let foreign = self::csrf(Ids::system().next());
    for headers in [
        OWN.to_owned(),
        format!("{OWN}{foreign}"),
        format!("{OWN}x-csrf-token: \r\n"),
        format!("{OWN}content-type: text/plain\r\n"),
        format!("{OWN}content-type: application/x-www-form-urlencoded\r\n"),
    ] {
        let refused = (403, "csrf_refused".to_owned());
        assert_eq!(post(&headers).await, refused, "{headers}");
    }
}

#[tokio::test]
async fn a_read_is_refused_to_other_sites_and_hosts_of_ours() {
    let browser = Browser::open();
    for (site, status) in [
        ("same-origin", 200),
        ("none", 200),
        ("same-site", 403),
        ("cross-site", 403),
    ] {
        let headers = format!("sec-fetch-site: {site}\r\n");
        let answer = browser.send("GET", "/api/v1/tasks", &headers).await;
        assert_eq!(answer.status, status, "{site}");
    }
}

#[tokio::test]
async fn a_bearer_token_needs_neither_and_the_cookie_beside_it_counts_for_nothing() {
    let browser = Browser::open();
    let bearer = format!("authorization: Bearer {}\r\n", browser.door.token(ACME));
    let answer = browser.send("POST", "/api/v1/tasks", &bearer).await;
    assert_eq!(answer.status, 200);
    assert!(got(&answer.json(), "x-tenantry-browser").is_empty());
    let wrong = "authorization: Bearer forged\r\n";
    let answer = browser.send("GET", "/api/v1/tasks", wrong).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn a_cookie_is_judged_as_any_token() {
    let browser = Browser::open();
    let globex = browser.door.token(GLOBEX);
    for cookie in [
        format!("__Host-tenantry_access={globex}"),
        "__Host-tenantry_access=forged".to_owned(),
        "__Host-tenantry_access=".to_owned(),
        "tenantry_access=x".to_owned(),
        browser
            .cookie
            .trim_start_matches("cookie: ")
            .trim()
            .repeat(2),
    ] {
        let headers = format!("cookie: {cookie}\r\n");
        let answer = browser
            .door
            .send("GET", "acme.pm.test", "/api/v1/tasks", &headers);
        assert_eq!(answer.await.status, 401, "{cookie}");
    }
}

#[tokio::test]
async fn signing_in_by_cookies_is_for_the_own_page_alone() {
    let door = Door::open(&config());
    let post = async |path: &str, headers: &str| {
        let headers = format!("{headers}content-length: 0\r\n");
        let path = format!("/api/v1/auth/{path}");
        door.send("POST", "acme.pm.test", &path, &headers).await
    };
    let browser = "x-tenantry-client: browser\r\n";
    let answer = post("login", &format!("{browser}{OWN}")).await;
    assert_eq!(got(&answer.json(), "x-tenantry-browser"), ["1"]);
    assert_eq!(post("login", browser).await.code(), "origin_refused");
    let foreign = format!("{browser}origin: https://evil.test\r\n");
    assert_eq!(post("login", &foreign).await.code(), "origin_refused");
    assert!(got(&post("login", "").await.json(), "x-tenantry-browser").is_empty());

    let refresh = "cookie: __Host-tenantry_refresh=r; __Host-tenantry_access=a\r\n";
    assert_eq!(post("refresh", refresh).await.code(), "origin_refused");
    let told = post("refresh", &format!("{refresh}{OWN}")).await.json();
    assert_eq!(got(&told, "cookie"), ["__Host-tenantry_refresh=r"]);
    assert_eq!(got(&told, "x-tenantry-browser"), ["1"]);
}

//! The web client's files, as the gateway serves them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Answer, Door, config};

/// What a build leaves, in a folder that goes with the value.
struct Built(PathBuf);

impl Built {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("tenantry-web-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("assets")).unwrap();
        for (file, content) in [
            ("index.html", "<p>of an organization</p>"),
            ("bare.html", "<p>of nobody</p>"),
            ("assets/a-1234.js", "plain"),
            ("assets/a-1234.js.br", "small"),
        ] {
            fs::write(folder.join(file), content).unwrap();
        }
        fs::write(folder.join("../tenantry-outside.txt"), "secret").unwrap();
        Self(folder)
    }

    fn door(&self) -> Door {
        open(Some(&self.0))
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn open(folder: Option<&Path>) -> Door {
    Door::open(&gateway::Config {
        web_dir: folder.map(Path::to_path_buf),
        ..config()
    })
}

fn text(answer: Answer) -> String {
    String::from_utf8(answer.body).unwrap()
}

const PAGES: [&str; 9] = [
    "/analytics/reports",
    "/invitations/accept",
    "/reset-password",
    "/register/confirm",
    "/verify-email",
    "/confirm-email",
    "/login",
    "/projects/0198c0de-0000-7000-8000-000000000001",
    "/settings/members",
];

#[tokio::test]
async fn pages_are_one_file_on_each_kind_of_host() {
    let built = Built::new("pages");
    let door = built.door();
    for path in PAGES {
        let page = door.get("acme.pm.test", path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), Some("text/html"), "{path}");
        assert_eq!(page.header("cache-control"), Some("no-cache"), "{path}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'self';"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(text(page), "<p>of an organization</p>");
        assert_eq!(door.get("pm.test", path).await.status, 404, "{path}");
    }
    assert_eq!(text(door.get("pm.test", "/").await), "<p>of nobody</p>");
    assert_eq!(text(door.get("pm.test", "/find").await), "<p>of nobody</p>");
    assert_eq!(door.get("acme.pm.test", "/find").await.status, 404);
}

#[tokio::test]
async fn only_who_opens_a_page_gets_one() {
    let built = Built::new("navigation");
    let door = built.door();
    let asked = |path: &'static str, accept: &'static str| {
        let door = &door;
        async move {
            let head = format!("accept: {accept}\r\n");
            door.send("GET", "acme.pm.test", path, &head).await.status
        }
    };
    assert_eq!(asked("/projects", "text/html,*/*;q=0.8").await, 200);
    assert_eq!(asked("/projects", "application/json").await, 404);
    for path in [
        "/api/v1/none",
        "/nowhere",
        "/projects/",
        "/assets/",
        "/socket.io/",
    ] {
        assert_ne!(asked(path, "text/html").await, 200, "{path}");
    }
}

#[tokio::test]
async fn files_keep_for_ever_and_come_in_their_smallest_form() {
    let built = Built::new("assets");
    let door = built.door();
    let path = "/assets/a-1234.js";
    let plain = door.get("acme.pm.test", path).await;
    assert_eq!(
        plain.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    assert_eq!(plain.header("content-type"), Some("text/javascript"));
    assert_eq!(text(plain), "plain");
    let small = door
        .send("GET", "pm.test", path, "accept-encoding: gzip, br\r\n")
        .await;
    assert_eq!(small.header("content-encoding"), Some("br"));
    assert_eq!(text(small), "small");
    let none = door.get("acme.pm.test", "/assets/none.js").await;
    assert_eq!(
        (none.status, none.header("cache-control")),
        (404, Some("no-store"))
    );
}

#[tokio::test]
async fn nothing_outside_of_the_folder_is_served() {
    let built = Built::new("outside");
    let door = built.door();
    for path in [
        "/assets/../index.html",
        "/assets/../../tenantry-outside.txt",
        "/assets/%2e%2e/index.html",
        "/assets/..%2findex.html",
        "/assets//etc/passwd",
    ] {
        let status = door.get("acme.pm.test", path).await.status;
        assert!([400, 404].contains(&status), "{path}: {status}");
    }
}

#[tokio::test]
async fn without_a_build_a_page_says_how_to_make_it() {
    for folder in [None, Some(Path::new("/nowhere"))] {
        let door = open(folder);
        for (host, path) in [
            ("pm.test", "/"),
            ("acme.pm.test", "/"),
            ("acme.pm.test", "/login"),
        ] {
            let page = door.get(host, path).await;
            assert_eq!(page.status, 200, "{host}{path}");
            assert!(text(page).contains("npm run build"), "{host}{path}");
        }
        assert_eq!(door.get("pm.test", "/assets/a.js").await.status, 404);
    }
}

//! The API's own description.

use e2e::Organization;
use testkit::Front;

#[tokio::test]
async fn one_document_describes_all_services() {
    let document = Front::door()
        .bare()
        .get("/api/v1/openapi.json")
        .await
        .expect(200)
        .json();
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1")),
        "{}",
        document["openapi"]
    );
    let paths = document["paths"].as_object().unwrap();
    for path in [
        "/organizations",
        "/auth/login",
        "/projects",
        "/cards/{",
        "/links",
        "/analytics/dashboard",
    ] {
        assert!(
            paths.keys().any(|known| known.contains(path)),
            "{path} in {:?}",
            paths.keys()
        );
    }
    assert!(
        !paths.keys().any(|path| path.contains("internal")),
        "inner routes are not for clients"
    );
    let mut ids: Vec<&str> = paths
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "operation ids are unique");
}

#[tokio::test]
async fn one_document_describes_all_events() {
    let site = Front::door().bare();
    let document = site.get("/api/v1/asyncapi.json").await.expect(200).json();
    assert_eq!(document["asyncapi"], "3.0.0");
    for kind in ["task.created", "board.updated", "link.accessed"] {
        assert_eq!(document["channels"][kind]["address"], kind);
    }
}

#[tokio::test]
async fn documentation_page_loads_nothing_from_elsewhere() {
    let acme = Organization::sign_up().await;
    let mut page = acme.site.get("/api/docs").await;
    if page.status.is_redirection() {
        page = acme.site.get(page.header("location").unwrap()).await;
    }
    let page = page.expect(200);
    for foreign in ["src=\"http", "href=\"http", "src=\"//", "url(http"] {
        assert!(!page.text.contains(foreign), "{foreign} in {}", page.text);
    }
    assert!(page.header("content-security-policy").is_some());
}

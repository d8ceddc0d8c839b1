//! Step 9: health, metrics, and one request that can be followed from the door to the database.

use e2e::{Organization, log_lines};
use testkit::{eventually, setting};

const SERVICES: [&str; 6] = [
    "gateway",
    "tenant-resolver",
    "identity",
    "project-svc",
    "shortener",
    "analytics",
];

async fn admin(index: u16, path: &str) -> (u16, String) {
    let gateway: url::Url = setting("TENANTRY_TEST_GATEWAY").parse().unwrap();
    let port = gateway.port().unwrap() + 10 + index;
    let answer = reqwest::get(format!("http://127.0.0.1:{port}{path}"))
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn admin_of(service: &str, path: &str) -> String {
    let index = (0..).zip(SERVICES).find(|(_, known)| *known == service);
    admin(index.unwrap().0, path).await.1
}

/// The value of a service's metric that has no label but the service; 0 while there is none.
pub(crate) async fn metric(service: &str, name: &str) -> f64 {
    let page = admin_of(service, "/metrics").await;
    let name = format!("{name}{{service=\"{service}\"}} ");
    let value = page.lines().find_map(|line| line.strip_prefix(&name));
    value.map_or(0.0, |value| value.parse().unwrap())
}

/// How ready a service says it is.
pub(crate) async fn ready(service: &str) -> String {
    let report = admin_of(service, "/readyz").await;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    report["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_service_tells_health_and_metrics_on_its_own_listener() {
    let _ = Organization::sign_up().await;
    for (index, service) in (0..).zip(SERVICES) {
        for path in ["/healthz", "/readyz"] {
            assert_eq!(admin(index, path).await.0, 200, "{service}{path}");
        }
        let (status, metrics) = admin(index, "/metrics").await;
        assert_eq!(status, 200, "{service}");
        assert!(metrics.contains("http_request"), "{service}: {metrics}");
    }
}

#[tokio::test]
async fn one_request_id_and_trace_go_from_the_gateway_to_the_database() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    let path = format!("/api/v1/projects/{}/tasks", project["id"].as_str().unwrap());
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let api = &acme.owner.api;
    let request = api
        .request(reqwest::Method::POST, &path)
        .json(&serde_json::json!({"title": "Follow me"}));
    let answer = api
        .send(request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01")))
        .await
        .expect(201);
    let id = answer.header("x-request-id").unwrap().to_owned();
    for service in ["gateway", "project-svc"] {
        eventually(&format!("a log line of {service}"), 5, async || {
            let lines = log_lines(service, &id);
            lines
                .iter()
                .any(|line| line.to_string().contains(trace))
                .then_some(())
        })
        .await;
    }
    // The unit of work told PostgreSQL whose it is; the statement's own log line names it.
    eventually("a statement in the log of project-svc", 5, async || {
        let lines = log_lines("project-svc", &id);
        lines
            .iter()
            .any(|line| {
                line["target"]
                    .as_str()
                    .is_some_and(|target| target.contains("sql"))
            })
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn logs_hold_no_secret() {
    let acme = Organization::sign_up().await;
    let person = acme.join(kernel::Role::Member).await;
    let bad = serde_json::json!({"email": person.email, "password": "a password that is wrong"});
    let _ = acme.site.post("/api/v1/auth/login", &bad).await.expect(401);
    let _ = person.api.get("/api/v1/projects").await.expect(200);
    for service in SERVICES {
        for secret in [
            e2e::PASSWORD,
            "a password that is wrong",
            &person.email,
            &acme.owner.email,
            &person.access_token,
            &person.refresh_token,
        ] {
            assert!(
                log_lines(service, secret).is_empty(),
                "{service} logs {secret}"
            );
        }
    }
}

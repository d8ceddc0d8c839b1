//! Step 2: sessions: login, rotation, theft, sign-out, and tokens that stay where they belong.

use e2e::{Organization, PASSWORD};
use futures::future::join_all;
use httpkit::Service;
use httpkit::tokens::{SERVICE_TOKEN_HEADER, ServiceSigner};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Front, Site, eventually, setting};

async fn refresh(site: &Site, token: &str) -> testkit::Answer {
    site.post("/api/v1/auth/refresh", &json!({"refresh_token": token}))
        .await
}

fn session(answer: &Value) -> Value {
    answer.get("session").unwrap_or(answer).clone()
}

#[tokio::test]
async fn login_gives_a_quarter_hour_token_and_a_refresh_token() {
    let acme = Organization::sign_up().await;
    let body = json!({"email": acme.owner.email, "password": PASSWORD});
    let answer = session(
        &acme
            .site
            .post("/api/v1/auth/login", &body)
            .await
            .expect(200)
            .json(),
    );
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 900);
    assert!(answer["refresh_token"].is_string());
}

#[tokio::test]
async fn unknown_address_and_wrong_password_get_the_same_answer() {
    let (acme, globex) = tokio::join!(Organization::sign_up(), Organization::sign_up());
    let try_as = async |email: &str, password: &str| {
        let answer = acme
            .site
            .post(
                "/api/v1/auth/login",
                &json!({"email": email, "password": password}),
            )
            .await;
        let mut body = answer.expect_problem(401, "invalid_credentials");
        body["request_id"].take();
        body
    };
    let wrong = try_as(&acme.owner.email, "wrong password here").await;
    assert_eq!(try_as("nobody@example.com", PASSWORD).await, wrong);
    // The owner of another organization is nobody here.
    assert_eq!(try_as(&globex.owner.email, PASSWORD).await, wrong);
}

#[tokio::test]
async fn reused_refresh_token_ends_the_whole_family() {
    let acme = Organization::sign_up().await;
    let first = acme.log_in(&acme.owner.email).await;
    let second = session(
        &refresh(&acme.site, &first.refresh_token)
            .await
            .expect(200)
            .json(),
    );
    let third = session(
        &refresh(&acme.site, second["refresh_token"].as_str().unwrap())
            .await
            .expect(200)
            .json(),
    );

    let _ = refresh(&acme.site, &first.refresh_token).await.expect(401);
    let _ = refresh(&acme.site, third["refresh_token"].as_str().unwrap())
        .await
        .expect(401);
    let api = acme
        .site
        .with_token(third["access_token"].as_str().unwrap());
    eventually("the access token ends with its family", 5, async || {
        (api.get("/api/v1/projects").await.status == 401).then_some(())
    })
    .await;
    // Other sessions of the person go on.
    let _ = acme.owner.api.get("/api/v1/projects").await.expect(200);
}

#[tokio::test]
async fn parallel_refreshes_leave_one_usable_pair_at_most() {
    let acme = Organization::sign_up().await;
    let person = acme.log_in(&acme.owner.email).await;
    let answers = join_all((0..12).map(|_| refresh(&acme.site, &person.refresh_token))).await;
    let given: Vec<String> = answers
        .iter()
        .inspect(|answer| assert!([200, 401].contains(&answer.status.as_u16())))
        .filter(|answer| answer.status == 200)
        .map(|answer| {
            session(&answer.json())["refresh_token"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(!given.is_empty());
    let mut usable = 0;
    for token in &given {
        usable += usize::from(refresh(&acme.site, token).await.status == 200);
    }
    assert!(usable <= 1, "{usable} of {} pairs were usable", given.len());
}

#[tokio::test]
async fn logout_ends_the_session_everywhere() {
    let acme = Organization::sign_up().await;
    let person = acme.log_in(&acme.owner.email).await;
    let _ = person.api.get("/api/v1/projects").await.expect(200);
    let _ = person
        .api
        .post("/api/v1/auth/logout", &json!({}))
        .await
        .expect(204);
    let _ = refresh(&acme.site, &person.refresh_token).await.expect(401);
    eventually("the gateway forgets the token", 5, async || {
        (person.api.get("/api/v1/projects").await.status == 401).then_some(())
    })
    .await;
}

#[tokio::test]
async fn token_of_one_organization_is_refused_by_another() {
    let (acme, globex) = tokio::join!(Organization::sign_up(), Organization::sign_up());
    let stranger = globex.site.with_token(&acme.owner.access_token);
    for path in [
        "/api/v1/projects",
        "/api/v1/users",
        "/api/v1/links",
        "/api/v1/analytics/dashboard",
    ] {
        let _ = stranger.get(path).await.expect(401);
    }
    let _ = refresh(&globex.site, &acme.owner.refresh_token)
        .await
        .expect(401);
}

/// Asks a service directly, past the gateway, with a service token that names `tenant`.
async fn ask_directly(
    port_offset: u16,
    service: Service,
    path: &str,
    tenant: kernel::TenantId,
    token: &str,
) -> u16 {
    let gateway: url::Url = setting("TENANTRY_TEST_GATEWAY").parse().unwrap();
    let address = format!(
        "http://127.0.0.1:{}{path}",
        gateway.port().unwrap() + port_offset
    );
    let env = std::fs::read_to_string(format!("{}/env", setting("TENANTRY_TEST_STATE"))).unwrap();
    let secret = env
        .lines()
        .find_map(|line| line.strip_prefix("TENANTRY_SERVICE_SECRET="))
        .unwrap();
    let signer = ServiceSigner::new(&secret.to_owned().into(), Service::Gateway);
    let request = reqwest::Client::new()
        .request(Method::GET, address)
        .bearer_auth(token);
    let request = request.header(
        SERVICE_TOKEN_HEADER,
        &*signer.token(service, Some(tenant)).unwrap(),
    );
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn services_check_for_themselves() {
    let (acme, globex) = tokio::join!(Organization::sign_up(), Organization::sign_up());
    let services = [
        (2, Service::Identity, "/api/v1/users"),
        (3, Service::ProjectSvc, "/api/v1/projects"),
        (4, Service::Shortener, "/api/v1/links"),
        (5, Service::Analytics, "/api/v1/analytics/dashboard"),
    ];
    let gateway: url::Url = setting("TENANTRY_TEST_GATEWAY").parse().unwrap();
    for (offset, service, path) in services {
        let token = &acme.owner.access_token;
        assert_eq!(
            ask_directly(offset, service, path, acme.id, token).await,
            200,
            "{service}"
        );
        assert_eq!(
            ask_directly(offset, service, path, globex.id, token).await,
            401,
            "{service}"
        );
        assert_eq!(
            ask_directly(offset, service, path, acme.id, "forged").await,
            401,
            "{service}"
        );
        // Without the gateway's word the person's own token is worth nothing.
        let address = format!(
            "http://127.0.0.1:{}{path}",
            gateway.port().unwrap() + offset
        );
        let bare = reqwest::Client::new()
            .get(address)
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        assert_eq!(bare.status(), 401, "{service}");
    }
}

#[tokio::test]
async fn signing_keys_are_public_and_hold_no_secret() {
    let answer = Front::door()
        .bare()
        .get("/.well-known/jwks.json")
        .await
        .expect(200);
    let key = &answer.json()["keys"][0];
    assert_eq!(
        (key["kty"].as_str(), key["crv"].as_str()),
        (Some("OKP"), Some("Ed25519"))
    );
    assert!(key["kid"].is_string() && key["d"].is_null(), "{key}");
    assert!(
        answer
            .header("cache-control")
            .is_some_and(|value| value.contains("max-age"))
    );
}

//! Providers of an organization: who manages them, what is shown, and where they may be.

use axum::http::Method;
use serde_json::{Value, json};
use testkit::listen;

use super::{PROVIDERS, add_provider, callback, create_provider, issuer};
use crate::world::World;

fn body(issuer: &str) -> Value {
    json!({"name": "SSO", "issuer": issuer, "client_id": "us", "client_secret": "hunter2hunter2"})
}

#[tokio::test]
async fn client_secret_is_sealed_and_never_shown() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let made = create_provider(&world, &acme, &body(&issuer()))
        .await
        .expect(201);
    let id = made.text("id");
    assert_eq!(made.headers["etag"], "\"1\"");
    assert_eq!(made.headers["location"], format!("{PROVIDERS}/{id}"));
    assert_eq!(made.text("redirect_uri"), callback(&id));
    let path = format!("{PROVIDERS}/{id}");
    let shown = world
        .get(&path)
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(200);
    let listed = world
        .get(PROVIDERS)
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(200);
    assert_eq!(listed.body, json!([shown.body]));
    for answer in [&made.body, &shown.body, &listed.body] {
        assert!(!answer.to_string().contains("hunter2"), "{answer}");
    }
    let plain = "identity_providers where position('hunter2'::bytea in sealed_client_secret) > 0";
    assert_eq!(world.count(plain).await, 0);

    let rename = |tag: &str| {
        let call = world.patch(&path, &json!({"name": "Acme SSO"})).at(acme.id);
        call.bearer(&acme.owner).header("if-match", tag).send()
    };
    let renamed = rename("\"1\"").await.expect(200);
    assert_eq!(renamed.text("name"), "Acme SSO");
    assert_eq!(rename("\"1\"").await.problem(), (412, "stale_version"));
    let issuer = world
        .patch(&path, &json!({"issuer": "https://example.com"}))
        .at(acme.id);
    assert_eq!(issuer.bearer(&acme.owner).send().await.status, 422);
    let audited = "audit_events where action like 'identity\\_provider.%'";
    assert_eq!(world.count(audited).await, 2);
    world.close().await;
}

#[tokio::test]
async fn only_who_manages_security_manages_providers_and_only_the_own() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let globex = world.organization("globex").await;
    let sso = add_provider(&world, &acme).await;
    let path = format!("{PROVIDERS}/{sso}");
    let manager = world.member(&acme, "grace@example.com", "manager").await;
    let manager = manager.text("access_token");
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let call = |tenant, token: &str| {
            let call = world
                .call(method.clone(), &path)
                .json(&json!({}))
                .at(tenant);
            call.bearer(token).send()
        };
        let refused = call(acme.id, &manager).await;
        assert_eq!(refused.problem(), (403, "permission_denied"), "{method}");
        let foreign = call(globex.id, &globex.owner).await;
        assert_eq!(foreign.problem(), (404, "not_found"), "{method}");
    }
    let made = world.post(PROVIDERS, &body(&issuer())).at(acme.id);
    let made = made.bearer(&manager).send().await;
    assert_eq!(made.problem(), (403, "permission_denied"));
    world.close().await;
}

#[tokio::test]
async fn admin_sets_up_no_provider_that_says_to_be_the_owner() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    let path = format!("{PROVIDERS}/{sso}");
    let admin = world.member(&acme, "grace@example.com", "admin").await;
    let admin = admin.text("access_token");
    let call = |method: Method, path: &str, body: &Value| {
        let call = world.call(method, path).json(body).at(acme.id);
        call.bearer(&admin).send()
    };
    let none = json!({});
    call(Method::GET, &path, &none).await.expect(200);
    for (method, path, body) in [
        (Method::POST, PROVIDERS, body(&issuer())),
        (Method::PATCH, path.as_str(), json!({"client_id": "mine"})),
        (Method::DELETE, path.as_str(), none),
    ] {
        let refused = call(method.clone(), path, &body).await;
        assert_eq!(refused.problem(), (403, "permission_denied"), "{method}");
    }
    assert_eq!(world.count("identity_providers").await, 1);
    world.close().await;
}

#[tokio::test]
async fn issuer_must_be_a_public_address() {
    let world = World::with(|config| config.provider_networks.clear()).await;
    let acme = world.organization("acme").await;
    let sink = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    sink.set_nonblocking(true).unwrap();
    let port = sink.local_addr().unwrap().port();
    for (host, code) in [
        ("http://127.0.0.1", "invalid"),
        ("https://127.0.0.1", "invalid"),
        ("https://127.1", "invalid"),
        ("https://2130706433", "invalid"),
        ("https://[::1]", "invalid"),
        ("https://[::ffff:127.0.0.1]", "invalid"),
        ("https://0.0.0.0", "invalid"),
        ("https://you@127.0.0.1", "invalid"),
        ("ftp://127.0.0.1", "invalid"),
        // Its name shows where it leads when it is asked for.
        ("https://localhost", "unreachable"),
    ] {
        let refused = create_provider(&world, &acme, &body(&format!("{host}:{port}"))).await;
        assert_eq!(refused.problem(), (422, "validation_failed"), "{host}");
        assert_eq!(refused.body["errors"][0]["pointer"], "/issuer");
        assert_eq!(refused.body["errors"][0]["code"], code, "{host}");
    }
    for bad in [
        "https://example.com/?a=b",
        "https://example.com/#a",
        "not an address",
        "https://",
    ] {
        let refused = create_provider(&world, &acme, &body(bad)).await;
        assert_eq!(refused.status, 422, "{bad}");
    }
    assert!(sink.accept().is_err(), "somebody connected");
    assert_eq!(world.count("identity_providers").await, 0);
    world.close().await;
}

#[tokio::test]
async fn what_answers_must_be_the_provider_it_says_to_be() {
    use axum::Router;
    use axum::response::Redirect;
    use axum::routing::get;
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let document = "/.well-known/openid-configuration";
    let refused = async |router: Router| {
        let issuer = listen(router).await;
        let answer = create_provider(&world, &acme, &body(&issuer)).await;
        assert_eq!(answer.problem(), (422, "validation_failed"));
        assert_eq!(answer.body["errors"][0]["code"], "unreachable");
    };
    let real = issuer();
    // Another's document, and the way to it: nothing is followed.
    let metadata = reqwest::get(format!("{real}{document}")).await.unwrap();
    let metadata: Value = metadata.json().await.unwrap();
    let copy = httpkit::Json(metadata);
    refused(Router::new().route(document, get(async move || copy.clone()))).await;
    let to = format!("{real}{document}");
    refused(Router::new().route(document, get(async move || Redirect::temporary(&to)))).await;
    // More than anybody would read.
    let long = " ".repeat(10_000_000);
    refused(Router::new().route(document, get(async move || long.clone()))).await;
    refused(Router::new().route(document, get(async || "nonsense"))).await;
    refused(Router::new()).await;
    world.close().await;
}

#[tokio::test]
async fn endpoints_must_be_public_too() {
    use axum::Router;
    use axum::routing::get;
    let world = World::new().await;
    let acme = world.organization("acme").await;
    for endpoint in [
        "https://169.254.169.254/",
        "http://example.com/",
        "javascript:alert(1)",
    ] {
        for field in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let issuer = format!("http://{}", listener.local_addr().unwrap());
            let mut metadata = json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/jwks"),
            });
            metadata[field] = endpoint.into();
            let document = httpkit::Json(metadata);
            let router = Router::new().route(
                "/.well-known/openid-configuration",
                get(async move || document.clone()),
            );
            tokio::spawn(async move { axum::serve(listener, router).await });
            let refused = create_provider(&world, &acme, &body(&issuer)).await;
            assert_eq!(refused.status, 422, "{field} {endpoint}");
        }
    }
    world.close().await;
}

#[tokio::test]
async fn provider_stays_where_no_password_is_taken() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    world
        .alter("update organizations set password_sign_in = false")
        .await;
    let path = format!("{PROVIDERS}/{sso}");
    let delete = async || {
        let call = world.call(Method::DELETE, &path).at(acme.id);
        call.bearer(&acme.owner).send().await
    };
    assert_eq!(delete().await.problem(), (409, "last_way_in"));
    let off = world.patch(&path, &json!({"active": false})).at(acme.id);
    let off = off.bearer(&acme.owner).send().await;
    assert_eq!(off.problem(), (409, "last_way_in"));
    add_provider(&world, &acme).await;
    delete().await.expect(204);
    world.close().await;
}

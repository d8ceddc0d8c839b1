//! Step 1: a team signs up and gets its own database.

use e2e::{Organization, PASSWORD, Sql, database_of, sign_up_body};
use futures::future::join_all;
use serde_json::json;
use testkit::{Front, eventually, unique};

#[tokio::test]
async fn sign_up_gives_an_organization_a_url_and_a_session() {
    let name = unique("org");
    let front = Front::door();
    let email = format!("owner@{name}.example");
    let answer = front
        .bare()
        .post("/api/v1/organizations", &sign_up_body(&name, &email))
        .await
        .expect(201);
    let body = answer.json();
    assert_eq!(body["organization"]["subdomain"], name.as_str());
    assert_eq!(
        body["organization"]["url"],
        format!("http://{name}.{}", front.domain())
    );
    assert!(!answer.text.contains(PASSWORD));

    let me = front
        .tenant(&name)
        .with_token(body["session"]["access_token"].as_str().unwrap());
    let me = me.get("/api/v1/auth/me").await.expect(200).text;
    assert!(me.contains(&email) && me.contains("\"owner\""), "{me}");
}

#[tokio::test]
async fn each_organization_has_a_database_and_a_role_that_no_other_database_lets_in() {
    let (acme, globex) = tokio::join!(Organization::sign_up(), Organization::sign_up());
    let (own, other) = (database_of(acme.id), database_of(globex.id));
    let operator = Sql::platform("postgres").await;
    // The operator gives the role a password that the test knows; the product never tells it.
    let probe = unique("probe");
    operator
        .run(&format!(
            "create role {probe} login password '{probe}' in role {own}"
        ))
        .await
        .unwrap();
    let reach = "select count(*) from pg_database where datname = $1 and has_database_privilege($2, datname, 'connect')";
    assert_eq!(operator.number(reach, &[&own, &own]).await, 1);
    for foreign in [
        other.as_str(),
        "catalog",
        "identity",
        "shortener",
        "tenant_template",
    ] {
        assert_eq!(
            operator.number(reach, &[&foreign, &own]).await,
            0,
            "{foreign}"
        );
    }
    assert!(Sql::as_role(&probe, &probe, &own).await.is_ok());
    assert!(Sql::as_role(&probe, &probe, &other).await.is_err());
    let tenant = Sql::as_role(&probe, &probe, &own).await.unwrap();
    assert!(tenant.run("drop table tasks").await.is_err());
    assert!(tenant.run("create table mine (id int)").await.is_err());
    operator.run(&format!("drop role {probe}")).await.unwrap();
}

#[tokio::test]
async fn taken_reserved_and_malformed_names_are_refused() {
    let taken = Organization::sign_up().await.subdomain;
    let bare = Front::door().bare();
    let sign_up = async |name: &str| {
        let email = format!("{}@example.com", unique("someone"));
        bare.post("/api/v1/organizations", &sign_up_body(name, &email))
            .await
    };
    sign_up(&taken).await.expect_problem(409, "subdomain_taken");
    for name in ["www", "admin", "postgres", "template1", "api"] {
        let problem = sign_up(name).await.expect(422).json();
        assert_eq!(problem["errors"][0]["pointer"], "/subdomain", "{problem}");
    }
    let long = "a".repeat(64);
    for name in [
        "",
        "a",
        "-a",
        "a-",
        "../a",
        "a\";drop database x;--",
        "ACME",
        "xn--80ak6aa92e",
        "🚀🚀🚀",
        &long,
    ] {
        let problem = sign_up(name).await.expect(422).json();
        assert_eq!(
            problem["errors"][0]["pointer"], "/subdomain",
            "{name}: {problem}"
        );
    }
}

#[tokio::test]
async fn availability_of_a_name_can_be_asked() {
    let taken = Organization::sign_up().await.subdomain;
    let bare = Front::door().bare();
    let available = async |name: &str| {
        bare.get(&format!("/api/v1/subdomains/{name}"))
            .await
            .expect(200)
            .json()
    };
    assert_eq!(available(&taken).await["available"], false);
    assert_eq!(available("www").await["available"], false);
    assert_eq!(available(&unique("free")).await["available"], true);
}

#[tokio::test]
async fn same_idempotency_key_makes_one_organization() {
    let (name, key) = (unique("org"), unique("key"));
    let bare = Front::door().bare();
    let body = sign_up_body(&name, &format!("owner@{name}.example"));
    let post = async |body: &serde_json::Value| {
        let request = bare
            .request(reqwest::Method::POST, "/api/v1/organizations")
            .json(body);
        bare.send(request.header("idempotency-key", &key)).await
    };
    let first = post(&body).await.expect(201).json();
    let second = post(&body).await.expect(201).json();
    assert_eq!(first["organization"], second["organization"]);
    let mut other = body.clone();
    other["name"] = json!("Another name");
    post(&other)
        .await
        .expect_problem(422, "idempotency_key_reused");
    let catalog = Sql::platform("catalog").await;
    assert_eq!(
        catalog
            .number(
                "select count(*) from tenants where subdomain = $1",
                &[&name]
            )
            .await,
        1
    );
}

#[tokio::test]
async fn one_person_may_own_two_organizations_with_one_password() {
    let first = Organization::sign_up().await;
    let name = unique("org");
    let bare = Front::door().bare();
    let mut body = sign_up_body(&name, &first.owner.email);
    body["owner"]["password"] = json!("not the password at all");
    bare.post("/api/v1/organizations", &body)
        .await
        .expect_problem(401, "invalid_credentials");
    let _ = bare
        .post(
            "/api/v1/organizations",
            &sign_up_body(&name, &first.owner.email),
        )
        .await
        .expect(201);
    // The refused try left nothing behind: the name was still free.
    let identity = Sql::platform("identity").await;
    let people = "select count(*) from users where email = $1";
    assert_eq!(identity.number(people, &[&first.owner.email]).await, 1);
}

#[tokio::test]
async fn twins_race_for_a_name_and_one_wins() {
    let name = unique("org");
    let bare = Front::door().bare();
    let tries = join_all((0..6).map(|number| {
        let body = sign_up_body(&name, &format!("owner{number}@{name}.example"));
        let bare = bare.clone();
        async move {
            bare.post("/api/v1/organizations", &body)
                .await
                .status
                .as_u16()
        }
    }));
    let mut statuses = tries.await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    let catalog = Sql::platform("catalog").await;
    eventually("losers leave no half-made organization", 30, async || {
        let held = catalog
            .number(
                "select count(*) from tenants where subdomain = $1",
                &[&name],
            )
            .await;
        (held == 1).then_some(())
    })
    .await;
}

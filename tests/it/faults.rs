//! Parts that die, stop and come back. Run one at a time: they stop parts that others need.

mod erasure;
mod events;
mod links;
mod reports;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use e2e::{
    Dev, Load, Organization, SECOND, Sql, all_succeeded, database_of, each_is_there_once,
    sign_up_body,
};
use futures::future::join_all;
use mongodb::bson::doc;
use serde_json::json;
use testkit::{Front, eventually, setting, unique};

const SWEPT_SECONDS: u64 = 60;

/// Organizations that are half there: in one database and not in the other.
async fn orphans() -> Vec<String> {
    let (catalog, identity) = (
        Sql::platform("catalog").await,
        Sql::platform("identity").await,
    );
    let held = "select id::text from tenants where subdomain is not null and status not in ('deleted', 'deleting')";
    let tenants = catalog.texts(held, &[]).await;
    let organizations = identity
        .texts("select tenant_id::text from organizations", &[])
        .await;
    let open = "select tenant_id::text from organizations where confirmed_at is null";
    let mut odd = identity.texts(open, &[]).await;
    odd.extend(
        tenants
            .iter()
            .filter(|id| !organizations.contains(id))
            .cloned(),
    );
    odd.extend(
        organizations
            .iter()
            .filter(|id| !tenants.contains(id))
            .cloned(),
    );
    odd
}

/// Databases and roles of tenants that the catalog does not know.
async fn strays() -> Vec<String> {
    let (catalog, postgres) = (
        Sql::platform("catalog").await,
        Sql::platform("postgres").await,
    );
    let known = catalog
        .texts(
            "select database_name from tenants where status <> 'deleted'",
            &[],
        )
        .await;
    let made = "select datname::text from pg_database where datname ~ '^tenant_[0-9a-f]{32}$' \
                union select rolname::text from pg_roles where rolname ~ '^tenant_[0-9a-f]{32}$'";
    let made = postgres.texts(made, &[]).await;
    made.into_iter()
        .filter(|name| !known.contains(name))
        .collect()
}

/// Signs up without end until `stop`; answers the names that were acknowledged.
async fn keep_signing_up(stop: Arc<AtomicBool>, acknowledged: Arc<AtomicUsize>) -> Vec<String> {
    let bare = Front::door().bare();
    let mut names = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let name = unique("org");
        let body = sign_up_body(&name, &format!("owner@{name}.example"));
        let request = bare
            .request(reqwest::Method::POST, "/api/v1/organizations")
            .json(&body);
        if request
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 201)
        {
            acknowledged.fetch_add(1, Ordering::Relaxed);
            names.push(name);
        }
    }
    names
}

async fn killing_leaves_no_orphan(member: &str) {
    Dev.whole().await;
    // Other tests of the same server may have left some.
    let before = strays().await;
    let (stop, acknowledged) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let tries: Vec<_> = (0..3)
        .map(|_| {
            tokio::spawn(keep_signing_up(
                Arc::clone(&stop),
                Arc::clone(&acknowledged),
            ))
        })
        .collect();
    for _ in 0..3 {
        // Sign-ups run all the time, so the blow falls in the middle of some.
        let wanted = acknowledged.load(Ordering::Relaxed) + 3;
        eventually("sign-ups go through", 30, async || {
            (acknowledged.load(Ordering::Relaxed) >= wanted).then_some(())
        })
        .await;
        Dev.kill(member).await;
        Dev.start(member).await;
    }
    stop.store(true, Ordering::Relaxed);
    let names: Vec<String> = join_all(tries)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    eventually("the sweepers clear up", SWEPT_SECONDS, async || {
        orphans().await.is_empty().then_some(())
    })
    .await;
    eventually(
        "nothing is left on the cluster",
        SWEPT_SECONDS,
        async || {
            let new = strays().await.iter().any(|name| !before.contains(name));
            (!new).then_some(())
        },
    )
    .await;
    let front = Front::door();
    for name in names {
        let body = json!({"email": format!("owner@{name}.example"), "password": e2e::PASSWORD});
        let site = front.tenant(&name);
        eventually("an acknowledged owner logs in", 20, async || {
            (site.post("/api/v1/auth/login", &body).await.status == 200).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn killing_identity_during_sign_ups_leaves_no_orphan() {
    killing_leaves_no_orphan("identity").await;
}

#[tokio::test]
async fn killing_the_resolver_during_sign_ups_leaves_no_orphan() {
    killing_leaves_no_orphan("tenant-resolver").await;
}

#[tokio::test]
async fn work_goes_on_without_the_broker_and_every_event_arrives_once() {
    let acme = served_organization().await;
    let (project, columns) = acme.project("Apollo").await;
    Dev.stop("rabbitmq").await;
    let mut events = 0;
    let api = &acme.owner.api;
    let mut last = json!(null);
    for number in 0..5 {
        last = acme.task(&project, &format!("task {number}")).await;
        let path = format!("/api/v1/cards/{}/move", last["id"].as_str().unwrap());
        let _ = api
            .put(&path, &json!({"column_id": columns["review"]}))
            .await
            .expect(200);
        events += 1;
    }
    let link =
        json!({"resource": {"kind": "task", "id": last["id"]}, "password": "open sesame 42"});
    let link = api.post("/api/v1/links", &link).await.expect(201).json();
    let path = format!("/s/{}", link["code"].as_str().unwrap());
    let form = acme
        .site
        .request(reqwest::Method::POST, &path)
        .form(&[("password", "open sesame 42")]);
    let opened = acme.site.send(form).await;
    assert!(
        opened.status.is_success() || opened.status.is_redirection(),
        "{}",
        opened.text
    );
    Dev.start("rabbitmq").await;

    let mongo = mongodb::Client::with_uri_str(setting("TENANTRY_TEST_MONGO_URL"))
        .await
        .unwrap();
    let stored = mongo
        .database("analytics")
        .collection::<mongodb::bson::Document>("events");
    let count = async |kind: &str| {
        let filter = doc! {"tenant": acme.id.to_string(), "type": kind};
        stored.count_documents(filter).await.unwrap()
    };
    eventually("all events arrive", 60, async || {
        let arrived = count("task.created").await == events
            && count("task.status_changed").await == events
            && count("link.created").await == 1
            && count("link.accessed").await == 1;
        arrived.then_some(())
    })
    .await;
    let sql = Sql::tenant(acme.id).await;
    eventually("the outbox empties", 30, async || {
        (sql.number("select count(*) from outbox", &[]).await == 0).then_some(())
    })
    .await;
    assert_eq!(count("task.created").await, events, "none came twice");
    let found = api
        .get("/api/v1/analytics/dashboard")
        .await
        .expect(200)
        .json();
    assert_eq!(found["tasks"]["created"], events, "{found}");
    assert_eq!(found["links"]["opens"], 1, "{found}");
}

/// A new organization in a system whose every part runs.
async fn served_organization() -> Organization {
    Dev.whole().await;
    let acme = Organization::sign_up().await;
    serves(&acme).await;
    acme
}

/// Waits until the way to the organization's work is open again: the gateway may still hold a service for broken.
async fn serves(acme: &Organization) {
    eventually("the system serves again", 20, async || {
        (acme.owner.api.get("/api/v1/projects").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn politely_ended_services_lose_no_request() {
    let acme = served_organization().await;
    let (project, _) = acme.project("Apollo").await;
    for member in ["project-svc", "gateway"] {
        let (stop, sent) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        serves(&acme).await;
        let path = format!("/api/v1/projects/{}/tasks", project["id"].as_str().unwrap());
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let (api, path) = (acme.owner.api.clone(), path.clone());
                let (stop, sent) = (Arc::clone(&stop), Arc::clone(&sent));
                tokio::spawn(async move {
                    let mut answers = Vec::new();
                    let mut number = 0;
                    while !stop.load(Ordering::Relaxed) {
                        number += 1;
                        sent.fetch_add(1, Ordering::Relaxed);
                        let body = json!({"title": format!("{writer}/{number}")});
                        let answer = api
                            .request(reqwest::Method::POST, &path)
                            .json(&body)
                            .send()
                            .await;
                        answers.push(
                            answer
                                .map(|answer| answer.status().as_u16())
                                .map_err(|error| error.is_connect()),
                        );
                    }
                    answers
                })
            })
            .collect();
        eventually("writes are under way", 20, async || {
            (sent.load(Ordering::Relaxed) >= 24).then_some(())
        })
        .await;
        Dev.stop(member).await;
        Dev.start(member).await;
        stop.store(true, Ordering::Relaxed);
        let answers: Vec<_> = join_all(writers)
            .await
            .into_iter()
            .flat_map(Result::unwrap)
            .collect();
        // While the only copy is away, new connections are refused and the gateway answers 503 at once;
        // what was taken in is answered.
        for answer in &answers {
            assert!(
                matches!(answer, Ok(201 | 503) | Err(true)),
                "{member}: {answer:?}"
            );
        }
        let created = answers
            .iter()
            .filter(|answer| matches!(answer, Ok(201)))
            .count();
        assert!(created > 0, "{member}");
        let sql = Sql::tenant(acme.id).await;
        let stored = sql
            .number("select count(*) from tasks where title like '%/%'", &[])
            .await;
        assert_eq!(
            usize::try_from(stored).unwrap(),
            created,
            "{member}: acknowledged and stored differ"
        );
        sql.run("delete from tasks").await.unwrap();
    }
    serves(&acme).await;
}

#[tokio::test]
async fn restart_of_postgres_is_survived() {
    let acme = served_organization().await;
    let (project, _) = acme.project("Apollo").await;
    Dev.kill("postgres").await;
    let away = acme.owner.api.get("/api/v1/projects").await;
    assert!(away.status == 503, "{}", away.text);
    assert!(away.header("retry-after").is_some());
    Dev.start("postgres").await;
    serves(&acme).await;
    acme.task(&project, "After the storm").await;
}

#[tokio::test]
async fn drained_cluster_is_left_by_all_its_tenants_without_a_failed_request() {
    Dev.whole().await;
    e2e::second_cluster().await;
    let (acme, globex) = (Organization::sign_up().await, Organization::sign_up().await);
    serves(&acme).await;
    let (project, _) = acme.project("Apollo").await;
    for organization in [&acme, &globex] {
        let there = ["tenants", "move", &organization.subdomain, "--to", SECOND];
        Dev.migrator(&there).await;
    }
    let load = Load::begin(&acme, &project, 2).await;

    let drained = Dev.migrator(&["clusters", "drain", SECOND]).await;

    load.goes_on().await;
    assert_eq!(drained["stayed"], json!([]), "{drained}");
    let moved = drained["moved"].as_array().unwrap();
    for organization in [&acme, &globex] {
        let of = |one: &serde_json::Value| one["tenant"] == organization.subdomain.as_str();
        assert!(moved.iter().any(of), "{drained}");
    }
    let all = load.end().await;
    all_succeeded(&all);
    each_is_there_once(&Sql::tenant(acme.id).await, &all).await;
    let left = "select count(*) from pg_database where datname = any($1)";
    let own = vec![database_of(acme.id), database_of(globex.id)];
    assert_eq!(Sql::second("postgres").await.number(left, &[&own]).await, 0);
}

#[tokio::test]
async fn sealing_key_is_rotated_under_traffic() {
    const FORMER: &str = "RESOLVER_FORMER_SEAL_KEYS";
    let acme = served_organization().await;
    let (project, _) = acme.project("Apollo").await;
    let old = Dev.setting_of("RESOLVER_SEAL_KEY").unwrap();
    let new = "k2:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let load = Load::begin(&acme, &project, 4).await;
    for (key, former) in [(new, old.as_str()), (old.as_str(), new)] {
        let keys = [("RESOLVER_SEAL_KEY", key), (FORMER, former)];
        Dev.reconfigure("tenant-resolver", &keys).await;
        let rotated = Dev.migrator(&["seal", "rotate"]).await;
        assert_eq!(rotated["left"], 0, "{rotated}");
        assert!(rotated["resealed"].as_i64().unwrap() > 0, "{rotated}");
        // Without the former key every secret still opens: a new connection proves it.
        Dev.reconfigure(
            "tenant-resolver",
            &[("RESOLVER_SEAL_KEY", key), (FORMER, "")],
        )
        .await;
        Dev.migrator(&["tenants", "rotate-password", &acme.subdomain])
            .await;
        load.goes_on().await;
    }
    let all = load.end().await;
    all_succeeded(&all);
    each_is_there_once(&Sql::tenant(acme.id).await, &all).await;
}

//! A tenant's whole life in the operator's hands, while people work in it: `migrator tenants …`.

#![expect(
    clippy::print_stdout,
    reason = "the figures of a run, for whoever asks nextest not to swallow them"
)]

use std::time::{Duration, Instant};

use e2e::{
    Dev, Load, Organization, Person, SECOND, Sql, all_succeeded, database_of, each_is_there_once,
    longest, second_cluster, token_in_mail,
};
use futures::TryStreamExt;
use futures::future::join_all;
use mongodb::bson::Document;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Front, eventually, setting, unique};

const WRITERS: usize = 6;
/// What the product promises is half a second on a quiet machine; tests share theirs.
const PAUSE_MS: f64 = 1000.0;

async fn cluster_of(organization: &Organization) -> String {
    let shown = Dev
        .migrator(&["tenants", "show", &organization.id.to_string()])
        .await;
    shown["tenant"]["cluster"]["name"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// What is left of a tenant on a server: databases, roles, replication slots.
async fn traces(server: &Sql, organization: &Organization) -> Vec<String> {
    let sql = "select 'database ' || datname from pg_database where starts_with(datname, $1)
        union all select 'role ' || rolname from pg_roles where rolname = $1
        union all select 'slot ' || slot_name from pg_replication_slots where database = $1
        union all select 'subscription ' || subname from pg_subscription where subname like '%' || substr($1, 8)
        order by 1";
    server.texts(sql, &[&database_of(organization.id)]).await
}

fn number(answer: &Value, field: &str) -> f64 {
    answer[field]
        .as_f64()
        .unwrap_or_else(|| panic!("no {field} in {answer}"))
}

#[tokio::test]
async fn moved_tenant_loses_no_write_and_fails_no_request() {
    second_cluster().await;
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    let load = Load::begin(&acme, &project, WRITERS).await;

    let there = Dev
        .migrator(&["tenants", "move", &acme.subdomain, "--to", SECOND])
        .await;
    load.goes_on().await;
    let (first, second) = (
        Sql::platform("postgres").await,
        Sql::second("postgres").await,
    );
    assert_eq!(traces(&first, &acme).await, Vec::<String>::new());
    assert_eq!(cluster_of(&acme).await, SECOND);
    let back = Dev
        .migrator(&[
            "tenants",
            "move",
            &acme.subdomain,
            "--to",
            "local",
            "--verify",
        ])
        .await;
    load.goes_on().await;

    let all = load.end().await;
    println!(
        "moved there with a pause of {:.0} ms, back with {:.0} ms; {} requests, the longest {:?}",
        number(&there, "pause_ms"),
        number(&back, "pause_ms"),
        all.len(),
        longest(&all)
    );
    all_succeeded(&all);
    each_is_there_once(&Sql::tenant(acme.id).await, &all).await;
    assert_eq!(traces(&second, &acme).await, Vec::<String>::new());
    assert!(number(&there, "pause_ms") < PAUSE_MS, "{there}");
    assert!(number(&back, "pause_ms") < PAUSE_MS, "{back}");
    // The sequence of the outbox came along: the next event has a number of its own.
    acme.task(&project, "after the move").await;
}

#[tokio::test]
async fn killed_move_is_undone_or_finished_and_loses_nothing() {
    second_cluster().await;
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    let load = Load::begin(&acme, &project, 2).await;
    let stage =
        "select stage from tenant_moves where tenant_id = $1 order by started_at desc limit 1";
    let catalog = Sql::platform("catalog").await;
    for (killed_in, after) in [
        ("copying", Duration::from_millis(300)),
        ("switching", Duration::ZERO),
        ("switching", Duration::from_millis(60)),
        ("switched", Duration::ZERO),
    ] {
        let target = match cluster_of(&acme).await.as_str() {
            SECOND => "local",
            _ => SECOND,
        };
        let mut moving = Dev
            .operator(&["tenants", "move", &acme.subdomain, "--to", target])
            .spawn()
            .expect("run the migrator");
        eventually("the stage to die in", 60, async || {
            let at = catalog.texts(stage, &[&acme.id.uuid()]).await;
            let ended = moving.try_wait().expect("look at the migrator").is_some();
            (ended || at.first().is_some_and(|at| at == killed_in)).then_some(())
        })
        .await;
        tokio::time::timeout(after, moving.wait()).await.ok();
        moving.start_kill().ok();
        moving.wait().await.expect("the migrator ends");

        let left = Dev.migrator(&["tenants", "move", "--resume"]).await;

        println!("killed in {killed_in}: {left}");
        load.goes_on().await;
        let open = "select count(*) from tenant_moves where tenant_id = $1 and finished_at is null";
        assert_eq!(catalog.number(open, &[&acme.id.uuid()]).await, 0);
        let home = cluster_of(&acme).await;
        let (first, second) = (
            Sql::platform("postgres").await,
            Sql::second("postgres").await,
        );
        let elsewhere = if home == SECOND { &first } else { &second };
        assert_eq!(
            traces(elsewhere, &acme).await,
            Vec::<String>::new(),
            "{killed_in}"
        );
    }
    let all = load.end().await;
    all_succeeded(&all);
    let own = database_of(acme.id);
    let home = match cluster_of(&acme).await.as_str() {
        SECOND => Sql::second(&own).await,
        _ => Sql::platform(&own).await,
    };
    each_is_there_once(&home, &all).await;
}

#[tokio::test]
async fn suspended_tenant_is_refused_within_a_second() {
    let acme = Organization::sign_up().await;
    let _ = acme.owner.api.get("/api/v1/projects").await.expect(200);
    let reason = ["tenants", "suspend", &acme.subdomain, "--reason", "unpaid"];
    Dev.migrator(&reason).await;
    let answered = Instant::now();
    eventually("the tenant is refused", 5, async || {
        (acme.owner.api.get("/api/v1/projects").await.status == 403).then_some(())
    })
    .await;
    let took = answered.elapsed();
    println!("suspended after {took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    acme.owner
        .api
        .get("/api/v1/projects")
        .await
        .expect_problem(403, "tenant_suspended");
    Dev.migrator(&["tenants", "resume", &acme.subdomain]).await;
    eventually("the tenant answers again", 5, async || {
        (acme.owner.api.get("/api/v1/projects").await.status == 200).then_some(())
    })
    .await;
    let shown = Dev.migrator(&["tenants", "show", &acme.subdomain]).await;
    assert_eq!(shown["history"][1]["reason"], "unpaid", "{shown}");
}

#[tokio::test]
async fn renamed_tenant_answers_there_and_redirects_from_here() {
    let acme = Organization::sign_up().await;
    let (former, present) = (acme.subdomain.clone(), unique("neo"));
    Dev.migrator(&["tenants", "rename", &former, &present])
        .await;
    let front = Front::door();
    let site = front.tenant(&present).with_token(&acme.owner.access_token);
    eventually("the new name answers", 5, async || {
        (site.get("/api/v1/projects").await.status == 200).then_some(())
    })
    .await;
    let there = eventually("the former name redirects", 5, async || {
        let answer = acme.owner.api.get("/api/v1/projects?limit=5").await;
        (answer.status == 308).then_some(answer)
    })
    .await;
    let location = there.header("location").unwrap();
    assert!(
        location.ends_with(&format!(
            "{present}.{}/api/v1/projects?limit=5",
            front.domain()
        )),
        "{location}"
    );
    // Everything that names the tenant takes either name, until the former one is given away.
    let shown = Dev.migrator(&["tenants", "show", &former]).await;
    assert_eq!(shown["tenant"]["former_subdomains"][0], former.as_str());
    Dev.migrator(&["tenants", "release-subdomain", &former])
        .await;
    Organization::sign_up_as(&former).await;
}

#[tokio::test]
async fn deleted_tenant_leaves_nothing_anywhere() {
    let acme = Organization::sign_up().await;
    let member = acme.join(kernel::Role::Member).await;
    let (project, _) = acme.project("Apollo").await;
    let task = acme.task(&project, "Build").await;
    let link = json!({"resource": {"kind": "task", "id": task["id"]}});
    let _ = acme
        .owner
        .api
        .post("/api/v1/links", &link)
        .await
        .expect(201);
    let id = acme.id.to_string();
    let mongo = mongodb::Client::with_uri_str(setting("TENANTRY_TEST_MONGO_URL"))
        .await
        .unwrap();
    let mongo = mongo.database("analytics");
    eventually("analytics knows the organization", 30, async || {
        (mentions(&mongo, &id).await > 2).then_some(())
    })
    .await;

    let refused = Dev
        .operator(&["tenants", "delete", &acme.subdomain, "--now"])
        .output()
        .await
        .unwrap();
    assert_eq!(refused.status.code(), Some(2), "not without --yes");
    let certificate = Dev
        .migrator(&["tenants", "delete", &acme.subdomain, "--now", "--yes"])
        .await;

    assert_eq!(certificate["tenant_id"], id.as_str(), "{certificate}");
    assert!(certificate["report"].is_object(), "{certificate}");
    let server = Sql::platform("postgres").await;
    assert_eq!(traces(&server, &acme).await, Vec::<String>::new());
    for database in ["identity", "shortener"] {
        assert_eq!(
            rows_about(database, acme.id.uuid()).await,
            Vec::<String>::new()
        );
    }
    let people = "select count(*) from users where id = any($1)";
    let ids = vec![acme.owner.id.uuid(), member.id.uuid()];
    let identity = Sql::platform("identity").await;
    assert_eq!(identity.number(people, &[&ids]).await, 0);
    let catalog = Sql::platform("catalog").await;
    let named = "select count(*) from tenants where id = $1 and (subdomain is not null or name is not null or sealed_password is not null)";
    assert_eq!(catalog.number(named, &[&acme.id.uuid()]).await, 0);
    eventually("late events are gone from analytics too", 30, async || {
        (mentions(&mongo, &id).await == 0).then_some(())
    })
    .await;
    let answer = acme.owner.api.get("/api/v1/projects").await;
    assert_eq!(answer.status, 404, "{}", answer.text);
}

/// Documents that name a tenant, in every collection but the list of the erased.
async fn mentions(mongo: &mongodb::Database, id: &str) -> usize {
    let mut count = 0;
    for name in mongo.list_collection_names().await.unwrap() {
        if name == "erased" {
            continue;
        }
        let documents = mongo.collection::<Document>(&name);
        let documents = documents.find(Document::new()).await.unwrap();
        let documents: Vec<Document> = documents.try_collect().await.unwrap();
        count += documents
            .iter()
            .filter(|document| document.to_string().contains(id))
            .count();
    }
    count
}

/// Tables that hold a row of the tenant, in any column of ids.
async fn rows_about(database: &str, id: uuid::Uuid) -> Vec<String> {
    let sql = Sql::platform(database).await;
    let columns = "select table_name || ' ' || column_name from information_schema.columns
        where table_schema = 'public' and data_type = 'uuid' order by 1";
    let mut found = Vec::new();
    for line in sql.texts(columns, &[]).await {
        let (table, column) = line.split_once(' ').unwrap();
        let count = format!("select count(*) from {table} where {column} = $1");
        if sql.number(&count, &[&id]).await > 0 {
            found.push(line);
        }
    }
    found
}

#[tokio::test]
async fn deletion_can_be_taken_back_within_its_grace() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    let delete = [
        "tenants",
        "delete",
        &acme.subdomain,
        "--grace",
        "30d",
        "--yes",
    ];
    let deleted = Dev.migrator(&delete).await;
    assert_eq!(deleted["status"], "deleting", "{deleted}");
    eventually("it is gone for its people", 5, async || {
        (acme.owner.api.get("/api/v1/projects").await.status == 404).then_some(())
    })
    .await;
    Dev.migrator(&["tenants", "undelete", &acme.subdomain])
        .await;
    let path = format!("/api/v1/projects/{}", project["id"].as_str().unwrap());
    eventually("it is there again", 5, async || {
        (acme.owner.api.get(&path).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn rotated_password_fails_no_request() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    let server = Sql::platform("postgres").await;
    let verifier = "select rolpassword from pg_authid where rolname = $1";
    let role = database_of(acme.id);
    let before = server.texts(verifier, &[&role]).await;
    let load = Load::begin(&acme, &project, WRITERS).await;
    for round in 1..=3 {
        let rotated = Dev
            .migrator(&["tenants", "rotate-password", &acme.subdomain])
            .await;
        assert_eq!(rotated[0]["error"], Value::Null, "{rotated}");
        // More at once than before, so that connections are made with the new password.
        let path = format!("/api/v1/projects/{}/tasks", project["id"].as_str().unwrap());
        let burst = (0..8 * round).map(|_| acme.owner.api.get(&path));
        for answer in join_all(burst).await {
            let _ = answer.expect(200);
        }
        load.goes_on().await;
    }
    let all = load.end().await;
    assert_ne!(server.texts(verifier, &[&role]).await, before);
    all_succeeded(&all);
    each_is_there_once(&Sql::tenant(acme.id).await, &all).await;
}

#[tokio::test]
async fn clone_has_the_same_work_and_a_life_of_its_own() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    acme.task(&project, "Build").await;
    let load = Load::begin(&acme, &project, 2).await;
    let subdomain = unique("twin");
    let clone = [
        "tenants",
        "clone",
        &acme.subdomain,
        "--as",
        &subdomain,
        "--name",
        "The twin",
    ];
    let cloned = Dev.migrator(&clone).await;
    println!("cloned in {:.0} ms", number(&cloned, "duration_ms"));
    load.goes_on().await;
    all_succeeded(&load.end().await);

    let twin = member_of(&acme, &subdomain).await;
    let path = format!("/api/v1/projects/{}/tasks", project["id"].as_str().unwrap());
    let found = twin
        .get(&format!("{path}?limit=200"))
        .await
        .expect(200)
        .text;
    assert!(found.contains("\"Build\""), "{found}");
    let _ = twin
        .post(&path, &json!({"title": "only in the twin"}))
        .await
        .expect(201);
    let own = acme.owner.api.get(&format!("{path}?limit=200")).await;
    assert!(!own.expect(200).text.contains("only in the twin"));
    // A token of one is none of the other.
    let crossed = Front::door()
        .tenant(&subdomain)
        .with_token(&acme.owner.access_token);
    assert_eq!(crossed.get("/api/v1/projects").await.status, 401);
}

/// The owner, signed in where the organization's copy is.
async fn member_of(acme: &Organization, subdomain: &str) -> testkit::Site {
    let site = Front::door().tenant(subdomain);
    let body = json!({"email": acme.owner.email, "password": e2e::PASSWORD});
    let answer = eventually("the copy lets its people in", 10, async || {
        let answer = site.post("/api/v1/auth/login", &body).await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    let session = answer.json();
    let session = session.get("session").unwrap_or(&session).clone();
    site.with_token(session["access_token"].as_str().unwrap())
}

async fn titles(organization: &Organization) -> Vec<String> {
    let sql = Sql::tenant(organization.id).await;
    sql.texts("select title from tasks order by title", &[])
        .await
}

#[tokio::test]
async fn tenant_is_restored_in_place_without_a_failed_request() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    for title in ["one", "two", "three"] {
        acme.task(&project, title).await;
    }
    let backed_up = Dev
        .migrator(&["tenants", "backup", &acme.subdomain, "--keep", "2"])
        .await;
    let backup = backed_up[0]["backup"].as_str().unwrap();
    acme.task(&project, "after the backup").await;
    let load = Load::begin(&acme, &project, 2).await;

    let restore = [
        "tenants",
        "restore",
        backup,
        "--in-place",
        &acme.subdomain,
        "--yes",
    ];
    let restored = Dev.migrator(&restore).await;

    load.goes_on().await;
    let all = load.end().await;
    println!(
        "restored in {:.0} ms with a pause of {:.0} ms",
        number(&restored, "duration_ms"),
        number(&restored, "pause_ms")
    );
    all_succeeded(&all);
    assert!(number(&restored, "pause_ms") < PAUSE_MS, "{restored}");
    let now = titles(&acme).await;
    assert!(
        ["one", "two", "three"]
            .iter()
            .all(|title| now.contains(&(*title).to_owned()))
    );
    assert!(!now.contains(&"after the backup".to_owned()), "{now:?}");
    let kept = restored["kept"].as_str().unwrap();
    let server = Sql::platform("postgres").await;
    let closed = "select count(*) from pg_database where datname = $1 and not datallowconn";
    assert_eq!(server.number(closed, &[&kept]).await, 1);
    let dropped = Dev
        .migrator(&["tenants", "drop-old", &acme.subdomain, "--yes"])
        .await;
    assert_eq!(dropped["dropped"][0], kept);
    assert_eq!(server.number(closed, &[&kept]).await, 0);
}

#[tokio::test]
async fn backup_becomes_a_new_tenant_with_the_same_members() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    acme.task(&project, "Build").await;
    let subdomain = unique("again");
    Dev.migrator(&["tenants", "backup", &acme.subdomain, "--verify"])
        .await;
    let restore = [
        "tenants",
        "restore",
        &acme.subdomain,
        "--as",
        &subdomain,
        "--name",
        "Acme again",
    ];
    let restored = Dev.migrator(&restore).await;
    println!("restored in {:.0} ms", number(&restored, "duration_ms"));
    assert!(number(&restored, "duration_ms") < 10_000.0, "{restored}");
    let again = member_of(&acme, &subdomain).await;
    let path = format!("/api/v1/projects/{}/tasks", project["id"].as_str().unwrap());
    assert!(
        again
            .get(&path)
            .await
            .expect(200)
            .text
            .contains("\"Build\"")
    );
    let _ = again
        .post(&path, &json!({"title": "in the new one"}))
        .await
        .expect(201);
    assert_eq!(titles(&acme).await, ["Build"]);
    // A name that somebody has is refused, and nothing of the attempt stays.
    let taken = [
        "tenants",
        "restore",
        &acme.subdomain,
        "--as",
        &subdomain,
        "--name",
        "Twice",
    ];
    let taken = Dev.operator(&taken).output().await.unwrap();
    assert_eq!(taken.status.code(), Some(1));
    let server = Sql::platform("postgres").await;
    let scratch = "select count(*) from pg_database where datname like 'restore\\_%'";
    assert_eq!(server.number(scratch, &[]).await, 0);
}

#[tokio::test]
async fn created_tenant_waits_for_its_invited_owner() {
    let (subdomain, email) = (unique("made"), format!("{}@made.example", unique("o")));
    let create = [
        "tenants",
        "create",
        "--subdomain",
        &subdomain,
        "--name",
        "Made by hand",
        "--owner-email",
        &email,
    ];
    let site = Front::door().tenant(&subdomain);
    Dev.migrator(&create).await;
    let token = token_in_mail(&email).await;
    let body = json!({"token": token, "name": "Olivia", "password": e2e::PASSWORD});
    let answer = site
        .post("/api/v1/invitations/accept", &body)
        .await
        .expect(200)
        .json();
    let session = answer.get("session").unwrap_or(&answer).clone();
    let owner = site.with_token(session["access_token"].as_str().unwrap());
    let me = owner.get("/api/v1/auth/me").await.expect(200).text;
    assert!(me.contains("\"owner\""), "{me}");
    let _ = owner
        .post("/api/v1/projects", &json!({"name": "First"}))
        .await
        .expect(201);
}

#[tokio::test]
async fn limits_bite_where_they_are_set_and_can_be_lifted() {
    let acme = Organization::sign_up().await;
    acme.project("One").await;
    let limits = ["tenants", "limits", &acme.subdomain];
    let set = Dev
        .migrator(&[&limits[..], &["--projects", "1", "--people", "1"]].concat())
        .await;
    assert_eq!(set, json!({"people": 1, "projects": 1}));
    let second = json!({"name": "Two"});
    eventually("the limit of projects bites", 10, async || {
        let answer = acme.owner.api.post("/api/v1/projects", &second).await;
        (answer.status == 403 && answer.json()["code"] == "limit_projects").then_some(())
    })
    .await;
    let invitation = json!({"email": "p@limits.example", "role": "member"});
    acme.owner
        .api
        .post("/api/v1/invitations", &invitation)
        .await
        .expect_problem(403, "limit_people");
    let lifted = Dev
        .migrator(&[&limits[..], &["--projects", "none"]].concat())
        .await;
    assert_eq!(lifted, json!({"people": 1}));
    eventually("the limit is lifted", 10, async || {
        (acme
            .owner
            .api
            .post("/api/v1/projects", &second)
            .await
            .status
            == 201)
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn moved_tenant_can_be_backed_up_and_exported_where_it_is() {
    second_cluster().await;
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    acme.task(&project, "Build").await;
    Dev.migrator(&["tenants", "move", &acme.subdomain, "--to", SECOND])
        .await;
    let backed_up = Dev
        .migrator(&["tenants", "backup", &acme.subdomain, "--verify"])
        .await;
    assert_eq!(backed_up[0]["verified"], true, "{backed_up}");
    let out = std::env::temp_dir().join(format!("{}.tar.gz", acme.subdomain));
    let export = [
        "tenants",
        "export",
        &acme.subdomain,
        "--out",
        out.to_str().unwrap(),
    ];
    let exported = Dev.migrator(&export).await;
    assert_eq!(exported["tables"]["tasks"], 1, "{exported}");
    std::fs::remove_file(out).unwrap();
    let status = Dev
        .migrator(&["status", "--tenant", &acme.subdomain, "--verify"])
        .await;
    assert_eq!(status[0]["cluster"], SECOND, "{status}");
    // It is erased there as anywhere.
    Dev.migrator(&["tenants", "delete", &acme.subdomain, "--now", "--yes"])
        .await;
    let second = Sql::second("postgres").await;
    assert_eq!(traces(&second, &acme).await, Vec::<String>::new());
}

#[tokio::test]
async fn requests_beyond_the_limit_of_a_minute_are_refused() {
    let acme = Organization::sign_up().await;
    let limits = [
        "tenants",
        "limits",
        &acme.subdomain,
        "--requests-per-minute",
        "30",
    ];
    Dev.migrator(&limits).await;
    let person: &Person = &acme.owner;
    let refused = eventually("too many requests", 20, async || {
        let answer = person
            .api
            .send(person.api.request(Method::GET, "/api/v1/projects"))
            .await;
        (answer.status == 429).then_some(answer)
    })
    .await;
    let body = refused.expect_problem(429, "limit_requests");
    assert!(body["status"] == 429);
}

//! A person asks to be forgotten: no database of the whole system holds name or address afterwards, and what the
//! person made stays in its place.

use e2e::{Organization, PASSWORD, Person, Sql, token_in_mail};
use kernel::Role;
use mongodb::bson::Document;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{eventually, setting, unique};

/// Services tell each other within seconds; a machine that does much else takes longer.
const PATIENCE_SECONDS: u64 = 60;

/// Joins under a name that nobody else has.
async fn join(acme: &Organization, email: &str, name: &str) -> Person {
    let body = json!({"email": email, "role": Role::Manager});
    let _ = acme
        .owner
        .api
        .post("/api/v1/invitations", &body)
        .await
        .expect(201);
    let token = token_in_mail(email).await;
    let body = json!({"token": token, "name": name, "password": PASSWORD});
    let _ = acme
        .site
        .post("/api/v1/invitations/accept", &body)
        .await
        .expect(200);
    acme.log_in(email).await
}

/// Does a bit of everything; answers the paths of a task and of its comments.
async fn work(acme: &Organization, person: &Person) -> (String, String) {
    let request = person.api.request(Method::POST, "/api/v1/projects");
    let request = request.header("idempotency-key", unique("k"));
    let project = request.json(&json!({"name": "Apollo"}));
    let project = person.api.send(project).await.expect(201).json();
    let path = format!("/api/v1/projects/{}/tasks", project["id"].as_str().unwrap());
    let request = person.api.request(Method::POST, &path);
    let request = request.header("idempotency-key", unique("k"));
    let task = request.json(&json!({"title": "Fly", "assignee_ids": [person.id]}));
    let task = person.api.send(task).await.expect(201).json();
    let task_path = format!("/api/v1/tasks/{}", task["id"].as_str().unwrap());
    let comments = format!("{task_path}/comments");
    let _ = person
        .api
        .post(&comments, &json!({"body": "Done soon"}))
        .await
        .expect(201);
    let link = json!({"resource": {"kind": "task", "id": task["id"]}});
    let _ = person.api.post("/api/v1/links", &link).await.expect(201);
    let invitation = json!({"email": format!("{}@x.example", unique("i")), "role": "viewer"});
    let _ = person
        .api
        .post("/api/v1/invitations", &invitation)
        .await
        .status;
    let wrong = json!({"email": person.email, "password": "not the password"});
    let _ = acme
        .site
        .post("/api/v1/auth/login", &wrong)
        .await
        .expect(401);
    (task_path, comments)
}

/// Everything of PostgreSQL that holds the text: `database.table.column`.
async fn in_postgres(text: &str) -> Vec<String> {
    let names = "select datname::text from pg_database where datallowconn and not datistemplate
        and (datname in ('identity', 'catalog', 'shortener') or datname like 'tenant\\_%')";
    let mut found = Vec::new();
    for name in Sql::platform("postgres").await.texts(names, &[]).await {
        found.extend(in_database(&Sql::platform(&name).await, &name, text).await);
    }
    for name in Sql::second("postgres").await.texts(names, &[]).await {
        found.extend(in_database(&Sql::second(&name).await, &name, text).await);
    }
    found
}

async fn in_database(sql: &Sql, name: &str, text: &str) -> Vec<String> {
    let columns = "select format('%I where %I::text ilike $1 or %I::text like $2', table_name, column_name, column_name)
        from information_schema.columns join information_schema.tables using (table_schema, table_name)
        where table_schema = 'public' and table_type = 'BASE TABLE'";
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let (plain, bytes) = (format!("%{text}%"), format!("%{hex}%"));
    let mut found = Vec::new();
    for column in sql.texts(columns, &[]).await {
        let query = format!("select count(*) from {column}");
        if sql.number(&query, &[&plain, &bytes]).await > 0 {
            found.push(format!("{name}: {column}"));
        }
    }
    found
}

/// Documents of MongoDB that hold the text.
async fn in_mongo(text: &str) -> Vec<String> {
    let url = setting("TENANTRY_TEST_MONGO_URL");
    let mongo = mongodb::Client::with_uri_str(url).await.unwrap();
    let mut found = Vec::new();
    for name in ["analytics"] {
        let database = mongo.database(name);
        for collection in database.list_collection_names().await.unwrap() {
            let mut documents = database
                .collection::<Document>(&collection)
                .find(Document::new())
                .await
                .unwrap();
            while documents.advance().await.unwrap() {
                let document = documents.deserialize_current().unwrap().to_string();
                if document.to_lowercase().contains(&text.to_lowercase()) {
                    found.push(format!("{name}.{collection}: {document}"));
                }
            }
        }
    }
    found
}

async fn traces(text: &str) -> Vec<String> {
    let (mut postgres, mongo) = tokio::join!(in_postgres(text), in_mongo(text));
    postgres.extend(mongo);
    postgres
}

#[tokio::test]
async fn erased_person_leaves_no_name_and_no_address_in_any_database() {
    let (acme, globex) = tokio::join!(Organization::sign_up(), Organization::sign_up());
    let (name, email) = (unique("Zq Name "), format!("{}@zq.example", unique("zq")));
    let person = join(&acme, &email, &name).await;
    let (_, comments) = work(&acme, &person).await;
    // Invited elsewhere, and never answered.
    let body = json!({"email": email, "role": "viewer"});
    let _ = globex
        .owner
        .api
        .post("/api/v1/invitations", &body)
        .await
        .expect(201);

    let identity = in_database(&Sql::platform("identity").await, "identity", &name).await;
    assert!(!identity.is_empty(), "the scan finds what is there");
    eventually(
        "the organization's database knows the name",
        PATIENCE_SECONDS,
        async || {
            let found = in_database(&Sql::tenant(acme.id).await, "acme", &name).await;
            (!found.is_empty()).then_some(())
        },
    )
    .await;

    let begun = person
        .api
        .post("/api/v1/auth/erase", &json!({"password": PASSWORD}))
        .await;
    let receipt = json!({"receipt": begun.expect(202).json()["receipt"]});
    let report = eventually("the erasure is done", PATIENCE_SECONDS, async || {
        let report = acme.site.post("/api/v1/auth/erase/report", &receipt).await;
        let report: Value = report.expect(200).json();
        (report["status"] == "done").then_some(report)
    })
    .await;
    let kept = &report["report"]["organizations"][acme.id.to_string()];
    assert_eq!(
        kept["project-svc"]["kept"]["comments.author_id"], 1,
        "{report}"
    );
    assert_eq!(kept["shortener"]["links"], 1, "{report}");

    for text in [&name, &email] {
        assert_eq!(traces(text).await, Vec::<String>::new());
    }
    let comments = acme.owner.api.get(&comments).await.expect(200).json();
    assert_eq!(comments["items"][0]["body"], "Done soon", "{comments}");
    assert_eq!(
        comments["items"][0]["author_id"],
        person.id.to_string(),
        "{comments}"
    );
    let name = "select name from people where id = $1";
    let database = Sql::tenant(acme.id).await;
    let called = database.texts(name, &[&person.id.uuid()]).await;
    assert_eq!(called, ["Former member"]);
    let _ = person.api.get("/api/v1/auth/me").await.expect(401);
}

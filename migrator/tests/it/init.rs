//! A bare server made ready, and who may do what afterwards.

use std::time::Duration;

use tokio_postgres::error::SqlState;

use crate::world::{World, connect};

#[tokio::test]
async fn status_before_init_says_what_to_run() {
    let world = World::bare().await;
    let output = world.run(&["status"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("run `migrator init`"));
    let missing = world.run(&["status", "--catalog-url", "nonsense"]).await;
    assert_eq!(missing.status.code(), Some(2));
}

#[tokio::test]
async fn second_init_changes_nothing_but_passwords() {
    let world = World::bare().await;
    let first = world.json(0, &["init"]).await;
    assert!(first["created"].as_array().unwrap().len() >= 9, "{first}");
    let cluster = "select id::text || template_database from clusters";
    let before = world.text(&world.name("catalog"), cluster).await;
    world
        .sql(
            "postgres",
            &format!("alter role {} password 'old'", world.name("identity_app")),
        )
        .await;

    let second = world.json(0, &["init"]).await;

    assert_eq!(second["created"].as_array().unwrap().len(), 0, "{second}");
    assert_eq!(world.text(&world.name("catalog"), cluster).await, before);
    let service = world.login(&world.name("identity_app"), &world.name("identity"));
    connect(&service).await.expect("the new password");
    world.remove(&[]).await;
}

#[tokio::test]
async fn init_gets_through_while_others_change_the_same_rows() {
    let world = World::bare().await;
    let role = world.name("identity_app");
    let other = connect(&world.admin).await.unwrap();
    let create = format!("create role {role}");
    other.batch_execute(&create).await.unwrap();
    // Held open for a while, so that who comes meanwhile meets the row in the middle of its change.
    let change = format!(
        "begin; alter role {role} connection limit 50; select pg_sleep(0.3); commit;
         begin; alter role {role} connection limit 60; select pg_sleep(0.3); commit"
    );
    let refused = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let alter = format!("alter role {role} connection limit 70");
        world.client.batch_execute(&alter).await.unwrap_err()
    };
    let (changed, refused) = tokio::join!(other.batch_execute(&change), refused);
    changed.unwrap();
    let message = refused.as_db_error().unwrap().message();
    assert_eq!(
        message, "tuple concurrently updated",
        "what init has to bear"
    );

    let changes = async {
        for _ in 0..3 {
            other.batch_execute(&change).await.unwrap();
        }
    };
    let (first, second) = (world.run(&["init"]), world.run(&["init"]));
    let ((), first, second) = tokio::join!(changes, first, second);
    for output in [first, second] {
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
    }
    world.remove(&[]).await;
}

#[tokio::test]
async fn services_work_in_their_own_database_only() {
    let world = World::new().await;
    world.expect(0, &["up"]).await;
    let role = world.name("shortener_app");
    let own = connect(&world.login(&role, &world.name("shortener")))
        .await
        .unwrap();
    own.batch_execute("insert into outbox (id, type, event) values (gen_random_uuid(), 't', '{}'); delete from outbox")
        .await
        .expect("rows come and go");
    let ddl = own
        .batch_execute("create table extra ()")
        .await
        .unwrap_err();
    assert_eq!(ddl.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
    for other in ["catalog", "identity", "template"] {
        let refused = connect(&world.login(&role, &world.name(other)))
            .await
            .err()
            .unwrap();
        assert_eq!(
            refused.code(),
            Some(&SqlState::INSUFFICIENT_PRIVILEGE),
            "{other}"
        );
    }
    world.remove(&[]).await;
}

#[tokio::test]
async fn tenant_reaches_no_neighbour_and_changes_no_schema() {
    let world = World::new().await;
    world.expect(0, &["up"]).await;
    let tenants = [world.tenant("acme").await, world.tenant("globex").await];
    let [acme, globex] = &tenants;

    for other in [
        globex.name.as_str(),
        "postgres",
        &world.name("catalog"),
        &world.name("template"),
    ] {
        let refused = connect(&world.login(&acme.name, other))
            .await
            .err()
            .unwrap();
        assert_eq!(
            refused.code(),
            Some(&SqlState::INSUFFICIENT_PRIVILEGE),
            "{other}"
        );
    }
    let own = connect(&world.login(&acme.name, &acme.name)).await.unwrap();
    let row = own
        .query_one("select tenant_id from tenant_identity", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, uuid::Uuid>(0), acme.id.uuid());
    own.batch_execute("insert into workspaces (id, name) values (gen_random_uuid(), 'Second')")
        .await
        .expect("rows come");
    for refused in [
        "create table extra ()",
        "create temporary table extra ()",
        "drop table comments",
        "alter table tasks add column extra text",
        "truncate tasks",
        "update tenant_identity set tenant_id = gen_random_uuid()",
        "select initialize_tenant(gen_random_uuid(), gen_random_uuid())",
        "select * from seaql_migrations",
        "set role tenant_owner",
    ] {
        let error = own.batch_execute(refused).await.unwrap_err();
        assert_eq!(
            error.code(),
            Some(&SqlState::INSUFFICIENT_PRIVILEGE),
            "{refused}"
        );
    }
    drop(own);
    world.remove(&tenants).await;
}

#[tokio::test]
async fn shells_and_man_know_every_command() {
    let world = World::bare().await;
    for (arguments, sign) in [
        (&["completions", "bash"][..], "complete -F _migrator"),
        (&["completions", "zsh"], "#compdef migrator"),
        (&["completions", "fish"], "complete -c migrator"),
        (&["man"], ".TH migrator 1"),
    ] {
        let text = world.expect(0, arguments).await;
        assert!(text.contains(sign), "{arguments:?}");
        for word in ["doctor", "verify", "max\\-failures"] {
            let plain = word.replace('\\', "");
            assert!(
                text.contains(word) || text.contains(&plain),
                "{arguments:?}: {word}"
            );
        }
    }
    let help = world.expect(0, &["up", "--help"]).await;
    assert!(help.contains("migrator up --resume"), "{help}");
    world.expect(0, &["lint"]).await;
}

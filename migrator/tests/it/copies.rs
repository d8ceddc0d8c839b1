//! Copies of tenants: backups, what is found in them, and the archive an organization takes with it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use migrator::tenants::{Error, backup};
use serde_json::Value;

use crate::world::{Tenant, World, newest};

/// A folder of the test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(testkit::unique("backups"));
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// People and projects with all that PostgreSQL has to write out: quotes, new lines, other scripts, nothing.
async fn fill(world: &World, tenant: &Tenant) {
    let rows = r#"
        insert into people (id, name, role) select gen_random_uuid(), 'Ünï "cødé" ''' || n || E'\n\\', 'member'
            from generate_series(1, 500) n;
        insert into projects (id, workspace_id, key, name, created_by)
            select gen_random_uuid(), (select id from workspaces), 'P' || n, 'Project ' || n, (select min(id::text)::uuid from people)
            from generate_series(10, 59) n;
        insert into outbox (id, type, event) select gen_random_uuid(), 'task.created', '{"secret": "event"}' from generate_series(1, 7);
        insert into idempotency_keys (scope, key, fingerprint) values ('s', 'k', 'f')"#;
    world.sql(&tenant.name, rows).await;
}

async fn one_tenant(world: &World) -> Tenant {
    world.expect(0, &["up"]).await;
    let tenant = world.tenant("acme").await;
    fill(world, &tenant).await;
    tenant
}

fn dumps(line: &Value) -> PathBuf {
    PathBuf::from(line["dump"].as_str().unwrap())
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn backup_is_whole_private_and_reads_back_equal() {
    let (world, folder) = (World::new().await, Folder::new());
    let tenant = one_tenant(&world).await;

    let lines = world
        .json(
            0,
            &[
                "tenants",
                "backup",
                "acme",
                "--verify",
                "--dir",
                folder.path(),
            ],
        )
        .await;

    let line = &lines[0];
    assert_eq!(line["verified"], true, "{line}");
    let dump = dumps(line);
    let manifest = dump.with_extension("json");
    assert_eq!((mode(&dump), mode(&manifest)), (0o600, 0o600));
    assert_eq!(mode(dump.parent().unwrap()), 0o700);
    let manifest: Value = serde_json::from_slice(&std::fs::read(manifest).unwrap()).unwrap();
    assert_eq!(manifest["tenant_id"], tenant.id.to_string());
    assert_eq!(manifest["tables"]["people"]["rows"], 500, "{manifest}");
    assert_eq!(manifest["schema_version"], newest());
    let id = tenant.id.uuid().simple();
    let left = format!("select count(*)::text from pg_database where datname like '%{id}_verify'");
    assert_eq!(world.text("postgres", &left).await, "0");
    let listed = world
        .json(0, &["tenants", "backups", "acme", "--dir", folder.path()])
        .await;
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    world.remove(&[tenant]).await;
}

#[tokio::test]
async fn damaged_backup_is_refused_and_other_values_are_named() {
    let (world, folder) = (World::new().await, Folder::new());
    let tenant = one_tenant(&world).await;
    let lines = world
        .json(0, &["tenants", "backup", "acme", "--dir", folder.path()])
        .await;
    let dump = dumps(&lines[0]);
    let shelf = backup::Shelf::new(folder.0.clone());
    let operator = world.operator().await;

    // A manifest that tells of another value: the copy is not what the backup says of itself.
    let path = dump.with_extension("json");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut manifest: Value = serde_json::from_str(&text).unwrap();
    manifest["tables"]["people"]["checksum"] = "1".into();
    std::fs::write(&path, manifest.to_string()).unwrap();
    let backup = shelf.find("acme").await.unwrap();
    let differs = backup::verify(&operator, &backup, &|_| {})
        .await
        .unwrap_err();
    assert!(
        matches!(&differs, Error::Differs(tables) if tables.len() == 1 && tables[0].starts_with("people")),
        "{differs}"
    );

    // One byte of the dump.
    std::fs::write(&path, text).unwrap();
    let mut bytes = std::fs::read(&dump).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&dump, bytes).unwrap();
    let backup = shelf.find("acme").await.unwrap();
    let damaged = backup::verify(&operator, &backup, &|_| {})
        .await
        .unwrap_err();
    assert!(matches!(damaged, Error::Damaged { .. }), "{damaged}");

    // A dump that is cut off is no backup at all.
    std::fs::write(&dump, "PGDMP").unwrap();
    assert_eq!(shelf.list(None).await.unwrap().len(), 0);
    world.remove(&[tenant]).await;
}

#[tokio::test]
async fn old_backups_go_only_after_a_new_one_is_safe() {
    let (world, folder) = (World::new().await, Folder::new());
    let tenant = one_tenant(&world).await;
    let keep_two = [
        "tenants",
        "backup",
        "--all",
        "--keep",
        "2",
        "--dir",
        folder.path(),
    ];
    for _ in 0..3 {
        world.json(0, &keep_two).await;
    }
    let list = ["tenants", "backups", "--dir", folder.path()];
    let kept = world.json(0, &list).await;
    assert_eq!(kept.as_array().unwrap().len(), 2, "{kept}");

    // The database is away: the backup fails, and none of the old ones goes.
    let gone = format!("{}_away", tenant.name);
    let rename = |from: &str, to: &str| format!("alter database {from} rename to {to}");
    world.sql("postgres", &rename(&tenant.name, &gone)).await;
    let failed = [
        "tenants",
        "backup",
        "--all",
        "--keep",
        "1",
        "--dir",
        folder.path(),
    ];
    let failed = world.json(1, &failed).await;
    assert!(
        failed[0]["error"]
            .as_str()
            .unwrap()
            .contains("does not exist"),
        "{failed}"
    );
    assert_eq!(world.json(0, &list).await, kept);
    let files = std::fs::read_dir(folder.0.join(tenant.id.to_string())).unwrap();
    assert_eq!(files.count(), 4, "nothing half-written is left");

    world.sql("postgres", &rename(&gone, &tenant.name)).await;
    world.remove(&[tenant]).await;
}

#[tokio::test]
async fn restoring_asks_before_it_takes_anything_back() {
    let (world, folder) = (World::new().await, Folder::new());
    let tenant = one_tenant(&world).await;
    world
        .json(0, &["tenants", "backup", "acme", "--dir", folder.path()])
        .await;
    let restore = ["tenants", "restore", "acme", "--dir", folder.path()];
    let refused = world
        .run(&[&restore[..], &["--in-place", "acme"]].concat())
        .await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("say --yes"));
    let neither = world.run(&restore).await;
    assert_eq!(neither.status.code(), Some(2));
    let unknown = world
        .run(&[
            "tenants",
            "restore",
            "globex",
            "--dir",
            folder.path(),
            "--in-place",
            "acme",
            "--yes",
        ])
        .await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("migrator tenants backups"));
    world.remove(&[tenant]).await;
}

#[tokio::test]
async fn archive_holds_every_row_and_nothing_of_ours() {
    let (world, folder) = (World::new().await, Folder::new());
    let tenant = one_tenant(&world).await;
    std::fs::create_dir(&folder.0).unwrap();
    let out = folder.0.join("acme.tar.gz");

    world
        .json(
            0,
            &["tenants", "export", "acme", "--out", out.to_str().unwrap()],
        )
        .await;

    assert_eq!(mode(&out), 0o600);
    assert_eq!(
        std::fs::read_dir(&folder.0).unwrap().count(),
        1,
        "only the archive is left"
    );
    let unpacked = tokio::process::Command::new("tar")
        .args([
            "-xzf",
            out.to_str().unwrap(),
            "-C",
            folder.path(),
            "--strip-components=1",
        ])
        .status()
        .await
        .unwrap();
    assert!(unpacked.success());
    let read = |name: &str| std::fs::read_to_string(folder.0.join(name)).unwrap();
    let manifest: Value = serde_json::from_str(&read("manifest.json")).unwrap();
    assert_eq!(manifest["tables"]["people"], 500);
    let people: Vec<Value> = read("people.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(people.len(), 500);
    assert!(
        people
            .iter()
            .any(|person| person["name"] == "Ünï \"cødé\" '7\n\\"),
        "{}",
        people[0]
    );
    assert_eq!(read("projects.jsonl").lines().count(), 50);
    for ours in [
        "outbox",
        "idempotency_keys",
        "seaql_migrations",
        "schema_checksums",
    ] {
        assert!(!folder.0.join(format!("{ours}.jsonl")).exists(), "{ours}");
    }
    world.remove(&[tenant]).await;
}

#[tokio::test]
async fn unknown_tenant_is_told_with_what_to_do() {
    let world = World::new().await;
    world.expect(0, &["up"]).await;
    let output = world.run(&["tenants", "show", "nobody"]).await;
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("migrator tenants list"), "{text}");
    let tenant = world.tenant("acme").await;
    let shown = world.json(0, &["tenants", "show", "acme"]).await;
    assert_eq!(shown["tenant"]["database"], tenant.name);
    assert!(
        shown["database"]["bytes"].as_u64().unwrap() > 1_000_000,
        "{shown}"
    );
    let unset = world.run(&["tenants", "suspend", "acme"]).await;
    assert_eq!(
        unset.status.code(),
        Some(2),
        "the resolver's address is a setting"
    );
    world.remove(&[tenant]).await;
}

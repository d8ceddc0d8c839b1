//! Members and their roles.

use futures::future::join_all;
use kernel::Role;
use sea_orm::sqlx::{self, AssertSqlSafe};
use serde_json::json;

use crate::world::{PASSWORD, World};

#[tokio::test]
async fn who_was_removed_does_not_come_back_by_an_invitation_of_his_own() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let mallory = world.member(&acme, "mallory@example.com", "admin").await;
    let mallory = mallory.text("access_token");
    let id = world.user_id(acme.id, &mallory).await;
    let body = json!({"email": "other@example.com", "role": "admin"});
    let invite = world.post("/api/v1/invitations", &body).at(acme.id);
    invite.bearer(&mallory).send().await.expect(201);
    let other = world.token_of_newest_mail("other@example.com").await;
    let kept = world.invite(&acme, "grace@example.com", "member").await;
    let path = format!("/api/v1/users/{id}");
    let remove = world.delete(&path).at(acme.id).bearer(&acme.owner);
    remove.send().await.expect(204);
    let accept = async |token: &str| {
        let body = json!({"token": token, "name": "Somebody", "password": PASSWORD});
        let call = world.post("/api/v1/invitations/accept", &body);
        call.at(acme.id).send().await
    };
    let refused = accept(&other).await;
    assert_eq!(refused.problem(), (404, "invitation_not_found"));
    accept(&kept).await.expect(200);
    world.close().await;
}

#[tokio::test]
async fn members_are_listed_page_by_page_and_only_here() {
    let world = World::new().await;
    let (acme, _zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    for name in ["b", "c"] {
        world
            .member(&acme, &format!("{name}@example.com"), "member")
            .await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/users?limit=2".to_owned();
    loop {
        let page = world
            .get(&path)
            .at(acme.id)
            .bearer(&acme.owner)
            .send()
            .await
            .expect(200)
            .body;
        let items = page["items"].as_array().unwrap();
        seen.extend(
            items
                .iter()
                .map(|item| item["email"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/users?limit=2&cursor={cursor}");
    }
    seen.sort();
    assert_eq!(seen, ["acme@example.com", "b@example.com", "c@example.com"]);
    world.close().await;
}

#[tokio::test]
async fn stranger_is_not_found() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let path = format!("/api/v1/users/{}", zeta.owner_id);
    world
        .get(&path)
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(404);
    let patch = world.patch(&path, &json!({"role": "viewer"})).at(acme.id);
    patch.bearer(&acme.owner).send().await.expect(404);
    let internal = |tenant| format!("/internal/v1/members/{tenant}/{}", zeta.owner_id);
    world.get(&internal(acme.id)).send().await.expect(404);
    let known = world.get(&internal(zeta.id)).send().await.expect(200);
    assert_eq!(known.body["role"], "owner");
    world.close().await;
}

#[tokio::test]
async fn new_role_is_told_and_in_the_next_token() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let session = world.member(&acme, "grace@example.com", "viewer").await;
    let id = world.user_id(acme.id, &session.text("access_token")).await;
    let patch = world.patch(&format!("/api/v1/users/{id}"), &json!({"role": "admin"}));
    patch
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(200);
    assert_eq!(
        world.events().await.last().unwrap(),
        "user.permission_changed"
    );
    // What a gateway asks that was not there to hear it.
    let changed = world.get("/internal/v1/members/changed").send().await;
    let changed = changed.expect(200).body;
    let found = changed
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["user_id"] == *id);
    let found = found.unwrap();
    assert_eq!(
        (&found["permissions"], &found["tenant_id"]),
        (&json!(Role::Admin.permissions()), &json!(acme.id))
    );

    let next = world
        .refresh(acme.id, &session.text("refresh_token"))
        .await
        .expect(200);
    let body = json!({"email": "x@example.com", "role": "admin"});
    let invite = |token: String| {
        let call = world
            .post("/api/v1/invitations", &body)
            .at(acme.id)
            .bearer(&token);
        call.send()
    };
    invite(session.text("access_token")).await.expect(403);
    invite(next.text("access_token")).await.expect(201);
    world.close().await;
}

#[tokio::test]
async fn demoted_admin_changes_nothing_with_an_old_token() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let session = world.member(&acme, "grace@example.com", "admin").await;
    let token = session.text("access_token");
    let id = world.user_id(acme.id, &token).await;
    let path = format!("/api/v1/users/{id}");
    let demote = world.patch(&path, &json!({"role": "viewer"})).at(acme.id);
    demote.bearer(&acme.owner).send().await.expect(200);
    let promote = world.patch(&path, &json!({"role": "admin"})).at(acme.id);
    assert_eq!(
        promote.bearer(&token).send().await.problem(),
        (403, "permission_denied")
    );
    world.close().await;
}

#[tokio::test]
async fn owners_who_step_down_together_leave_one() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let second = world
        .member(&acme, "grace@example.com", "owner")
        .await
        .text("access_token");
    let second_id = world.user_id(acme.id, &second).await;
    let step_down = |id: &str, token: &str| {
        let call = world.patch(&format!("/api/v1/users/{id}"), &json!({"role": "member"}));
        call.at(acme.id).bearer(token).send()
    };
    let answers = join_all([
        step_down(&acme.owner_id, &acme.owner),
        step_down(&second_id, &second),
    ])
    .await;
    let mut statuses: Vec<_> = answers
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{answers:?}");
    assert_eq!(world.count("memberships where role = 'owner'").await, 1);
    world
        .login(acme.id, "grace@example.com", PASSWORD)
        .await
        .expect(200);
    world.close().await;
}

#[tokio::test]
async fn removed_member_is_out_at_once_and_can_come_again() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let session = world.member(&acme, "grace@example.com", "member").await;
    let (token, refresh) = (session.text("access_token"), session.text("refresh_token"));
    let id = world.user_id(acme.id, &token).await;
    let path = format!("/api/v1/users/{id}");
    world
        .alter(&format!(
            "insert into personal_tokens (id, tenant_id, user_id, name, token_hash, hint, scopes, expires_at)
             values (gen_random_uuid(), '{}', '{id}', 'ci', sha256('x'), 'tntp_x', '{{}}', now() + interval '1 day')",
            acme.id
        ))
        .await;
    let remove = world.delete(&path).at(acme.id).bearer(&acme.owner);
    remove.send().await.expect(204);
    // The session and the personal access token end by the same news; the person is told of last.
    let events = world.events().await;
    let last = &events[events.len() - 3..];
    assert_eq!(last, ["session.revoked", "session.revoked", "member.left"]);
    assert_eq!(
        world
            .count("personal_tokens where revoked_at is null")
            .await,
        0
    );
    let me = world.get("/api/v1/auth/me").at(acme.id).bearer(&token);
    me.send().await.expect(401);
    world.refresh(acme.id, &refresh).await.expect(401);
    world
        .login(acme.id, "grace@example.com", PASSWORD)
        .await
        .expect(401);
    world
        .get(&path)
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(404);
    let again = world.delete(&path).at(acme.id).bearer(&acme.owner);
    again.send().await.expect(404);
    assert_eq!(
        world
            .count("audit_events where action = 'member.removed'")
            .await,
        1
    );

    let invited = world.invite(&acme, "grace@example.com", "viewer").await;
    let body = json!({"token": invited, "password": PASSWORD});
    let back = world.post("/api/v1/invitations/accept", &body).at(acme.id);
    let back = back.send().await.expect(200).text("access_token");
    assert_eq!(world.user_id(acme.id, &back).await, id);
    world.close().await;
}

#[tokio::test]
async fn who_leaves_is_gone_and_the_last_owner_cannot() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let session = world.member(&acme, "grace@example.com", "viewer").await;
    let leave = |token: &str| {
        let call = world.delete("/api/v1/users/me").at(acme.id).bearer(token);
        call.send()
    };
    leave(&session.text("access_token")).await.expect(204);
    world
        .refresh(acme.id, &session.text("refresh_token"))
        .await
        .expect(401);
    assert_eq!(leave(&acme.owner).await.problem(), (409, "last_owner"));
    let path = format!("/api/v1/users/{}", acme.owner_id);
    let remove = world.delete(&path).at(acme.id).bearer(&acme.owner);
    assert_eq!(remove.send().await.problem(), (409, "last_owner"));
    world.close().await;
}

#[tokio::test]
async fn members_do_not_remove_and_admins_not_the_owner() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let admin = world.member(&acme, "grace@example.com", "admin").await;
    let member = world.member(&acme, "alan@example.com", "member").await;
    let owner = format!("/api/v1/users/{}", acme.owner_id);
    let remove = |token: String| world.delete(&owner).at(acme.id).bearer(&token).send();
    let refused = remove(member.text("access_token")).await;
    assert_eq!(refused.problem(), (403, "permission_denied"));
    let refused = remove(admin.text("access_token")).await;
    assert_eq!(refused.problem(), (403, "role_not_grantable"));
    world.close().await;
}

#[tokio::test]
async fn owners_who_leave_together_leave_one() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let mut tokens = vec![acme.owner.clone()];
    for name in ["b", "c", "d"] {
        let session = world
            .member(&acme, &format!("{name}@example.com"), "owner")
            .await;
        tokens.push(session.text("access_token"));
    }
    let leave = |token: &String| {
        let call = world.delete("/api/v1/users/me").at(acme.id).bearer(token);
        call.send()
    };
    let answers = join_all(tokens.iter().map(leave)).await;
    let gone = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(gone, 3, "{answers:?}");
    assert_eq!(
        world
            .count("memberships where role = 'owner' and active")
            .await,
        1
    );
    world.close().await;
}

#[tokio::test]
async fn ownership_is_handed_over_once() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let mut people = Vec::new();
    for name in ["b", "c"] {
        let token = world
            .member(&acme, &format!("{name}@example.com"), "member")
            .await
            .text("access_token");
        people.push(world.user_id(acme.id, &token).await);
    }
    let hand = |id: &String| {
        let path = format!("/api/v1/users/{id}/transfer-ownership");
        world
            .post(&path, &json!({}))
            .at(acme.id)
            .bearer(&acme.owner)
            .send()
    };
    assert_eq!(
        hand(&acme.owner_id).await.problem(),
        (409, "transfer_to_oneself")
    );
    let answers = join_all(people.iter().map(hand)).await;
    let mut statuses: Vec<_> = answers
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403], "{answers:?}");
    assert_eq!(world.count("memberships where role = 'owner'").await, 1);
    assert_eq!(world.count("memberships where role = 'admin'").await, 1);
    assert_eq!(
        world
            .count("outbox where type = 'user.permission_changed'")
            .await,
        2
    );
    world.close().await;
}

#[tokio::test]
async fn members_are_found_by_text_and_role() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    for (email, role) in [
        ("grace_h@example.com", "member"),
        ("gracexh@example.com", "admin"),
    ] {
        world.member(&acme, email, role).await;
    }
    let find = async |query: &str| {
        let call = world.get(&format!("/api/v1/users?{query}")).at(acme.id);
        let page = call.bearer(&acme.owner).send().await.expect(200).body;
        let items = page["items"].as_array().unwrap().iter();
        let emails = items.map(|item| item["email"].as_str().unwrap().to_owned());
        emails.collect::<Vec<_>>()
    };
    assert_eq!(
        find("q=GRACE").await,
        ["grace_h@example.com", "gracexh@example.com"]
    );
    assert_eq!(find("q=lovelace").await, ["acme@example.com"]);
    assert_eq!(find("q=grace_h").await, ["grace_h@example.com"]);
    assert!(find("q=%25").await.is_empty());
    assert_eq!(find("role=admin").await, ["gracexh@example.com"]);
    assert_eq!(find("role=admin&q=lovelace").await, Vec::<String>::new());
    let wrong = world
        .get("/api/v1/users?role=king")
        .at(acme.id)
        .bearer(&acme.owner);
    wrong.send().await.expect(422);
    world.close().await;
}

#[tokio::test]
async fn ten_thousand_members_are_read_along_indexes() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    world
        .alter(&format!(
            "insert into users (id, email, name)
                 select md5(n::text)::uuid, n || '@many.example', 'Person ' || n from generate_series(1, 30000) n;
             insert into memberships (tenant_id, user_id, role, joined_at)
                 select '{}', md5(n::text)::uuid, 'member', now() + n * interval '1 second'
                 from generate_series(1, 10000) n;
             analyze users; analyze memberships; analyze roles",
            acme.id
        ))
        .await;
    let read = async |path: &str| {
        let call = world.get(path).at(acme.id).bearer(&acme.owner);
        call.send().await.expect(200).body
    };
    let (mut path, mut seen, mut pages) = ("/api/v1/users?limit=200".to_owned(), 0, 0);
    loop {
        let page = read(&path).await;
        seen += page["items"].as_array().unwrap().len();
        pages += 1;
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/users?limit=200&cursor={cursor}");
    }
    assert_eq!((seen, pages), (10_001, 51));
    let found = read("/api/v1/users?q=person%20777&limit=50").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 11);

    // A connection tells the statistics what it read at the latest when it ends.
    world.identity.db.clone().close().await.unwrap();
    let statistic = async |sql: &str| -> i64 {
        let mut watch = world.meanwhile().await;
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut *watch)
            .await
            .unwrap()
    };
    let along =
        "select idx_tup_read from pg_stat_user_indexes where indexrelname = 'memberships_page'";
    testkit::until("statistics are told", async || {
        statistic(along).await > 10_000
    })
    .await;
    // Each row about once by the pages and once by the search: no page begins at the beginning.
    let along = statistic(along).await;
    assert!(along < 25_000, "{along}");
    // A page that read one of the tables whole would do so 51 times.
    for (table, rows) in [("users", 30_000), ("memberships", 10_000)] {
        let whole =
            format!("select seq_tup_read from pg_stat_user_tables where relname = '{table}'");
        let whole = statistic(&whole).await;
        assert!(whole < 5 * rows, "{table}: {whole}");
    }
    world.close().await;
}

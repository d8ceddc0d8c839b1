use crate::support::{ACME, Door, GLOBEX, config};

fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

#[tokio::test]
async fn a_token_opens_its_own_organization_alone() {
    let door = Door::open(&config());
    let (acme, globex) = (bearer(&door.token(ACME)), bearer(&door.token(GLOBEX)));
    let ask = async |host: &str, headers: &str| {
        let answer = door.send("GET", host, "/api/v1/tasks", headers).await;
        (answer.status, answer.code())
    };
    // Twice, so that the remembered token is judged as the new one was.
    for _ in 0..2 {
        assert_eq!(ask("acme.pm.test", &acme).await.0, 200);
        assert_eq!(ask("globex.pm.test", &globex).await.0, 200);
        assert_eq!(
            ask("globex.pm.test", &acme).await,
            (401, "token_of_other_organization".into())
        );
        assert_eq!(
            ask("acme.pm.test", &globex).await,
            (401, "token_of_other_organization".into())
        );
    }
}

#[tokio::test]
async fn what_is_no_token_of_ours_is_refused() {
    let door = Door::open(&config());
    let token = door.token(ACME);
    let (body, _signature) = token.rsplit_once('.').unwrap();
    for headers in [
        String::new(),
        bearer(""),
        bearer("garbage"),
        bearer(body),
        bearer(&format!("{body}.")),
        bearer(&format!("{token}A")),
        bearer(&"a".repeat(20_000)),
        format!("authorization: Basic {token}\r\n"),
        format!("cookie: token={token}\r\n"),
    ] {
        let answer = door
            .send("GET", "acme.pm.test", "/api/v1/tasks", &headers)
            .await;
        assert_eq!(answer.status, 401, "{headers}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let twice = bearer(&token).repeat(2);
    assert_eq!(
        door.send("GET", "acme.pm.test", "/api/v1/tasks", &twice)
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn every_route_but_the_named_ones_needs_a_token() {
    let door = Door::open(&config());
    let post = async |path: &str| {
        door.send("POST", "acme.pm.test", path, "content-length: 0\r\n")
            .await
            .status
    };
    for path in [
        "auth/login",
        "auth/refresh",
        "invitations/preview",
        "invitations/accept",
    ] {
        assert_eq!(post(&format!("/api/v1/{path}")).await, 200, "{path}");
    }
    for path in [
        "auth/logout",
        "invitations",
        "users",
        "projects",
        "boards",
        "columns",
        "cards",
        "tasks",
        "comments",
        "links",
        "analytics",
    ] {
        assert_eq!(post(&format!("/api/v1/{path}")).await, 401, "{path}");
    }
}

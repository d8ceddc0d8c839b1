use std::num::NonZeroU32;
use std::sync::atomic::Ordering;

use gateway::Config;

use crate::support::{Door, GLOBEX, config};

fn few(quota: u32) -> NonZeroU32 {
    NonZeroU32::new(quota).unwrap()
}

#[tokio::test]
async fn an_address_beyond_its_limit_is_told_when_to_come_back() {
    let door = Door::open(&Config {
        address_per_minute: few(3),
        ..config()
    });
    for left in ["2", "1", "0"] {
        let answer = door.get("pm.test", "/").await;
        assert_eq!(
            (answer.status, answer.header("x-ratelimit-remaining")),
            (200, Some(left))
        );
        assert_eq!(
            answer.header("ratelimit-policy"),
            Some("\"address\";q=3;w=60")
        );
    }
    let answer = door.get("pm.test", "/").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (429, "rate_limited")
    );
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=21).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn guessing_passwords_gains_nothing_from_a_forged_address() {
    let door = Door::open(&Config {
        login_per_minute: few(3),
        ..config()
    });
    let mut statuses = Vec::new();
    for guess in 0..6 {
        let headers = format!(
            "x-forwarded-for: 192.0.2.{guess}\r\nx-real-ip: 192.0.2.{guess}\r\ncontent-length: 0\r\n"
        );
        statuses.push(
            door.send("POST", "acme.pm.test", "/api/v1/auth/login", &headers)
                .await
                .status,
        );
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429, 429]);
    assert_eq!(door.member("GET", "/api/v1/tasks", "").await.status, 200);
}

#[tokio::test]
async fn clients_behind_our_own_proxy_have_limits_of_their_own() {
    let proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let door = Door::open(&Config {
        address_per_minute: few(1),
        trusted_proxies: proxies,
        ..config()
    });
    let ask = async |client: &str| {
        door.send(
            "GET",
            "pm.test",
            "/",
            &format!("x-forwarded-for: 1.1.1.1, {client}\r\n"),
        )
        .await
        .status
    };
    assert_eq!(ask("203.0.113.1").await, 200);
    assert_eq!(ask("203.0.113.2").await, 200);
    assert_eq!(ask("203.0.113.1").await, 429);
}

#[tokio::test]
async fn a_person_has_a_limit_whatever_the_address() {
    let door = Door::open(&Config {
        user_per_hour: few(2),
        ..config()
    });
    let token = format!(
        "authorization: Bearer {}\r\n",
        door.token(crate::support::ACME)
    );
    let ask = async || {
        door.send("GET", "acme.pm.test", "/api/v1/tasks", &token)
            .await
    };
    assert_eq!(
        ask().await.header("ratelimit-policy"),
        Some("\"user\";q=2;w=3600")
    );
    assert_eq!(ask().await.status, 200);
    assert_eq!(ask().await.status, 429);
}

#[tokio::test]
async fn an_organization_has_the_limit_of_its_plan_over_all_its_members() {
    let door = Door::open(&config());
    door.resolver.acme_quota.store(3, Ordering::Relaxed);
    // Who is not signed in uses nothing up.
    for _ in 0..5 {
        assert_eq!(door.get("acme.pm.test", "/api/v1/tasks").await.status, 401);
        assert_eq!(door.get("acme.pm.test", "/s/code").await.status, 200);
    }
    for left in ["2", "1", "0"] {
        let answer = door.member("GET", "/api/v1/tasks", "").await;
        let standing = answer.header("x-ratelimit-remaining");
        assert_eq!((answer.status, standing), (200, Some(left)));
        let policy = answer.header("ratelimit-policy");
        assert_eq!(policy, Some("\"organization\";q=3;w=60"));
    }
    let answer = door.member("GET", "/api/v1/tasks", "").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (429, "limit_requests")
    );
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=21).contains(&seconds), "{seconds}");
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
    let token = format!("authorization: Bearer {}\r\n", door.token(GLOBEX));
    let other = door.send("GET", "globex.pm.test", "/api/v1/tasks", &token);
    assert_eq!(other.await.status, 200);
}

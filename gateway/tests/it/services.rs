use std::time::{Duration, Instant};

use crate::support::{Door, config};

#[tokio::test]
async fn a_service_that_does_not_answer_is_given_up() {
    let door = Door::open(&config());
    let started = Instant::now();
    let answer = door.member("GET", "/api/v1/tasks/slow", "").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (504, "deadline_exceeded")
    );
    assert!(started.elapsed() < Duration::from_secs(8));
    assert_eq!(door.member("GET", "/api/v1/tasks", "").await.status, 200);
}

#[tokio::test]
async fn a_service_that_is_gone_is_not_called_again_for_a_while() {
    let door = Door::open(&config());
    for _ in 0..25 {
        let answer = door.member("GET", "/api/v1/analytics/dashboard", "").await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (503, "service_unavailable")
        );
        assert!(answer.header("retry-after").is_some());
    }
    let started = Instant::now();
    assert_eq!(
        door.member("GET", "/api/v1/analytics/dashboard", "")
            .await
            .status,
        503
    );
    assert!(
        started.elapsed() < Duration::from_millis(80),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(
        door.member("GET", "/api/v1/tasks", "").await.status,
        200,
        "the others are not touched"
    );
}

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use runtime::listener::Limits;

use crate::support::{Client, serve};

const POST: &str = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody";

fn slow_echo() -> Router {
    let handler = async |body: String| {
        tokio::time::sleep(Duration::from_millis(3)).await;
        body
    };
    Router::new().route("/", post(handler))
}

/// A rolling restart: clients that are told to close go on with the next instance.
#[tokio::test(flavor = "multi_thread")]
async fn a_drain_under_load_loses_no_request() {
    let old = serve(slow_echo(), Limits::default());
    let new = serve(slow_echo(), Limits::default());
    let (replaced, done) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let served = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..32)
        .map(|_| {
            let (replaced, done, served) = (
                Arc::clone(&replaced),
                Arc::clone(&done),
                Arc::clone(&served),
            );
            let (old, new) = (old.address, new.address);
            tokio::spawn(async move {
                let mut client = Client::connect(old).await;
                let mut lost = 0;
                while !done.load(Ordering::Relaxed) {
                    let answer = client.send(POST).await;
                    match answer {
                        Ok(answer) if answer.status == 200 && !answer.closes() => {
                            served.fetch_add(1, Ordering::Relaxed);
                            continue;
                        }
                        Ok(answer) if answer.status == 200 => {
                            served.fetch_add(1, Ordering::Relaxed);
                        }
                        _ => lost += 1,
                    }
                    let next = if replaced.load(Ordering::Relaxed) {
                        new
                    } else {
                        old
                    };
                    client = Client::connect(next).await;
                }
                lost
            })
        })
        .collect();

    until(&served, 500).await;
    replaced.store(true, Ordering::Relaxed);
    old.drain.ask_to_close();
    until(&served, served.load(Ordering::Relaxed) + 500).await;
    old.drain.stop();
    tokio::time::timeout(Duration::from_secs(5), old.drain.finished())
        .await
        .unwrap();
    until(&served, served.load(Ordering::Relaxed) + 500).await;
    done.store(true, Ordering::Relaxed);
    let lost: i32 = futures::future::join_all(clients)
        .await
        .into_iter()
        .map(Result::unwrap)
        .sum();
    assert_eq!(lost, 0, "of {}", served.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_request_in_progress_is_answered_after_the_stop() {
    let server = serve(slow_echo(), Limits::default());
    let mut client = Client::connect(server.address).await;
    client.send(POST).await.unwrap();
    let (answer, ()) = tokio::join!(client.send(POST), async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        server.drain.ask_to_close();
        server.drain.stop();
    });
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "body"));
    server.drain.finished().await;
}

async fn until(counter: &AtomicUsize, reached: usize) {
    let wait = async {
        while counter.load(Ordering::Relaxed) < reached {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .expect("the load stalled");
}

//! A new signing key takes over while everybody works: nobody is refused for it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use e2e::{Dev, Organization, PASSWORD};
use futures::future::join_all;
use serde_json::{Value, json};

/// People who sign in and read without a break.
const PEOPLE: usize = 4;
/// The least that a new key is served before it signs.
const LEAD_SECONDS: &str = "15";
/// The lead, and as long again with the new key.
const RUN: Duration = Duration::from_secs(30);

/// Which key signed the token (RFC 7515 §4.1.4).
fn key_of(token: &str) -> String {
    let (header, _) = token.split_once('.').expect("a signed token");
    let header = URL_SAFE_NO_PAD.decode(header).expect("base64url");
    let header: Value = serde_json::from_slice(&header).expect("a header");
    header["kid"].as_str().expect("a kid").to_owned()
}

/// Signs in, then reads with the first token and the newest one; the keys that signed, and how often it read.
async fn work(acme: &Organization) -> (BTreeSet<String>, usize) {
    let end = Instant::now() + RUN;
    let (mut keys, mut reads) = (BTreeSet::new(), 0);
    let body = json!({"email": acme.owner.email, "password": PASSWORD});
    while Instant::now() < end {
        let signed_in = acme.site.post("/api/v1/auth/login", &body).await;
        let answer = signed_in.expect(200).json();
        let token = answer["access_token"].as_str().expect("a token");
        keys.insert(key_of(token));
        for api in [&acme.owner.api, &acme.site.with_token(token)] {
            for path in ["/api/v1/projects", "/api/v1/auth/me"] {
                let _ = api.get(path).await.expect(200);
                reads += 1;
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    (keys, reads)
}

#[tokio::test]
async fn nobody_is_refused_while_a_new_key_takes_over() {
    let acme = Organization::sign_up().await;
    let rotate = async {
        let made = Dev
            .migrator(&["keys", "rotate", "--lead-seconds", LEAD_SECONDS])
            .await;
        made["kid"].as_str().expect("a kid").to_owned()
    };
    let people = join_all((0..PEOPLE).map(|_| work(&acme)));
    let (made, people) = tokio::join!(rotate, people);
    for (keys, reads) in people {
        assert!(keys.contains(&made), "{made} is not of {keys:?}");
        assert!(keys.len() > 1, "{keys:?}");
        assert!(reads > 20, "{reads}");
    }
}

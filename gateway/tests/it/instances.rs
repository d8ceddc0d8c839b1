//! Several instances of project-svc.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use axum::middleware::map_response;
use axum::response::Response;
use http::{HeaderName, HeaderValue};

use crate::support::{Answer, Door, NOBODY, config, echo, serve};

const ORGANIZATIONS: u128 = 40;

async fn ask(door: &Door, method: &str, organization: u128) -> Answer {
    let token = door.token(1000 + organization);
    let headers = format!("authorization: Bearer {token}\r\ncontent-length: 0\r\n");
    let host = format!("many-{organization}.pm.test");
    door.send(method, &host, "/api/v1/tasks", &headers).await
}

/// The instance that answered.
fn by(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    let told = answer.json();
    let headers = told["headers"].as_array().unwrap();
    let host = headers.iter().find(|header| header[0] == "host").unwrap();
    host[1].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_organization_has_an_instance_and_each_instance_some() {
    let projects: Vec<SocketAddr> = (0..3).map(|_| serve(echo())).collect();
    let doors = [&projects[..], &[projects[2], projects[0], projects[1]]]
        .map(|projects| Door::open_before(&config(), "amqp://127.0.0.1:1", projects));
    let mut homes: BTreeMap<u128, BTreeSet<String>> = BTreeMap::new();
    for organization in 0..ORGANIZATIONS {
        for door in &doors {
            let home = homes.entry(organization).or_default();
            home.insert(by(&ask(door, "GET", organization).await));
            home.insert(by(&ask(door, "POST", organization).await));
        }
    }
    assert!(homes.values().all(|home| home.len() == 1), "{homes:?}");
    let used: BTreeSet<&String> = homes.values().flatten().collect();
    assert_eq!(used.len(), projects.len());
}

#[tokio::test]
async fn while_an_instance_is_away_another_one_serves_its_organizations() {
    let alive = serve(echo());
    let projects = [alive, NOBODY.parse().unwrap()];
    let door = Door::open_before(&config(), "amqp://127.0.0.1:1", &projects);
    let mut lost = Vec::new();
    for organization in 0..ORGANIZATIONS {
        // A write is not known to be harmless twice: only the breaker sends it elsewhere.
        match ask(&door, "POST", organization).await {
            answer if answer.status == 200 => assert_eq!(by(&answer), alive.to_string()),
            answer => lost.push((organization, answer.code())),
        }
    }
    assert!(!lost.is_empty(), "no organization was at the lost instance");
    assert!(lost.iter().all(|(_, code)| code == "service_unavailable"));
    let (organization, _) = lost[0];
    // A read goes on at once; and with enough of them the breaker knows.
    for _ in 0..20 {
        let answer = ask(&door, "GET", organization).await;
        assert_eq!(by(&answer), alive.to_string());
    }
    let answer = ask(&door, "POST", organization).await;
    assert_eq!(by(&answer), alive.to_string());
}

#[tokio::test]
async fn an_instance_that_says_it_is_leaving_is_asked_no_more() {
    let (alive, leaving) = (serve(echo()), serve(echo().layer(map_response(leave))));
    let door = Door::open_before(&config(), "amqp://127.0.0.1:1", &[alive, leaving]);
    let mut moved = 0;
    for organization in 0..ORGANIZATIONS {
        // The first answer that tells is a good one; writes go to the other instance from then on.
        let first = by(&ask(&door, "POST", organization).await);
        if first == leaving.to_string() {
            moved += 1;
        }
    }
    assert_eq!(moved, 1);
}

async fn leave(mut response: Response) -> Response {
    let name = HeaderName::from_static(httpkit::LEAVING_HEADER);
    let headers = response.headers_mut();
    headers.insert(name, HeaderValue::from_static("1"));
    response
}

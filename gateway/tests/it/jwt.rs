//! Forged access tokens (RFC 8725). Each is the good token but for one thing, and signed by the right key where that
//! is not the thing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use httpkit::Service;
use httpkit::tokens::{AccessSigner, ServiceSigner};
use jsonwebtoken::{Algorithm, EncodingKey};
use kernel::{Ids, Role};
use serde_json::{Value, json};

use crate::support::{ACME, Answer, Door, GLOBEX, SECRET, claims, config, serve, signer, tenant};

/// What makes PKCS #8 of an Ed25519 seed (RFC 8410 §7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// What makes a public key of one (RFC 8410 §4).
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The private key that is known to the gateway as `k1`, or another one.
fn key(seed: u8) -> EncodingKey {
    EncodingKey::from_ed_der(&[&PKCS8_PREFIX[..], &[seed; 32]].concat())
}

fn header() -> Value {
    json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "k1" })
}

fn payload() -> Value {
    let ids = Ids::system();
    serde_json::to_value(claims(ACME, ids.next(), ids.next(), Role::Member)).unwrap()
}

/// The good one with a field of another value.
fn with(mut object: Value, field: &str, value: Value) -> Value {
    object[field] = value;
    object
}

fn without(mut object: Value, field: &str) -> Value {
    object.as_object_mut().unwrap().remove(field);
    object
}

fn signed(header: &str, payload: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let encode = |part: &str| URL_SAFE_NO_PAD.encode(part);
    let message = format!("{}.{}", encode(header), encode(payload));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// Signed by the right key.
fn token(header: &Value, payload: &Value) -> String {
    raw(&header.to_string(), &payload.to_string())
}

fn raw(header: &str, payload: &str) -> String {
    signed(header, payload, &key(7), Algorithm::EdDSA)
}

async fn ask(door: &Door, token: &str) -> Answer {
    let headers = format!("authorization: Bearer {token}\r\n");
    door.send("GET", "acme.pm.test", "/api/v1/tasks", &headers)
        .await
}

/// Asserts that the good token is taken and none of these.
async fn refused(tokens: impl IntoIterator<Item = (String, String)>) {
    let door = Door::open(&config());
    let good = ask(&door, &token(&header(), &payload())).await;
    assert_eq!(good.status, 200, "{good:?}");
    for (what, token) in tokens {
        let answer = ask(&door, &token).await;
        assert_eq!(answer.status, 401, "{what}");
    }
}

#[tokio::test]
async fn unsigned_tokens_are_refused() {
    let good = token(&header(), &payload());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let mut bad = vec![
        ("signature left out".to_owned(), message.to_owned()),
        ("empty signature".to_owned(), format!("{message}.")),
    ];
    for alg in ["none", "None", "nOnE", "NONE", "", "null"] {
        let forged = raw(
            &with(header(), "alg", json!(alg)).to_string(),
            &payload().to_string(),
        );
        let (message, _) = forged.rsplit_once('.').unwrap();
        for signature in ["", signature, "AAAA"] {
            bad.push((format!("alg {alg:?}"), format!("{message}.{signature}")));
        }
        bad.push((format!("alg {alg:?}, signed"), forged));
    }
    refused(bad).await;
}

#[tokio::test]
async fn the_public_key_is_no_secret_to_sign_with() {
    let jwk = serde_json::to_value(signer().public_jwk().unwrap()).unwrap();
    let public = URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap();
    let der = [&SPKI_PREFIX[..], &public].concat();
    let pem = STANDARD.encode(&der);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----");
    let secrets = [
        ("raw", public),
        ("jwk", jwk.to_string().into_bytes()),
        ("jwks", json!({ "keys": [jwk] }).to_string().into_bytes()),
        ("der", der),
        ("pem", pem.clone().into_bytes()),
        ("pem line", format!("{pem}\n").into_bytes()),
        ("empty", Vec::new()),
        ("service secret", SECRET.as_bytes().to_vec()),
    ];
    let algorithms = [
        ("HS256", Algorithm::HS256),
        ("HS384", Algorithm::HS384),
        ("HS512", Algorithm::HS512),
    ];
    let mut bad = Vec::new();
    for (what, secret) in secrets {
        for (name, algorithm) in algorithms {
            let key = EncodingKey::from_secret(&secret);
            let header = with(header(), "alg", json!(name)).to_string();
            let payload = payload().to_string();
            bad.push((
                format!("{name} with {what}"),
                signed(&header, &payload, &key, algorithm),
            ));
            // The same signature under the right name of the algorithm.
            let honest = self::header().to_string();
            bad.push((
                format!("EdDSA by {name} with {what}"),
                signed(&honest, &payload, &key, algorithm),
            ));
        }
    }
    refused(bad).await;
}

#[tokio::test]
async fn keys_of_others_are_refused_and_never_fetched() {
    let hits = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&hits);
    let evil = AccessSigner::new("k1", &[9; 32]).public_jwk().unwrap();
    let set = json!({ "keys": [evil.clone()] }).to_string();
    let listener = serve(Router::new().fallback(async move || {
        count.fetch_add(1, Ordering::SeqCst);
        set
    }));
    let url = format!("http://{listener}/jwks.json");
    let mut bad = Vec::new();
    for kid in ["k1", "evil"] {
        let plain = with(header(), "kid", json!(kid));
        let headers = [
            plain.clone(),
            with(plain.clone(), "jku", json!(url)),
            with(plain.clone(), "x5u", json!(url)),
            with(plain.clone(), "jwk", json!(evil)),
            with(plain.clone(), "x5c", json!(["MIIB"])),
            with(with(plain, "jku", json!(url)), "jwk", json!(evil)),
        ];
        for header in headers {
            let header = header.to_string();
            let forged = signed(&header, &payload().to_string(), &key(9), Algorithm::EdDSA);
            bad.push((header, forged));
        }
    }
    refused(bad).await;
    assert_eq!(hits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn key_ids_are_looked_up_and_nothing_else() {
    let kids = [
        json!("../../../../dev/null"),
        json!("' OR 1=1--"),
        json!("a|id"),
        json!("K1"),
        json!(" k1"),
        json!(""),
        json!("x".repeat(10_000)),
        json!(["k1"]),
        json!({ "k1": 1 }),
        json!(1),
        Value::Null,
    ];
    let forged = kids.map(|kid| {
        let header = with(header(), "kid", kid.clone());
        (format!("{kid:.40}"), token(&header, &payload()))
    });
    let missing = (
        "no kid".to_owned(),
        token(&without(header(), "kid"), &payload()),
    );
    refused(forged.into_iter().chain([missing])).await;
}

#[tokio::test]
async fn claims_out_of_place_or_time_are_refused() {
    let now = payload()["iat"].as_i64().unwrap();
    let both = json!(["tenantry", "other"]);
    let wrong = [
        ("exp", json!(now - 60)),
        ("exp", json!((now + 900).to_string())),
        ("exp", json!(null)),
        ("nbf", json!(now + 60)),
        ("nbf", json!((now + 60).to_string())),
        ("nbf", json!((now - 60).to_string())),
        ("iat", json!(now + 60)),
        ("iat", json!(now + 901)),
        ("iss", json!("evil")),
        ("iss", json!(["tenantry"])),
        ("aud", json!("other")),
        ("aud", both),
        ("aud", json!([tenant(ACME), tenant(GLOBEX)])),
        ("sub", json!("admin")),
        ("sub", json!(null)),
        ("tenant_id", json!(tenant(GLOBEX))),
        ("tenant_id", json!([tenant(ACME), tenant(GLOBEX)])),
        ("roles", json!([])),
        ("roles", json!(["god"])),
        ("via", json!("nobody")),
    ];
    let wrong = wrong.map(|(claim, value)| {
        let what = format!("{claim} {value}");
        (what, token(&header(), &with(payload(), claim, value)))
    });
    let required = [
        "exp",
        "nbf",
        "iat",
        "iss",
        "aud",
        "sub",
        "jti",
        "sid",
        "tenant_id",
        "roles",
        "permissions",
    ];
    let missing = required.map(|claim| {
        let payload = without(payload(), claim);
        (format!("no {claim}"), token(&header(), &payload))
    });
    let good = payload().to_string();
    let again = format!(
        "{{\"tenant_id\":\"{}\",{}",
        tenant(GLOBEX),
        good.trim_start_matches('{')
    );
    let forever = good.replace(&(now + 900).to_string(), "1e400");
    let odd = [
        (
            "a claim twice".to_owned(),
            raw(&header().to_string(), &again),
        ),
        ("exp 1e400".to_owned(), raw(&header().to_string(), &forever)),
    ];
    refused(wrong.into_iter().chain(missing).chain(odd)).await;
}

#[tokio::test]
async fn tokens_of_another_kind_or_form_are_refused() {
    let good = token(&header(), &payload());
    let service = ServiceSigner::new(&SECRET.into(), Service::Gateway);
    let service = service.token(Service::ProjectSvc, Some(tenant(ACME)));
    let mut bad = vec![
        ("a service token".to_owned(), service.unwrap().to_string()),
        (
            "a refresh token".to_owned(),
            kernel::secret::random_token().unwrap(),
        ),
        ("padding".to_owned(), format!("{good}==")),
        ("a fourth part".to_owned(), format!("{good}.AAAA")),
        ("five parts".to_owned(), format!("{good}.AAAA.AAAA")),
        (
            "a token in a token".to_owned(),
            raw(&header().to_string(), &json!(good).to_string()),
        ),
        ("a deep claim by a stranger".to_owned(), {
            let deep = format!("{}1{}", "[".repeat(1500), "]".repeat(1500));
            let payload = payload().to_string();
            let payload = format!("{{\"x\":{deep},{}", payload.trim_start_matches('{'));
            signed(&header().to_string(), &payload, &key(9), Algorithm::EdDSA)
        }),
    ];
    let headers = [
        with(header(), "typ", json!("JWT")),
        with(header(), "typ", json!("svc+jwt")),
        without(header(), "typ"),
        with(header(), "crit", json!(["x"])),
        with(with(header(), "b64", json!(false)), "crit", json!(["b64"])),
        with(header(), "zip", json!("DEF")),
        with(with(header(), "enc", json!("A256GCM")), "alg", json!("dir")),
        with(header(), "alg", json!("ES256")),
        with(header(), "alg", json!("eddsa")),
    ];
    bad.extend(headers.map(|header| (header.to_string(), token(&header, &payload()))));
    // The last character of a signature holds four bits that do not count; another spelling of it is another token.
    let (most, last) = good.split_at(good.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last).unwrap();
    let other = alphabet.chars().nth(place ^ 1).unwrap();
    bad.push(("another spelling".to_owned(), format!("{most}{other}")));
    refused(bad).await;
}

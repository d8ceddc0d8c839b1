//! A provider that says whatever a test tells it: the code and the access token are instructions.

use axum::Router;
use axum::extract::{Form, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use httpkit::Json;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::net::TcpListener;

/// What makes PKCS #8 of an Ed25519 seed (RFC 8410 §7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
pub(super) const CLIENT_ID: &str = "told-client";
pub(super) const CLIENT_SECRET: &str = "told-secret";

/// A provider on a port of its own.
pub(super) struct Told {
    pub(super) issuer: String,
}

/// What it is told to answer for a code.
pub(super) fn code(instructions: &Value) -> String {
    URL_SAFE_NO_PAD.encode(instructions.to_string())
}

fn instructions(code: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(code).unwrap()).unwrap()
}

fn key(seed: u8) -> EncodingKey {
    EncodingKey::from_ed_der(&[&PKCS8_PREFIX[..], &[seed; 32]].concat())
}

/// The public half of the key with this seed.
fn public(seed: u8) -> Jwk {
    let mut jwk = Jwk::from_encoding_key(&key(seed), Algorithm::EdDSA).unwrap();
    jwk.common.key_id = Some("k1".to_owned());
    jwk
}

impl Told {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route(
                "/jwks",
                get(async || Json(json!({"keys": [{"kty": "odd"}, public(7)]}))),
            )
            .route("/token", post(token))
            .route(
                "/userinfo",
                get(async |request: Request| answer(&request, "userinfo")),
            )
            .route("/login/oauth/access_token", post(token))
            .route(
                "/api/v3/user",
                get(async |request: Request| answer(&request, "user")),
            )
            .route(
                "/api/v3/user/emails",
                get(async |request: Request| answer(&request, "emails")),
            )
            .with_state(Arc::new(issuer.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { issuer }
    }

    /// Claims as they should be.
    pub(super) fn claims(&self, email: &str, nonce: &str) -> Value {
        json!({
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "subject-1", "nonce": nonce,
            "iat": now(), "exp": now() + 300,
            "email": email, "email_verified": true, "name": "Told",
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a provider has a clock of its own"
)]
pub(super) fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

async fn metadata(State(issuer): State<Arc<String>>) -> Json<Value> {
    Json(json!({
        "issuer": *issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "authorization_response_iss_parameter_supported": true,
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }))
}

/// Signs what it is told to, in the way it is told to.
async fn token(Form(form): Form<HashMap<String, String>>) -> Json<Value> {
    assert_eq!(form["client_id"], CLIENT_ID);
    assert_eq!(form["client_secret"], CLIENT_SECRET);
    assert_eq!(form["code_verifier"].len(), 43);
    let told = instructions(&form["code"]);
    let claims = &told["claims"];
    let signed = |algorithm, key: &EncodingKey| {
        let mut header = Header::new(algorithm);
        header.kid = Some(told["kid"].as_str().unwrap_or("k1").to_owned());
        jsonwebtoken::encode(&header, claims, key).unwrap()
    };
    let id_token = match told["signed"].as_str() {
        None => signed(Algorithm::EdDSA, &key(7)),
        Some("other key") => signed(Algorithm::EdDSA, &key(8)),
        Some("secret") => signed(
            Algorithm::HS256,
            &EncodingKey::from_secret(CLIENT_SECRET.as_bytes()),
        ),
        Some("public key") => {
            let public = serde_json::to_value(public(7)).unwrap();
            let x = URL_SAFE_NO_PAD
                .decode(public["x"].as_str().unwrap())
                .unwrap();
            signed(Algorithm::HS256, &EncodingKey::from_secret(&x))
        }
        Some("none") => {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!(
                "{}.{}.",
                part(&json!({"alg": "none", "kid": "k1"})),
                part(claims)
            )
        }
        Some(other) => panic!("{other}"),
    };
    let mut body = json!({"access_token": form["code"], "token_type": "bearer", "ok": true});
    if !claims.is_null() {
        body["id_token"] = id_token.into();
    }
    Json(body)
}

fn answer(request: &Request, part: &str) -> Json<Value> {
    let bearer = request.headers()[AUTHORIZATION].to_str().unwrap();
    let told = instructions(bearer.strip_prefix("Bearer ").unwrap());
    Json(told[part].clone())
}

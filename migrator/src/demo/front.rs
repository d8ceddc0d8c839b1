//! The public API through the gateway, as a client of one host speaks it, and the mail server's list.

use std::time::Duration;

use reqwest::header::{HOST, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// Limits and a system that is just coming up are waited for, this long in all.
const PATIENCE: Duration = Duration::from_secs(120);
const MAIL_PATIENCE: Duration = Duration::from_secs(30);
const MAIL_POLL: Duration = Duration::from_millis(200);

/// The way in, shared by all hosts.
#[derive(Clone, Debug)]
pub(super) struct Front {
    http: Client,
    gateway: Url,
    domain: String,
}

/// Why a call did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrontError {
    #[error("{method} {path} answered {status}: {body}")]
    Refused {
        method: Method,
        path: String,
        status: StatusCode,
        body: String,
    },
    #[error("ask {0}")]
    Unreachable(String, #[source] reqwest::Error),
    #[error("{path} answered without {field}")]
    Incomplete { path: String, field: &'static str },
    #[error("no invitation reached {0}")]
    NoMail(String),
    #[error("prepare the HTTP client")]
    Client(#[source] reqwest::Error),
}

impl FrontError {
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// One host, asked as nobody or as somebody.
#[derive(Clone, Debug)]
pub(super) struct Site {
    front: Front,
    host: String,
    token: Option<String>,
}

impl Front {
    pub(super) fn new(gateway: Url, domain: String) -> Result<Self, FrontError> {
        // Fails only when there is one already, which will do as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder().no_proxy().timeout(CALL_TIMEOUT).build();
        let http = http.map_err(FrontError::Client)?;
        Ok(Self {
            http,
            gateway,
            domain,
        })
    }

    pub(super) fn bare(&self) -> Site {
        self.site(self.domain.clone())
    }

    pub(super) fn tenant(&self, subdomain: &str) -> Site {
        self.site(format!("{subdomain}.{}", self.domain))
    }

    /// What a person would type to get there.
    pub(super) fn url(&self, subdomain: &str) -> String {
        format!("{}://{subdomain}.{}", self.gateway.scheme(), self.domain)
    }

    /// Tokens of invitations that were mailed to `recipient`; waits for the first.
    pub(super) async fn invitations(
        &self,
        mail: &Url,
        recipient: &str,
    ) -> Result<Vec<String>, FrontError> {
        let deadline = Instant::now() + MAIL_PATIENCE;
        loop {
            let url = mail.join("messages.json").unwrap_or_else(|_| mail.clone());
            let request = self.http.get(url).query(&[("to", recipient)]);
            let unreachable = |error| FrontError::Unreachable("the mail server".to_owned(), error);
            let answer = request.send().await.map_err(unreachable)?;
            let messages: Vec<Value> = answer.json().await.map_err(unreachable)?;
            let tokens: Vec<_> = messages.iter().filter_map(token_in).collect();
            if !tokens.is_empty() {
                return Ok(tokens);
            }
            if Instant::now() >= deadline {
                return Err(FrontError::NoMail(recipient.to_owned()));
            }
            tokio::time::sleep(MAIL_POLL).await;
        }
    }

    fn site(&self, host: String) -> Site {
        Site {
            front: self.clone(),
            host,
            token: None,
        }
    }
}

impl Site {
    /// The same host, asked as whoever a session belongs to.
    pub(super) fn signed_in(&self, session: &Value) -> Result<Self, FrontError> {
        let token = text(session, "/access_token", "a session")?;
        Ok(Self {
            token: Some(token),
            ..self.clone()
        })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, FrontError> {
        self.call(Method::GET, path, None, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, FrontError> {
        self.call(Method::POST, path, Some(body), None).await
    }

    /// A POST that may be repeated without doing its work twice.
    pub(super) async fn post_once(
        &self,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Result<Value, FrontError> {
        self.call(Method::POST, path, Some(body), Some(key)).await
    }

    /// All items of a list.
    pub(super) async fn list(&self, path: &str) -> Result<Vec<Value>, FrontError> {
        let mut items = Vec::new();
        let mut page = self.get(&format!("{path}?limit=200")).await?;
        loop {
            let more = page.pointer_mut("/items").and_then(Value::as_array_mut);
            items.append(more.ok_or_else(|| incomplete(path, "items"))?);
            let Some(cursor) = page.pointer("/next_cursor").and_then(Value::as_str) else {
                return Ok(items);
            };
            page = self
                .get(&format!("{path}?limit=200&cursor={cursor}"))
                .await?;
        }
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<Value, FrontError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.send(method.clone(), path, body, key).await?;
            let (status, pause) = (answer.status(), pause(&answer));
            let busy = matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
            );
            if busy && Instant::now() + pause < deadline {
                tokio::time::sleep(pause).await;
                continue;
            }
            let unreachable = |error| FrontError::Unreachable(path.to_owned(), error);
            let text = answer.text().await.map_err(unreachable)?;
            return match status.is_success() {
                true => Ok(serde_json::from_str(&text).unwrap_or_default()),
                false => Err(FrontError::Refused {
                    method,
                    path: path.to_owned(),
                    status,
                    body: text,
                }),
            };
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<Response, FrontError> {
        let unreachable = |error| FrontError::Unreachable(path.to_owned(), error);
        let base = self.front.gateway.as_str().trim_end_matches('/');
        let mut request = self.front.http.request(method, format!("{base}{path}"));
        request = request.header(HOST, &self.host);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.map_err(unreachable)
    }
}

/// A text field that an answer must have.
pub(super) fn text(
    answer: &Value,
    pointer: &'static str,
    path: &str,
) -> Result<String, FrontError> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .ok_or_else(|| incomplete(path, pointer))
}

fn incomplete(path: &str, field: &'static str) -> FrontError {
    FrontError::Incomplete {
        path: path.to_owned(),
        field,
    }
}

fn pause(answer: &Response) -> Duration {
    let seconds = answer.headers().get(RETRY_AFTER);
    let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1).clamp(1, 30))
}

/// An invitation's link ends in `token=…`.
fn token_in(message: &Value) -> Option<String> {
    let text = message.pointer("/text").and_then(Value::as_str)?;
    let (_, rest) = text.split_once("token=")?;
    let token: String = rest
        .chars()
        .take_while(|next| next.is_ascii_alphanumeric() || matches!(next, '-' | '_'))
        .collect();
    (!token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn token_is_found_in_a_mail() {
        let message =
            json!({"text": "Join us: http://acme.localhost:8080/invitation#token=a-B_9.\nBye"});
        assert_eq!(token_in(&message).as_deref(), Some("a-B_9"));
        assert_eq!(token_in(&json!({"text": "Welcome"})), None);
    }
}

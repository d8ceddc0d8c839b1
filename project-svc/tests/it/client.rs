//! A person at the API, and the answers they get.

use std::sync::Arc;

use httpkit::tokens::SERVICE_TOKEN_HEADER;
use kernel::UserId;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

/// A person with a token.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) base: String,
    pub(crate) token: Option<String>,
    pub(crate) service: Arc<str>,
    pub(crate) http: reqwest::Client,
}

impl Person {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        read(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        read(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        read(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        read(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        read(self.request(Method::DELETE, path)).await
    }

    /// A request to the public API; other paths begin with `/internal`.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let prefix = if path.starts_with("/internal") {
            ""
        } else {
            "/api/v1"
        };
        let request = self
            .http
            .request(method, format!("{}{prefix}{path}", self.base));
        let request = request.header(SERVICE_TOKEN_HEADER, &*self.service);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// A new project; answers its id and those of its columns from left to right.
    pub(crate) async fn project(&self, name: &str) -> (String, Vec<String>) {
        let project = self
            .post("/projects", json!({"name": name}))
            .await
            .expect(201);
        let id = text(&project, "id");
        let boards = self
            .get(&format!("/projects/{id}/boards"))
            .await
            .expect(200);
        let board = text(&boards["items"][0], "id");
        let columns = self
            .get(&format!("/boards/{board}/columns"))
            .await
            .expect(200);
        (id, ids(&columns["items"]))
    }

    /// A new task at the end of the project's first column; answers its id.
    pub(crate) async fn task(&self, project: &str, title: &str) -> String {
        let body = json!({"title": title});
        let task = self.post(&format!("/projects/{project}/tasks"), body).await;
        text(&task.expect(201), "id")
    }

    /// Ids of the cards of a column from top to bottom.
    pub(crate) async fn cards(&self, column: &str) -> Vec<String> {
        let cards = self
            .get(&format!("/columns/{column}/cards?limit=200"))
            .await;
        ids(&cards.expect(200)["items"])
    }
}

impl Answer {
    /// The body, if the status is the one expected.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self.body
    }

    /// Passes if it is a problem of this status and code.
    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body:#}");
        body
    }

    /// Passes if exactly these fields are refused.
    #[track_caller]
    pub(crate) fn expect_refused(self, pointers: &[&str]) {
        let body = self.expect(422);
        let errors = body["errors"].as_array().unwrap().iter();
        let found: Vec<&str> = errors
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(found, pointers, "{body:#}");
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn read(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.json().await.unwrap_or(Value::Null);
    Answer {
        status,
        headers,
        body,
    }
}

#[track_caller]
pub(crate) fn text(body: &Value, field: &str) -> String {
    let found = body[field].as_str();
    found
        .unwrap_or_else(|| panic!("no {field} in {body:#}"))
        .to_owned()
}

pub(crate) fn ids(items: &Value) -> Vec<String> {
    items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| text(item, "id"))
        .collect()
}

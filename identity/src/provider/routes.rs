//! HTTP of signing in with a provider. Browsers walk these by themselves: what goes wrong for a reason of the person's
//! is told to the page in the fragment, `/#sign_in=<code>`.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use cookie::Cookie;
use httpkit::{Caller, Json, Path, Problem, SignedIn};
use kernel::TenantId;
use kernel::secret::sha256;
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::arrival::Arrival;
use super::attempt::{self, Attempt, Linker};
use super::exchange::{self, Returned};
use super::settings::Kind;
use super::{Provider, store};
use crate::client::Client;
use crate::second_factor::confirm::{self, Confirmation};
use crate::session::{self, Entry};
use crate::state::{AppState, Identity};
use crate::{audit, organization};

/// What a provider appends to our address; longer is nothing of the kind.
const MAX_QUERY_BYTES: usize = 8 * 1024;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_providers))
        .routes(routes!(start_provider_sign_in))
        .routes(routes!(link_provider))
        .routes(routes!(return_from_provider))
        .routes(routes!(finish_provider_sign_in))
}

/// A provider to sign in with.
#[derive(Debug, Serialize, ToSchema)]
struct Offered {
    /// What to put into `/auth/oauth/{provider}/start`.
    #[schema(example = "google")]
    provider: String,
    /// What people know it by.
    #[schema(example = "Google")]
    name: String,
    kind: Kind,
}

/// Lists the providers that people of this organization may sign in with.
#[utoipa::path(
    get,
    path = "/api/v1/auth/providers",
    operation_id = "list_providers",
    tag = "auth",
    responses((status = 200, description = "the providers", body = Vec<Offered>)),
)]
async fn list_providers(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
) -> Result<Json<Vec<Offered>>, Problem> {
    let tenant = caller.tenant()?;
    let offered = identity.providers.offered.iter().map(|provider| Offered {
        provider: provider.key.clone(),
        name: provider.name.clone(),
        kind: provider.kind,
    });
    let own = store::providers(&identity.db, tenant).await?.into_iter();
    let own = own.filter(|row| row.active).map(|row| Offered {
        provider: row.id.to_string(),
        name: row.name,
        kind: Kind::Openid,
    });
    Ok(Json(offered.chain(own).collect()))
}

/// Sends a browser to a provider, to sign in with it.
#[utoipa::path(
    get,
    path = "/api/v1/auth/oauth/{provider}/start",
    operation_id = "start_provider_sign_in",
    tag = "auth",
    params(("provider" = String, Path, description = "`google`, `github`, `slack` or the id of a provider")),
    responses(
        (status = 303, description = "to the provider, with a cookie to come back with"),
        (status = 404, description = "no such provider here"),
        (status = 502, description = "`provider_failed`"),
    )
)]
async fn start_provider_sign_in(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    Path(provider): Path<String>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant()?;
    let provider = Provider::find(&identity, tenant, &provider).await?;
    let departure = attempt::depart(&identity, tenant, &provider, None).await?;
    Ok(redirect(departure.url.as_str(), Some(&departure.cookie)))
}

/// Where to go on.
#[derive(Debug, Serialize, ToSchema)]
struct LinkProvider {
    /// Send the browser there; the cookie of this answer must be with it when it comes back.
    authorization_url: String,
}

/// Begins to link an account elsewhere to the own one: a way in that outlives the session, so who asks is confirmed.
#[utoipa::path(
    post,
    path = "/api/v1/auth/oauth/{provider}/link",
    operation_id = "link_provider",
    tag = "auth",
    security(("bearer" = [])),
    params(("provider" = String, Path, description = "`google`, `github`, `slack` or the id of a provider")),
    request_body = Confirmation,
    responses(
        (status = 200, description = "where to send the browser", body = LinkProvider),
        (status = 401, description = "no valid access token, or the session has ended"),
        (status = 403, description = "`confirmation_required`, `confirmation_refused`, `session_required`, `session_confined`"),
        (status = 404, description = "no such provider here"),
        (status = 409, description = "`already_linked`"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
        (status = 502, description = "`provider_failed`"),
    )
)]
async fn link_provider(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    Path(provider): Path<String>,
    client: Client,
    Json(body): Json<Confirmation>,
) -> Result<Response, Problem> {
    confirm::demand(&identity, &member, &client, &body).await?;
    let provider = Provider::find(&identity, member.tenant, &provider).await?;
    if store::has_identity(&identity.db, &provider.key, member.user).await? {
        let detail = "an account of this provider is linked already; unlink it first";
        return Err(Problem::conflict("already_linked", detail));
    }
    let linker = Linker {
        user: member.user,
        session: member.session,
    };
    let departure = attempt::depart(&identity, member.tenant, &provider, Some(linker)).await?;
    let body = Json(LinkProvider {
        authorization_url: departure.url.into(),
    });
    let headers = [
        (SET_COOKIE, departure.cookie.to_string()),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, body).into_response())
}

/// Receives browsers from a provider, and sends each on to the organization it set out from.
#[utoipa::path(
    get,
    path = "/api/v1/auth/oauth/callback/{provider}",
    operation_id = "return_from_provider",
    tag = "auth",
    params(("provider" = String, Path, description = "`google`, `github`, `slack` or the id of a provider")),
    responses(
        (status = 303, description = "to the organization's host"),
        (status = 400, description = "`sign_in_unknown`: took too long, never began here, or set out to another provider"),
    )
)]
async fn return_from_provider(
    State(identity): State<Arc<Identity>>,
    _: Caller,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let answer = ProviderAnswer::read(&query).ok_or_else(unknown)?;
    let (db, now) = (&identity.db, identity.clock.now());
    let state_hash = sha256(&answer.state);
    let tenant = store::tenant_of_attempt(db, &state_hash, &provider, now).await?;
    let organization = organization::store::by_id(db, tenant.ok_or_else(unknown)?).await?;
    let organization = organization.ok_or_else(unknown)?;
    let origin = identity.common.tenant_origin(&organization.subdomain);
    let location = format!("{origin}/api/v1/auth/oauth/finish?{}", answer.write());
    Ok(redirect(&location, None))
}

/// Signs the person in whom the provider vouches for, or links the account: the end of the browser's way.
#[utoipa::path(
    get,
    path = "/api/v1/auth/oauth/finish",
    operation_id = "finish_provider_sign_in",
    tag = "auth",
    responses(
        (status = 303, description = "to `/`, with the cookies of a session or with `#sign_in=<code>` that says why not"),
    )
)]
async fn finish_provider_sign_in(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    client: Client,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let tenant = caller.tenant()?;
    let query = query.unwrap_or_default();
    let Some(answer) = ProviderAnswer::read(&query) else {
        return Ok(told("sign_in_unknown"));
    };
    let Some(attempt) = attempt::take(&identity, tenant, &headers, &answer.state).await? else {
        return Ok(told("sign_in_unknown"));
    };
    let Some(code) = &answer.code else {
        return Ok(told("provider_refused"));
    };
    let returned = Returned {
        code,
        iss: answer.iss.as_deref(),
    };
    let arrived = arrive(&identity, tenant, &client, &attempt, returned).await;
    match arrived {
        Err(problem) if !problem.status().is_server_error() => Ok(told(problem.code())),
        other => other,
    }
}

async fn arrive(
    identity: &Identity,
    tenant: TenantId,
    client: &Client,
    attempt: &Attempt,
    returned: Returned<'_>,
) -> Result<Response, Problem> {
    let provider = Provider::find(identity, tenant, &attempt.provider).await?;
    let uri = attempt::redirect_uri(identity, &provider.key);
    let secrets = &attempt.secrets;
    let asked = exchange::identify(&identity.providers, &provider, uri, secrets, returned).await;
    let asserted = match asked {
        Ok(asserted) => asserted,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(provider = provider.key, error, "provider not believed");
            return Ok(told("provider_failed"));
        }
    };
    // What comes back to a browser are cookies: an address would stay in its history.
    let client = Client {
        browser: true,
        ..client.clone()
    };
    let arrival = Arrival {
        identity,
        tenant,
        provider: &provider,
        asserted: &asserted,
        client: &client,
    };
    let code = match attempt.linker {
        None => match arrival.sign_in().await? {
            Ok(Entry::SignedIn(tokens)) => {
                let cookies = session::cookies::set(&tokens);
                return Ok((cookies, redirect("/", Some(&attempt::spent()))).into_response());
            }
            // The challenge is good once and for minutes, and in the fragment no server and no log sees it.
            Ok(Entry::SecondFactor(demand)) => return Ok(told(&demand.for_page())),
            Err(code) => code,
        },
        Some(linker) => match arrival.link_from(linker).await? {
            Ok(()) => return Ok(told("linked")),
            Err(code) => code,
        },
    };
    let actor = attempt.linker.map(|linker| linker.user);
    let action = match attempt.linker {
        None => "session.opened",
        Some(_) => "identity.linked",
    };
    let refused = audit::Event::refused(action, actor, &client, code).at(tenant);
    audit::record(identity, &identity.db, refused).await?;
    Ok(told(code))
}

/// What a provider sends a browser back with (RFC 6749 §4.1.2, RFC 9207).
struct ProviderAnswer {
    state: String,
    code: Option<String>,
    iss: Option<String>,
}

impl ProviderAnswer {
    /// Providers add parameters of their own, which say nothing to us; none of ours may come twice.
    fn read(query: &str) -> Option<Self> {
        if query.len() > MAX_QUERY_BYTES {
            return None;
        }
        let one = |name: &str| {
            let mut found = form_urlencoded::parse(query.as_bytes())
                .filter(|(key, value)| key == name && !value.is_empty())
                .map(|(_, value)| value.into_owned());
            match (found.next(), found.next()) {
                (one, None) => Some(one),
                _ => None,
            }
        };
        Some(Self {
            state: one("state")??,
            code: one("code")?,
            iss: one("iss")?,
        })
    }

    fn write(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("state", &self.state);
        if let Some(code) = &self.code {
            query.append_pair("code", code);
        }
        if let Some(iss) = &self.iss {
            query.append_pair("iss", iss);
        }
        query.finish()
    }
}

fn unknown() -> Problem {
    Problem::bad_request(
        "sign_in_unknown",
        "this sign-in took too long, or did not begin here; start again",
    )
}

/// To the page, with a word for it.
fn told(code: &str) -> Response {
    redirect(&format!("/#sign_in={code}"), Some(&attempt::spent()))
}

fn redirect(location: &str, cookie: Option<&Cookie<'_>>) -> Response {
    let headers = [
        (LOCATION, location.to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
        // The address that leads here holds a code.
        (REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    let answer = (StatusCode::SEE_OTHER, headers);
    match cookie {
        Some(cookie) => (answer.0, answer.1, [(SET_COOKIE, cookie.to_string())]).into_response(),
        None => answer.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_of_a_provider_is_read_and_passed_on() {
        let answer = ProviderAnswer::read("state=s%20t&code=4%2F0&scope=a+b&authuser=0").unwrap();
        assert_eq!(answer.write(), "state=s+t&code=4%2F0");
        let denied =
            ProviderAnswer::read("error=access_denied&state=s&iss=https%3A%2F%2Fa").unwrap();
        assert_eq!(denied.write(), "state=s&iss=https%3A%2F%2Fa");
        for bad in [
            "",
            "code=1",
            "state=",
            "state=a&state=b",
            "state=a&code=1&code=2",
        ] {
            assert!(ProviderAnswer::read(bad).is_none(), "{bad}");
        }
        assert!(ProviderAnswer::read(&format!("state=a&x={}", "x".repeat(9000))).is_none());
    }
}

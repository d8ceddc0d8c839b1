//! Works the requests off, one after the other; any number of instances may.

use std::sync::Arc;
use std::time::Duration;

use httpkit::client::UpstreamError;
use kernel::PersonRequestId;
use sea_orm::DbErr;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::model::{self, EXPORT_ATTEMPTS, Kind, Progress};
use super::{collect, erase, store};
use crate::entity::person_request;
use crate::state::Identity;

/// A lost wake-up costs no more than this.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);
/// Attempts after which somebody should look why an erasure does not end.
const WORRYING_ATTEMPTS: i32 = 8;

/// Why a request did not get on.
#[derive(Debug, thiserror::Error)]
pub(super) enum JobError {
    #[error("ask a service")]
    Upstream(#[from] UpstreamError),
    #[error("read or write what identity keeps")]
    Database(#[from] DbErr),
    #[error("read or write the request")]
    Json(#[from] serde_json::Error),
    #[error("write the archive")]
    Archive(#[from] zip::result::ZipError),
    #[error("write the archive")]
    Write(#[from] std::io::Error),
    #[error("the archive would be larger than {0} bytes")]
    TooLarge(usize),
    #[error("writing the archive was cut off")]
    Cut(#[from] tokio::task::JoinError),
}

/// Works until shutdown; spawn it.
pub async fn run(identity: Arc<Identity>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let worked = shutdown.run_until_cancelled(work_off(&identity)).await;
        if let Some(Err(error)) = worked {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "what people ask of their data waits");
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = identity.wake.people.notified() => {}
            () = sleep(SWEEP_INTERVAL) => {}
        }
    }
}

/// Works off what is due.
pub async fn work_off(identity: &Identity) -> Result<(), DbErr> {
    while let Some(request) = store::take(&identity.db, identity.clock.now()).await? {
        work(identity, request).await?;
    }
    Ok(())
}

async fn work(identity: &Identity, request: person_request::Model) -> Result<(), DbErr> {
    let (id, attempts) = (request.id, request.attempts);
    let erases = request.kind == Kind::Erasure.as_str();
    let Err(error) = step(identity, request, erases).await else {
        return Ok(());
    };
    let last = !erases && attempts >= EXPORT_ATTEMPTS;
    log(
        id,
        attempts,
        &error,
        last || (erases && attempts >= WORRYING_ATTEMPTS),
    );
    let now = identity.clock.now();
    let until = (!last).then(|| model::next_attempt(now, attempts));
    store::put_off(&identity.db, id, until, now).await
}

fn log(id: PersonRequestId, attempts: i32, error: &JobError, worrying: bool) {
    let error = error as &dyn std::error::Error;
    if worrying {
        tracing::error!(request.id = %id, attempts, error, "what a person asked for does not end");
    } else {
        tracing::warn!(request.id = %id, attempts, error, "what a person asked for waits");
    }
}

async fn step(
    identity: &Identity,
    request: person_request::Model,
    erases: bool,
) -> Result<(), JobError> {
    let progress: Progress = serde_json::from_value(request.progress)?;
    match erases {
        true => erase::erase(identity, request.id, request.user_id, progress).await,
        false => collect::export(identity, request.id, request.user_id, progress).await,
    }
}

//! The steps of an erasure: every service in every organization, then the account itself.

use kernel::{PersonRequestId, UserId};
use serde_json::json;

use super::job::JobError;
use super::model::Progress;
use super::{forget, keepers, store};
use crate::audit;
use crate::client::Client;
use crate::state::Identity;

/// Goes on where it was left. A service that is away holds up neither the others nor other organizations, only the end.
pub(super) async fn erase(
    identity: &Identity,
    id: PersonRequestId,
    person: UserId,
    mut progress: Progress,
) -> Result<(), JobError> {
    let mut away = None;
    for tenant in progress.organizations.clone() {
        for (service, keeper) in identity.keepers.services() {
            let answers = progress.answers.entry(tenant.to_string()).or_default();
            if answers.contains_key(service.name()) {
                continue;
            }
            match keepers::erase(keeper, tenant, person).await {
                Ok(answer) => {
                    answers.insert(service.name().to_owned(), answer);
                    let so_far = serde_json::to_value(&progress)?;
                    store::keep(&identity.db, id, so_far, identity.clock.now()).await?;
                }
                Err(error) => away = Some(error),
            }
        }
    }
    match away {
        Some(error) => Err(error.into()),
        None => end(identity, id, person, progress).await,
    }
}

/// The account and all that names it, in one transaction with the report.
async fn end(
    identity: &Identity,
    id: PersonRequestId,
    person: UserId,
    progress: Progress,
) -> Result<(), JobError> {
    let transaction = identity.begin().await?;
    let forgotten = forget::forget(&transaction, person, id).await?;
    let report = json!({ "organizations": progress.answers, "identity": forgotten });
    for tenant in progress.organizations {
        let client = Client::default();
        let erased = audit::Event::done("account.erased", person, &client);
        let erased = erased.at(tenant).on(person.uuid());
        audit::record(identity, &transaction, erased)
            .await
            .map_err(|problem| sea_orm::DbErr::Custom(problem.to_string()))?;
    }
    store::finish(&transaction, id, report, None, identity.clock.now()).await?;
    identity.commit(transaction).await?;
    metrics::counter!("identity_people_erased_total").increment(1);
    tracing::info!(request.id = %id, user.id = %person, "person erased");
    Ok(())
}

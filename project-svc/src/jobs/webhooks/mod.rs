//! Telling webhooks: `intake` writes down what each is to be told, `dispatch` sends it when it is due.
//!
//! Nothing is lost with a process: what is to be sent is a row of the organization's database, claimed for a time that is
//! longer than an attempt can take, and claimed again after it. So a receiver may get an event twice, with the same id.

mod clean;
mod dispatch;
mod due;
mod intake;
mod queue;
mod schedule;
mod send;

use std::error::Error;
use std::time::Duration;

use events::fleet::Fleet;
use events::queues::PROJECT_WEBHOOKS;
use events::{Amqp, BoxError, Consumer, Queue};
use kernel::TenantId;
use runtime::App;
use tenancy::TenantFleet;
use tokio::time::sleep;

pub(super) use clean::clean;
pub use dispatch::run;
pub use due::Due;
pub use intake::Intake;

use crate::state::AppState;

/// Between two tenants of the first look: nobody waits for this, and each may cost a connect.
const PAUSE: Duration = Duration::from_millis(50);

/// Starts both, and looks once for what an earlier process left.
pub(super) fn spawn(app: &App, amqp: Amqp, state: &AppState) {
    let (intake, shutdown) = (Intake::new(state.clone()), app.shutdown.clone());
    let queue = Queue::work(PROJECT_WEBHOOKS, &intake::BINDINGS).one_at_a_time();
    let fresh = intake.clone();
    let consumer = Consumer::new(amqp, queue).on_connected(move || {
        fresh.forget_all();
        async { Ok(()) }
    });
    app.spawn(
        "webhook intake",
        consumer.run(move |batch| intake.clone().take(batch), shutdown.clone()),
    );
    app.spawn("webhooks", run(state.clone(), shutdown.clone()));
    let state = state.clone();
    app.spawn_once("webhooks left behind", async move {
        shutdown.run_until_cancelled(find_left(&state)).await;
    });
}

/// Notes every tenant that has something to be sent. A database that is away is looked at by housekeeping's next round.
async fn find_left(state: &AppState) {
    let tenants = TenantFleet(state.pools.clone()).tenants().await;
    let tenants = tenants.unwrap_or_else(|error| {
        tracing::warn!(error = &*error as &dyn Error, "list tenants");
        Vec::new()
    });
    for tenant in tenants {
        if let Err(error) = find_due(state, tenant).await {
            let error = &*error as &dyn Error;
            tracing::warn!(tenant.id = %tenant, error, "look for webhooks left behind");
        }
        sleep(PAUSE).await;
    }
}

/// Notes when the tenant has something to be sent, if it has.
pub(super) async fn find_due(state: &AppState, tenant: TenantId) -> Result<(), BoxError> {
    let connection = state.pools.acquire_background(tenant).await?;
    if let Some(at) = queue::next_due(&connection).await? {
        state.webhooks.due.note(tenant, at);
    }
    Ok(())
}

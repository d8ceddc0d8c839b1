//! Work beside the requests: events out (the relay of all tenants' outboxes), events in (people, and
//! tenants whose connections are no longer good), telling webhooks, and keeping house.

pub mod housekeeping;
pub mod people;
mod tenants;
mod trash;
pub mod webhooks;

use std::time::Duration;

use events::fleet::{self, FleetSettings};
use events::{Amqp, BrokerState, Consumer, FleetWake, Publisher, Queue};
use httpkit::Service;
use kernel::EventId;
use runtime::App;
use secrecy::ExposeSecret;
use tenancy::TenantFleet;

use crate::config::Config;
use crate::state::AppState;

/// Starts all of them.
pub(crate) fn spawn(
    config: &Config,
    app: &App,
    state: &AppState,
    wake: FleetWake,
) -> anyhow::Result<()> {
    let amqp = Amqp::new(
        app.common.amqp_url.expose_secret(),
        Service::ProjectSvc.name(),
    )?;
    let publisher = Publisher::new(amqp.clone());
    check_broker(app, publisher.state());
    app.spawn("publisher", publisher.clone().run(app.shutdown.clone()));
    let settings = FleetSettings {
        sweep: Duration::from_secs(config.sweep_seconds.max(1)),
        ..Default::default()
    };
    let tenants = TenantFleet(state.pools.clone());
    let shutdown = app.shutdown.clone();
    app.spawn(
        "outbox relay",
        fleet::run(tenants, publisher, wake, settings, shutdown),
    );

    let rounds = housekeeping::run(state.clone(), app.shutdown.clone());
    app.spawn("housekeeping", rounds);

    let queue = Queue::work(
        events::queues::PROJECT_PEOPLE,
        &["member.#", "user.permission_changed", "user.updated"],
    );
    let handler = people::handler(state.clone());
    let consumer = Consumer::new(amqp.clone(), queue);
    app.spawn("people", consumer.run(handler, app.shutdown.clone()));

    let name = format!("project-svc.tenants.{}", app.ids.next::<EventId>());
    let queue = Queue::live(&name, &["tenant.#"]);
    let handler = tenants::handler(state.clone());
    let consumer = Consumer::new(amqp.clone(), queue);
    app.spawn("tenants", consumer.run(handler, app.shutdown.clone()));

    webhooks::spawn(app, amqp, state);
    Ok(())
}

/// The service works on without a broker: events wait in the outboxes.
fn check_broker(app: &App, broker: BrokerState) {
    app.health.add_optional("broker", move || {
        let connected = broker.connected();
        async move {
            if connected {
                Ok(())
            } else {
                Err("not connected")
            }
        }
    });
}

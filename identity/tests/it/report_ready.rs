//! Mail about scheduled reports that are ready.

use events::topic::report::ReportReady;
use events::{Action, Envelope};
use identity::report_ready;
use kernel::{Ids, TenantId, UserId};

use crate::world::World;

fn ready(world: &World, tenant: TenantId, recipient_id: UserId) -> Envelope {
    let ids = Ids::system();
    let event = ReportReady {
        report_id: ids.next(),
        recipient_id,
        ready_at: world.clock.now(),
        expires_at: world.clock.now(),
    };
    Envelope::new(&ids, &world.clock, "analytics", tenant, None, &event)
}

#[tokio::test]
async fn who_a_report_is_for_gets_one_mail_and_nobody_else_does() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let globex = world.organization("globex").await;
    let owner: UserId = acme.owner_id.parse().unwrap();
    let event = ready(&world, acme.id, owner);
    let elsewhere = ready(&world, globex.id, owner);
    let unknown = ready(&world, acme.id, Ids::system().next());
    for event in [&event, &event, &elsewhere, &unknown] {
        assert_eq!(
            report_ready::take(&world.identity, event).await,
            Action::Ack
        );
    }
    let subjects = world.subjects("acme@example.com").await;
    let told = subjects
        .iter()
        .filter(|subject| subject.starts_with("A report of"));
    assert_eq!(told.count(), 1, "{subjects:?}");
    world.close().await;
}

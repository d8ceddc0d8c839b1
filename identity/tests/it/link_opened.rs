//! Mail about links that were opened for the first time.

use events::topic::link::LinkFirstOpened;
use events::{Action, Envelope};
use identity::link_opened;
use kernel::{Ids, TenantId, UserId};

use crate::world::World;

fn opened(world: &World, tenant: TenantId, created_by: UserId) -> Envelope {
    let ids = Ids::system();
    let event = LinkFirstOpened {
        link_id: ids.next(),
        resource: "task:1".to_owned(),
        created_by,
        opened_at: world.clock.now(),
    };
    Envelope::new(&ids, &world.clock, "shortener", tenant, None, &event)
}

#[tokio::test]
async fn who_made_a_link_gets_one_mail_and_nobody_else_does() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let globex = world.organization("globex").await;
    let owner: UserId = acme.owner_id.parse().unwrap();
    let event = opened(&world, acme.id, owner);
    let elsewhere = opened(&world, globex.id, owner);
    let unknown = opened(&world, acme.id, Ids::system().next());
    for event in [&event, &event, &elsewhere, &unknown] {
        assert_eq!(link_opened::take(&world.identity, event).await, Action::Ack);
    }
    let subjects = world.subjects("acme@example.com").await;
    let told = subjects
        .iter()
        .filter(|subject| subject.starts_with("Your link at"));
    assert_eq!(told.count(), 1, "{subjects:?}");
    world.close().await;
}

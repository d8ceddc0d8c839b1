//! Who is served when tenants wait for each other's connections.

use super::*;

#[test]
fn tenant_with_least_is_served_first_after_the_quantum() {
    let mut world = World::new(4);
    for _ in 0..8 {
        world.acquire(&target(1, 0));
    }
    // Two tenants of two connections each are not at their cap of two.
    for _ in 0..4 {
        world.connect_ends(0, true);
    }
    world.acquire(&target(2, 0));
    let mut turns = 0;
    while world.connecting.is_empty() {
        world.give_back(0, true);
        turns += 1;
    }
    // It holds all four: above its cap the quantum is not waited for.
    assert_eq!(turns, 1);
    assert_eq!(world.connecting[0].tenant, tenant(2));
}

#[test]
fn tenant_below_its_cap_keeps_its_connection_for_a_quantum() {
    let mut world = World::new(2);
    for _ in 0..8 {
        world.acquire(&target(1, 0));
    }
    world.connect_ends(0, true);
    world.connect_ends(0, true);
    world.acquire(&target(2, 0));
    let mut turns = 0;
    while world.connecting.is_empty() {
        world.give_back(0, true);
        turns += 1;
    }
    assert_eq!(turns, QUANTUM + 1);
    assert_eq!(world.connecting[0].tenant, tenant(2));
}

/// Every turn a random holder returns; both tenants always have more to do.
fn shares(budget: usize, targets: &[Arc<TenantDescriptor>]) -> Vec<usize> {
    let mut world = World::new(budget);
    let mut random = 7_usize;
    for _ in 0..3_000 {
        for target in targets {
            while world
                .queued
                .iter()
                .filter(|(_, id, ..)| *id == target.id)
                .count()
                < 4
            {
                world.acquire(target);
            }
        }
        while !world.connecting.is_empty() {
            world.connect_ends(0, true);
        }
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        world.give_back(random >> 33, true);
    }
    let of = |id| world.held.iter().filter(|(_, l)| l.tenant == id).count();
    targets.iter().map(|target| of(target.id)).collect()
}

#[test]
fn share_follows_the_weight() {
    let held = shares(24, &[weighing(1, 1), weighing(2, 1), weighing(3, 2)]);
    for (held, fair) in held.iter().zip([6_usize, 6, 12]) {
        assert!(held.abs_diff(fair) <= 2, "{held} instead of {fair}");
    }
}

#[test]
fn plan_s_cap_counts_only_while_others_wait() {
    let mut capped = descriptor(1, 0);
    capped.connection_cap = Some(3);
    let capped = Arc::new(capped);
    let held = shares(12, &[Arc::clone(&capped), target(2, 0), target(3, 0)]);
    assert!(held[0] <= 3, "{held:?}");
    assert_eq!(shares(12, &[capped]), [12]);
}

#[test]
fn tenant_at_its_cap_leaves_young_connections_to_their_tenants() {
    let mut world = World::new(8);
    for number in 11..=13 {
        world.acquire(&target(number, 0));
        world.connect_ends(0, true);
        world.give_back(0, true);
    }
    for _ in 0..8 {
        world.acquire(&target(1, 0));
    }
    while !world.connecting.is_empty() {
        world.connect_ends(0, true);
    }
    // Five places were free; the three neighbours will be back.
    assert_eq!((world.held.len(), world.state.idle.len()), (5, 3));
    assert!(world.acquire(&target(12, 0)));
    let used = world.held.len() - 1;
    world.give_back(used, true);
    assert_eq!(world.state.idle.len(), 3);
    world.periods_pass(3);
    while !world.connecting.is_empty() {
        world.connect_ends(0, true);
    }
    assert_eq!((world.held.len(), world.state.idle.len()), (8, 0));
}

#[test]
fn light_tenant_waits_for_a_few_turns_beside_one_that_wants_everything() {
    let mut world = World::new(10);
    let heavy = target(1, 0);
    let mut longest = 0;
    for round in 0..400_u16 {
        while world.queued.len() < 8 {
            world.acquire(&heavy);
        }
        while !world.connecting.is_empty() {
            world.connect_ends(0, true);
        }
        world.give_back(usize::from(round), true);
        world.acquire(&target(2 + round % 30, 0));
        let light = world.held.iter().any(|(_, l)| l.tenant != heavy.id);
        let mut turns = 0;
        while !light && world.queued.iter().any(|(_, id, ..)| *id != heavy.id) {
            while !world.connecting.is_empty() {
                world.connect_ends(0, true);
            }
            if world.queued.iter().any(|(_, id, ..)| *id != heavy.id) {
                world.give_back(usize::from(round), true);
                turns += 1;
            }
        }
        longest = longest.max(turns);
        if let Some(place) = world.held.iter().position(|(_, l)| l.tenant != heavy.id) {
            world.give_back(place, true);
        }
    }
    assert!(longest <= 2, "waited for {longest} turns");
}

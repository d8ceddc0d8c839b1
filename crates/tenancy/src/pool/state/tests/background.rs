//! Work that may wait is in nobody's way.

use super::*;

/// Requests go round over tenants that all have their connection; a turn is a period.
fn misses(world: &mut World, tenants: std::ops::Range<u16>) -> usize {
    let mut misses = 0;
    for number in tenants {
        misses += usize::from(!world.acquire(&target(number, 0)));
        while !world.connecting.is_empty() {
            world.connect_ends(0, true);
        }
        let place = world
            .held
            .iter()
            .position(|(_, l)| l.tenant == tenant(number));
        world.give_back(place.unwrap(), true);
        while world.closing > 0 {
            world.close_ends();
        }
    }
    misses
}

#[test]
fn sweep_over_a_thousand_quiet_tenants_costs_requests_no_hit() {
    for busy in [10..25, 10..28, 10..30] {
        let mut world = World::new(20);
        assert_eq!(misses(&mut world, busy.clone()), busy.len());
        let mut swept = 0;
        for quiet in 1_000..2_000_u16 {
            world.acquire_background(&target(quiet, 0));
            if quiet % 20 == 0 {
                assert_eq!(
                    misses(&mut world, busy.clone()),
                    0,
                    "{busy:?}, {swept} swept"
                );
                world.periods_pass(1);
            }
            while !world.connecting.is_empty() {
                world.connect_ends(0, true);
            }
            while let Some(place) = world
                .held
                .iter()
                .position(|(_, l)| l.tenant >= tenant(1_000))
            {
                world.give_back(place, true);
                swept += 1;
            }
            while world.closing > 0 {
                world.close_ends();
            }
            if let Some(waits) = world.queued.first() {
                // It gave up: the next sweep comes.
                assert_eq!(waits.3, Purpose::Background);
                world.cancel(0);
            }
        }
        // With every place taken by somebody who comes again each period, the sweep waits.
        let expected = if busy.len() < 20 { 1_000 } else { 0 };
        assert_eq!(swept, expected, "{busy:?}");
    }
}

#[test]
fn background_work_that_waited_long_still_leaves_young_connections_alone() {
    let mut world = World::new(4);
    assert_eq!(misses(&mut world, 10..14), 4);
    world.acquire_background(&target(99, 0));
    for _ in 0..10 {
        world.periods_pass(1);
        assert_eq!(misses(&mut world, 10..14), 0);
    }
    // Nor does it keep a request waiting that may take one of them.
    world.acquire(&target(50, 0));
    assert_eq!(world.connecting[0].tenant, tenant(50));
    world.periods_pass(3);
    assert_eq!(world.connecting[1].tenant, tenant(99));
}

#[test]
fn last_place_is_left_to_a_request() {
    let mut world = World::new(3);
    for number in 1..=4 {
        world.acquire_background(&target(number, 0));
    }
    assert_eq!(world.state.counts().open, 2);
    world.acquire(&target(9, 0));
    assert_eq!(world.state.counts().open, 3);
}

#[test]
fn background_work_uses_a_part_of_the_budget() {
    let mut world = World::new(40);
    for number in 0..30 {
        world.acquire_background(&target(number, 0));
    }
    assert_eq!(world.connecting.len(), 10);
}

#[test]
fn background_work_uses_its_tenant_s_idle_connection_and_leaves_it_where_it_was() {
    let mut world = World::new(3);
    for number in [1, 2, 3] {
        world.acquire(&target(number, 0));
        world.connect_ends(0, true);
    }
    for _ in 0..3 {
        world.give_back(0, true);
    }
    world.acquire_background(&target(1, 0));
    assert_eq!((world.held.len(), world.connects), (1, 3));
    world.give_back(0, true);
    // The first tenant's connection is still the one used least recently.
    world.acquire(&target(4, 0));
    assert!(world.state.take_idle(&target(1, 0)).is_none());
}

#[test]
fn requests_are_served_before_background_work_that_came_first() {
    let mut world = World::new(2);
    for number in [1, 2] {
        world.acquire(&target(number, 0));
        world.connect_ends(0, true);
    }
    world.acquire_background(&target(3, 0));
    world.acquire_background(&target(1, 0));
    world.acquire(&target(4, 0));
    world.give_back(0, true);
    assert_eq!(world.connecting[0].tenant, tenant(4));
}

#[test]
fn background_work_is_not_kept_waiting_by_requests_that_never_end() {
    let mut world = World::new(2);
    for _ in 0..8 {
        world.acquire(&target(1, 0));
    }
    world.acquire_background(&target(2, 0));
    world.acquire_background(&target(1, 0));
    for _ in 0..PATIENCE {
        for _ in 0..20 {
            world.acquire(&target(1, 0));
            while !world.connecting.is_empty() {
                world.connect_ends(0, true);
            }
            assert!(
                world
                    .queued
                    .iter()
                    .filter(|q| q.3 == Purpose::Background)
                    .count()
                    == 2
            );
            world.give_back(0, true);
        }
        world.periods_pass(1);
    }
    for _ in 0..40 {
        world.acquire(&target(1, 0));
        while !world.connecting.is_empty() {
            world.connect_ends(0, true);
        }
        world.give_back(0, true);
    }
    assert!(world.queued.iter().all(|q| q.3 == Purpose::Request));
}

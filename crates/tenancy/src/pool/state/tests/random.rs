//! Whatever happens in whatever order: the budget holds, nobody is forgotten, nobody starves.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Move {
    Acquire(u16, i32),
    Background(u16),
    ConnectEnds(usize, bool),
    GiveBack(usize, bool),
    CloseEnds,
    Cancel(usize),
    Evict(u16),
    Reap,
    Budget(usize),
    Period,
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        16 => (0..6u16, 0..3i32).prop_map(|(t, g)| Move::Acquire(t, g)),
        4 => (0..8u16).prop_map(Move::Background),
        9 => (any::<usize>(), prop::bool::weighted(0.9)).prop_map(|(i, w)| Move::ConnectEnds(i, w)),
        11 => (any::<usize>(), prop::bool::weighted(0.9)).prop_map(|(i, c)| Move::GiveBack(i, c)),
        4 => Just(Move::CloseEnds),
        2 => any::<usize>().prop_map(Move::Cancel),
        2 => (0..6u16).prop_map(Move::Evict),
        2 => Just(Move::Reap),
        2 => (1..8usize).prop_map(Move::Budget),
        3 => Just(Move::Period),
    ]
}

/// A descriptor as the resolver may send it for this tenant: weights and caps differ.
fn any_target(number: u16, generation: i32) -> Arc<TenantDescriptor> {
    Arc::new(TenantDescriptor {
        weight: Some(u32::from(number % 3)),
        connection_cap: (number % 2 == 1).then_some(u32::from(number)),
        ..descriptor(number, generation)
    })
}

fn make(world: &mut World, next: &Move) {
    match *next {
        Move::Acquire(t, generation) => drop(world.acquire(&any_target(t, generation))),
        Move::Background(t) => world.acquire_background(&any_target(t, 0)),
        Move::ConnectEnds(i, well) if !world.connecting.is_empty() => world.connect_ends(i, well),
        Move::GiveBack(i, clean) if !world.held.is_empty() => world.give_back(i, clean),
        Move::CloseEnds if world.closing > 0 => world.close_ends(),
        Move::Cancel(i) if !world.queued.is_empty() => world.cancel(i),
        Move::Evict(t) => world.evict(t),
        Move::Reap => {
            world.state.reap(|_| true);
            world.obey();
        }
        Move::Budget(budget) => world.set_budget(budget),
        Move::Period => world.periods_pass(1),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn budget_holds_and_everyone_is_served(
        budget in 1..6usize,
        moves in prop::collection::vec(moves(), 1..200),
    ) {
        let mut world = World::new(budget);
        for next in &moves {
            make(&mut world, next);
        }
        world.run_out();
        prop_assert!(world.queued.is_empty(), "somebody was never served");
        world.state.reap(|_| true);
        world.obey();
        world.run_out();
        prop_assert!(world.state.tenants.is_empty(), "a quiet tenant is remembered");
        prop_assert!(world.state.needy.is_empty() && world.state.patient.is_empty());
        prop_assert_eq!(world.state.counts(), Counts::default());
    }

    /// A tenant that uses nothing is overtaken by no more hand-overs than one quantum of every
    /// other tenant and every connection gives, whatever the others ask for.
    #[test]
    fn tenant_with_nothing_does_not_starve(
        budget in 1..6usize,
        before in prop::collection::vec(moves(), 0..60),
        during in prop::collection::vec((0..6u16, any::<usize>()), 400),
    ) {
        let mut world = World::new(budget);
        for next in &before {
            // A budget that shrinks closes connections instead of handing them over.
            if !matches!(next, Move::Budget(_)) {
                make(&mut world, next);
            }
        }
        world.acquire(&target(99, 0));
        let waits = |world: &World| world.queued.iter().any(|(_, id, ..)| *id == tenant(99));
        let bound = (QUANTUM + 1) * (budget + 8);
        let started = world.delivered;
        for (number, index) in during {
            world.acquire(&any_target(number, 3));
            while !world.connecting.is_empty() {
                world.connect_ends(index, true);
            }
            while world.closing > 0 {
                world.close_ends();
            }
            if !world.held.is_empty() {
                world.give_back(index, true);
            }
            if !waits(&world) {
                break;
            }
            prop_assert!(world.delivered - started <= bound, "starves");
        }
        prop_assert!(!waits(&world), "never served");
    }
}

//! Places in an ordered list as text that sorts bytewise (`collate "C"`): there is room between any two.
//!
//! [`OrderKey::between`] answers none when there is no room of decent length left; the caller, who holds
//! the list's lock, then gives all its rows new keys from [`spread`].

use std::iter::zip;

use fractional_index::FractionalIndex;
use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

/// Longer keys would outgrow page cursors and index rows; a list gets there after some thousand
/// insertions at one spot.
const MAX_KEY_CHARS: usize = 128;

/// A place in a list. Page cursors carry it out and back, so what is read is checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, DeriveValueType)]
#[serde(try_from = "String")]
pub struct OrderKey(String);

/// Where in a list something is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<Id> {
    /// Right before this one.
    Before(Id),
    /// Right after this one.
    After(Id),
    /// With so many before it; behind the last one if there are fewer.
    At(u32),
    /// Behind the last one.
    Last,
}

/// The keys on both sides of a place; none at the ends of the list.
pub(crate) type Gap = (Option<OrderKey>, Option<OrderKey>);

impl OrderKey {
    /// The key of a list's first row.
    pub(crate) fn first() -> Self {
        Self(FractionalIndex::default().to_string())
    }

    /// A key that sorts inside the gap, or none when the list must be spread first.
    pub(crate) fn between((left, right): &Gap) -> Option<Self> {
        let (left, right) = (parse(left.as_ref())?, parse(right.as_ref())?);
        if let (Some(left), Some(right)) = (&left, &right)
            && share_a_zero(left, right)
        {
            return None;
        }
        let key = FractionalIndex::new(left.as_ref(), right.as_ref())?.to_string();
        (key.len() <= MAX_KEY_CHARS).then_some(Self(key))
    }
}

impl TryFrom<String> for OrderKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hex && (1..=MAX_KEY_CHARS).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err("no place in a list")
        }
    }
}

impl From<OrderKey> for String {
    fn from(key: OrderKey) -> Self {
        key.0
    }
}

/// `count` keys in ascending order, short and with room between them.
pub(crate) fn spread(count: usize) -> Vec<OrderKey> {
    let mut keys = Vec::with_capacity(count);
    fill(None, None, count, &mut keys);
    keys
}

/// `count` keys in ascending order behind the last one of a list, or none when the list must be spread first.
pub(crate) fn behind(last: Option<&OrderKey>, count: usize) -> Option<Vec<OrderKey>> {
    let last = parse(last)?;
    if let Some(last) = &last
        && share_a_zero(last, last)
    {
        return None;
    }
    let mut keys = Vec::with_capacity(count);
    fill(last.as_ref(), None, count, &mut keys);
    let decent = keys.iter().all(|key| key.0.len() <= MAX_KEY_CHARS);
    (decent && keys.len() == count).then_some(keys)
}

/// The gap that a place means in a list that holds everything but the thing to be placed. None when the
/// place is beside something that is not in the list.
pub(crate) fn gap<Id: PartialEq>(list: &[(Id, OrderKey)], place: &Place<Id>) -> Option<Gap> {
    let position = |wanted: &Id| list.iter().position(|(id, _)| id == wanted);
    let index = match place {
        Place::Before(id) => position(id)?,
        Place::After(id) => position(id)? + 1,
        Place::At(count) => usize::try_from(*count)
            .unwrap_or(usize::MAX)
            .min(list.len()),
        Place::Last => list.len(),
    };
    let key = |index: usize| list.get(index).map(|(_, key)| key.clone());
    Some((index.checked_sub(1).and_then(key), key(index)))
}

/// A free key in a list, and the keys that all others get before it is used, where there was no room.
pub(crate) struct Room<Id> {
    pub(crate) key: OrderKey,
    pub(crate) spread: Vec<(Id, OrderKey)>,
}

/// Room at a place of a list that holds everything but the thing to be placed. None when the place is beside
/// something that is not in the list.
pub(crate) fn room<Id: Copy + PartialEq>(
    list: &[(Id, OrderKey)],
    place: &Place<Id>,
) -> Option<Room<Id>> {
    let key = OrderKey::between(&gap(list, place)?);
    if let Some(key) = key {
        let spread = Vec::new();
        return Some(Room { key, spread });
    }
    let ids = list.iter().map(|(id, _)| *id);
    let spread: Vec<_> = zip(ids, spread(list.len())).collect();
    let key = OrderKey::between(&gap(&spread, place)?)?;
    Some(Room { key, spread })
}

fn parse(key: Option<&OrderKey>) -> Option<Option<FractionalIndex>> {
    match key {
        None => Some(None),
        Some(OrderKey(text)) if text.is_ascii() => {
            FractionalIndex::from_string(text).ok().map(Some)
        }
        Some(_) => None,
    }
}

/// The crate subtracts one from a byte that both keys have in common: it must not be zero.
fn share_a_zero(left: &FractionalIndex, right: &FractionalIndex) -> bool {
    zip(left.as_bytes(), right.as_bytes())
        .take_while(|(left, right)| left == right)
        .any(|(byte, _)| *byte == 0)
}

/// The key in the middle first, then both halves: keys grow with the logarithm of the list's length.
fn fill(
    left: Option<&FractionalIndex>,
    right: Option<&FractionalIndex>,
    count: usize,
    keys: &mut Vec<OrderKey>,
) {
    let Some(after) = count.checked_sub(1) else {
        return;
    };
    let before = after / 2;
    if let Some(middle) = FractionalIndex::new(left, right) {
        fill(left, Some(&middle), before, keys);
        keys.push(OrderKey(middle.to_string()));
        fill(Some(&middle), right, after - before, keys);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> impl Strategy<Value = Place<u32>> {
        prop_oneof![
            (0..8_u32).prop_map(Place::Before),
            (0..8_u32).prop_map(Place::After),
            (0..10_u32).prop_map(Place::At),
            Just(Place::Last),
        ]
    }

    /// What a move does to a list, as the database does it.
    fn apply(list: &mut Vec<(u32, OrderKey)>, moved: u32, place: &Place<u32>) {
        let others: Vec<_> = list
            .iter()
            .filter(|(id, _)| *id != moved)
            .cloned()
            .collect();
        let Some(found) = room(&others, place) else {
            return;
        };
        *list = if found.spread.is_empty() {
            others
        } else {
            found.spread
        };
        list.push((moved, found.key));
        list.sort_by(|a, b| a.1.cmp(&b.1));
    }

    proptest! {
        #[test]
        fn any_sequence_of_moves_keeps_a_total_order(
            moves in prop::collection::vec((0..8_u32, place()), 0..600),
        ) {
            let mut list: Vec<_> = zip(0..8_u32, spread(8)).collect();
            let mut expected: Vec<u32> = (0..8).collect();
            for (moved, place) in moves {
                apply(&mut list, moved, &place);
                move_plainly(&mut expected, moved, &place);
                prop_assert!(list.is_sorted_by(|a, b| a.1 < b.1));
                let found: Vec<u32> = list.iter().map(|(id, _)| *id).collect();
                prop_assert_eq!(&found, &expected);
            }
        }
    }

    #[test]
    fn only_what_can_be_a_key_is_read_back() {
        let read = |text: String| serde_json::from_value::<OrderKey>(text.into()).ok();
        for key in spread(300) {
            assert_eq!(read(key.0.clone()), Some(key));
        }
        for bad in ["", "a\u{0}b", "\u{e9}", "-", &"8".repeat(MAX_KEY_CHARS + 1)] {
            assert_eq!(read(bad.to_owned()), None, "{bad:?}");
        }
    }

    /// The same on a list without keys.
    fn move_plainly(list: &mut Vec<u32>, moved: u32, place: &Place<u32>) {
        let others: Vec<u32> = list.iter().copied().filter(|id| *id != moved).collect();
        let at = |id: &u32| others.iter().position(|other| other == id);
        let index = match place {
            Place::Before(id) => at(id),
            Place::After(id) => at(id).map(|index| index + 1),
            Place::At(count) => Some((*count as usize).min(others.len())),
            Place::Last => Some(others.len()),
        };
        if let Some(index) = index {
            *list = others;
            list.insert(index, moved);
        }
    }

    #[test]
    fn thousands_of_insertions_at_one_spot_stay_in_order() {
        for place in [Place::At(0), Place::Last, Place::At(1)] {
            let mut list: Vec<_> = zip(0..3, spread(3)).collect();
            for turn in 0..3_000 {
                apply(&mut list, turn % 3, &place);
                assert!(list.is_sorted_by(|a, b| a.1 < b.1), "{place:?} {turn}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_comes_behind_a_list_ascends_from_its_last_key(
            moves in prop::collection::vec((0..8_u32, place()), 0..200), count in 0..300_usize,
        ) {
            let mut list: Vec<_> = zip(0..8_u32, spread(8)).collect();
            for (moved, place) in moves {
                apply(&mut list, moved, &place);
            }
            let last = list.last().map(|(_, key)| key.clone());
            let keys = behind(last.as_ref(), count);
            let spread = spread(list.len()).pop();
            let keys = keys.or_else(|| behind(spread.as_ref(), count)).unwrap();
            prop_assert_eq!(keys.len(), count);
            prop_assert!(keys.is_sorted_by(|a, b| a < b));
            if behind(last.as_ref(), count).is_some() {
                prop_assert!(keys.first().is_none_or(|first| Some(first) > last.as_ref()));
            }
        }
    }

    #[test]
    fn thousands_come_behind_a_long_list_with_short_keys() {
        let last = spread(50_000).pop();
        let keys = behind(last.as_ref(), 5_000).unwrap();
        assert!(keys.first() > last.as_ref() && keys.is_sorted_by(|a, b| a < b));
        assert!(keys.iter().all(|key| key.0.len() <= 60));
    }

    #[test]
    fn spread_keys_are_short_and_ascend() {
        for count in [0, 1, 2, 3, 1_000, 50_000] {
            let keys = spread(count);
            assert_eq!(keys.len(), count);
            assert!(keys.is_sorted_by(|a, b| a < b), "{count}");
            assert!(keys.iter().all(|key| key.0.len() <= 40), "{count}");
        }
    }
}

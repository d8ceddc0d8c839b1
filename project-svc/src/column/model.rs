//! Rules of columns.

use events::topic::task::TaskStatus;
use httpkit::Problem;

use crate::order::Place;

/// The columns a new board comes with, from left to right.
pub(crate) const USUAL: [(&str, TaskStatus); 4] = [
    ("To do", TaskStatus::Todo),
    ("In progress", TaskStatus::InProgress),
    ("Review", TaskStatus::Review),
    ("Done", TaskStatus::Done),
];

/// Columns of one board: it is read as a whole.
pub(crate) const MOST_PER_BOARD: usize = 250;

/// The place that a request means by its optional fields; 422 when it gives more than one.
pub(crate) fn place<Id>(
    before: Option<Id>,
    after: Option<Id>,
    position: Option<u32>,
) -> Result<Option<Place<Id>>, Problem> {
    match (before, after, position) {
        (None, None, None) => Ok(None),
        (Some(id), None, None) => Ok(Some(Place::Before(id))),
        (None, Some(id), None) => Ok(Some(Place::After(id))),
        (None, None, Some(count)) => Ok(Some(Place::At(count))),
        _ => Err(Problem::field(
            "",
            "ambiguous_place",
            "give only one of `before_id`, `after_id` and `position`",
        )),
    }
}

/// 422 for a neighbour that is not where the thing is to go.
pub(crate) fn no_such_neighbour<Id>(place: &Place<Id>) -> Problem {
    let pointer = match place {
        Place::Before(_) => "/before_id",
        Place::After(_) => "/after_id",
        Place::At(_) | Place::Last => "/position",
    };
    Problem::field(pointer, "unknown_reference", "is not beside this place")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_is_given_once() {
        assert_eq!(place(Some(1), None, None).unwrap(), Some(Place::Before(1)));
        assert_eq!(place(None, Some(2), None).unwrap(), Some(Place::After(2)));
        assert_eq!(
            place::<i32>(None, None, Some(0)).unwrap(),
            Some(Place::At(0))
        );
        assert_eq!(place::<i32>(None, None, None).unwrap(), None);
        let twice = place(Some(1), Some(2), None).unwrap_err();
        assert_eq!(twice.status(), 422);
    }

    #[test]
    fn usual_columns_lead_from_todo_to_done() {
        let categories: Vec<_> = USUAL.iter().map(|(_, category)| *category).collect();
        assert_eq!(categories.first(), Some(&TaskStatus::Todo));
        assert_eq!(categories.last(), Some(&TaskStatus::Done));
        assert!(categories.is_sorted());
    }
}

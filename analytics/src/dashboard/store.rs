//! Reads what a dashboard is made of: some finds by index, at once.

use super::model::{Known, Previous};
use crate::counter::Scope;
use crate::numbers::Kind;
use crate::numbers::store::Numbers;
use crate::period::Asked;
use crate::store::StoreError;

/// What is known of the organization or of a project.
pub(crate) async fn known(
    numbers: &Numbers<'_>,
    scope: Scope,
    asked: Asked,
) -> Result<Known, StoreError> {
    let ((history, done_by), standings, previous) = futures::try_join!(
        numbers.history_with_people(scope, asked),
        numbers.standings(scope),
        previous(numbers, scope, asked),
    )?;
    Ok(Known {
        history,
        done_by,
        standings,
        previous,
    })
}

/// What moved in the period before, if that is to be compared with.
pub(crate) async fn previous(
    numbers: &Numbers<'_>,
    scope: Scope,
    asked: Asked,
) -> Result<Option<Previous>, StoreError> {
    let Some(asked) = asked.previous() else {
        return Ok(None);
    };
    let history = numbers.history(scope, asked, Kind::Counts).await?;
    let (period, moves) = (asked.period, history.sum(asked));
    Ok(Some(Previous { period, moves }))
}

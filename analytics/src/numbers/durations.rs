//! How long things took: mean and percentiles, to the second.

use serde::Serialize;
use utoipa::ToSchema;

/// How long some tasks took. Percentiles lie between the two nearest values (`percentile_cont` of SQL).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Durations {
    /// How many were measured.
    pub(crate) count: usize,
    pub(crate) mean_seconds: Option<i64>,
    /// Half of them took no longer.
    pub(crate) p50_seconds: Option<i64>,
    /// 85 of 100 took no longer.
    pub(crate) p85_seconds: Option<i64>,
    /// 95 of 100 took no longer.
    pub(crate) p95_seconds: Option<i64>,
}

impl Durations {
    /// Of durations in milliseconds.
    pub(crate) fn of(durations_ms: impl IntoIterator<Item = i64>) -> Self {
        let mut sorted: Vec<i64> = durations_ms.into_iter().collect();
        sorted.sort_unstable();
        Self {
            count: sorted.len(),
            mean_seconds: mean(&sorted),
            p50_seconds: percentile(&sorted, 50),
            p85_seconds: percentile(&sorted, 85),
            p95_seconds: percentile(&sorted, 95),
        }
    }
}

fn mean(durations_ms: &[i64]) -> Option<i64> {
    let count = i128::try_from(durations_ms.len()).ok()?;
    let sum: i128 = durations_ms.iter().copied().map(i128::from).sum();
    rounded(sum, count.checked_mul(1_000)?)
}

/// Of milliseconds in ascending order.
fn percentile(sorted_ms: &[i64], percent: usize) -> Option<i64> {
    let place = sorted_ms.len().checked_sub(1)? * percent;
    let (below, hundredths) = (place / 100, i128::try_from(place % 100).ok()?);
    let low = i128::from(*sorted_ms.get(below)?);
    let high = sorted_ms.get(below + 1).copied().map_or(low, i128::from);
    rounded(low * 100 + (high - low) * hundredths, 100_000)
}

/// The quotient, halves away from zero as SQL rounds.
fn rounded(dividend: i128, divisor: i128) -> Option<i64> {
    let half = divisor / 2 * dividend.signum();
    let quotient = (dividend + half).checked_div(divisor)?;
    i64::try_from(quotient).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_values() {
        let of = Durations::of([4_000, 1_000, 3_000, 2_000]);
        assert_eq!(of.count, 4);
        // 2.5 and 2.5, 3.55, 3.85.
        assert_eq!((of.mean_seconds, of.p50_seconds), (Some(3), Some(3)));
        assert_eq!((of.p85_seconds, of.p95_seconds), (Some(4), Some(4)));
        let far = Durations::of([0, 100_000]);
        assert_eq!(
            (far.p50_seconds, far.p85_seconds, far.p95_seconds),
            (Some(50), Some(85), Some(95))
        );
        assert_eq!(Durations::of([7_499]).p95_seconds, Some(7));
        assert_eq!(Durations::of([]), Durations::default());
    }
}

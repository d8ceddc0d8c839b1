use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn period(from: Option<&str>, to: Option<&str>) -> Option<(String, String)> {
    let period = Period::new(from.map(date), to.map(date), date("2026-03-31")).ok()?;
    Some((period.from.to_string(), period.to.to_string()))
}

fn asked(from: &str, to: &str, zone: &str, granularity: Granularity) -> Asked {
    let period = Period {
        from: date(from),
        to: date(to),
    };
    let zone = TimeZone::try_from(zone.to_owned()).unwrap();
    Asked {
        period,
        zone,
        granularity,
        compare: false,
    }
}

fn lengths(asked: Asked) -> Vec<(String, i64)> {
    let buckets = asked.buckets().into_iter();
    buckets
        .map(|bucket| (bucket.start, (bucket.ends - bucket.begins).num_minutes()))
        .collect()
}

#[test]
fn period_is_the_last_four_weeks_unless_asked_otherwise() {
    let of = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
    assert_eq!(period(None, None), of("2026-03-04", "2026-03-31"));
    assert_eq!(
        period(None, Some("2026-02-28")),
        of("2026-02-01", "2026-02-28")
    );
    assert_eq!(
        period(Some("2026-03-31"), None),
        of("2026-03-31", "2026-03-31")
    );
}

#[test]
fn period_has_an_order_and_an_end() {
    assert_eq!(period(Some("2026-04-01"), None), None);
    assert!(period(Some("2024-01-01"), Some("2024-12-31")).is_some());
    assert_eq!(period(Some("2024-01-01"), Some("2025-01-01")), None);
    assert_eq!(period(Some("-262143-01-01"), Some("+262142-12-31")), None);
    assert_eq!(period(Some("+262142-12-30"), Some("+262142-12-31")), None);
    assert_eq!(period(None, Some("-262143-01-01")), None);
}

#[test]
fn days_are_as_long_as_clocks_make_them() {
    let spring = asked(
        "2026-03-28",
        "2026-03-30",
        "Europe/Berlin",
        Granularity::Day,
    );
    assert_eq!(
        lengths(spring),
        [
            ("2026-03-28T00:00:00+01:00".to_owned(), 24 * 60),
            ("2026-03-29T00:00:00+01:00".to_owned(), 23 * 60),
            ("2026-03-30T00:00:00+02:00".to_owned(), 24 * 60),
        ]
    );
    let autumn = asked(
        "2026-10-25",
        "2026-10-25",
        "Europe/Berlin",
        Granularity::Day,
    );
    assert_eq!(lengths(autumn)[0].1, 25 * 60);
    // Half an hour there, and a day that was not.
    let lord_howe = asked(
        "2026-04-05",
        "2026-04-05",
        "Australia/Lord_Howe",
        Granularity::Day,
    );
    assert_eq!(lengths(lord_howe)[0].1, 24 * 60 + 30);
    let apia = asked("2011-12-29", "2011-12-31", "Pacific/Apia", Granularity::Day);
    let minutes: Vec<i64> = lengths(apia)
        .into_iter()
        .map(|(_, minutes)| minutes)
        .collect();
    assert_eq!(minutes, [24 * 60, 0, 24 * 60]);
}

#[test]
fn hours_of_a_short_day_are_fewer() {
    let spring = asked(
        "2026-03-29",
        "2026-03-29",
        "Europe/Berlin",
        Granularity::Hour,
    );
    let hours = lengths(spring);
    assert_eq!(hours.len(), 23);
    assert_eq!(hours[2].0, "2026-03-29T03:00:00+02:00");
    let kathmandu = asked(
        "2026-03-29",
        "2026-03-29",
        "Asia/Kathmandu",
        Granularity::Hour,
    );
    assert_eq!(lengths(kathmandu).len(), 24);
}

#[test]
fn weeks_and_months_reach_as_far_as_the_period() {
    let dates = |granularity| {
        let asked = asked("2026-02-27", "2026-03-10", "UTC", granularity);
        let buckets = asked.buckets().into_iter();
        buckets
            .map(|bucket| bucket.date.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        dates(Granularity::Week),
        ["2026-02-27", "2026-03-02", "2026-03-09"]
    );
    assert_eq!(dates(Granularity::Month), ["2026-02-27", "2026-03-01"]);
}

#[test]
fn parts_of_any_cut_follow_each_other_without_a_gap() {
    for zone in [
        "UTC",
        "America/New_York",
        "Asia/Kathmandu",
        "Pacific/Chatham",
    ] {
        for granularity in [
            Granularity::Hour,
            Granularity::Day,
            Granularity::Week,
            Granularity::Month,
        ] {
            let asked = asked("2026-03-01", "2026-03-31", zone, granularity);
            let buckets = asked.buckets();
            assert_eq!(buckets[0].begins, asked.begins());
            assert_eq!(buckets.last().unwrap().ends, asked.ends());
            for pair in buckets.windows(2) {
                assert_eq!(pair[0].ends, pair[1].begins);
                assert_eq!(pair[0].ends.timestamp() % 900, 0);
            }
        }
    }
}

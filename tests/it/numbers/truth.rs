//! The same numbers by SQL, from tasks and from what was written down of their changes.

use e2e::Sql;
use serde_json::Value;

use super::STATUSES;

/// Questions about some tasks.
pub(super) struct Truth<'a> {
    sql: &'a Sql,
    /// Which tasks `t`.
    tasks: String,
    zone: &'static str,
    cut: &'static str,
    from: &'static str,
    to: &'static str,
}

/// Numbers by status, part by part.
pub(super) struct Levels {
    pub(super) counts: Vec<[i64; 5]>,
    pub(super) estimates: Vec<[i64; 5]>,
}

/// The numbers of an answer in the order of [`STATUSES`].
pub(super) fn status_counts(by_status: &Value) -> [i64; 5] {
    STATUSES.map(|status| by_status[status].as_i64().unwrap_or(-1))
}

impl<'a> Truth<'a> {
    pub(super) fn of(sql: &'a Sql, tasks: &str, zone: &'static str) -> Self {
        Self {
            sql,
            tasks: tasks.to_owned(),
            zone,
            cut: "day",
            from: "2026-03-20",
            to: "2026-04-12",
        }
    }

    pub(super) fn cut(self, cut: &'static str) -> Self {
        Self { cut, ..self }
    }

    pub(super) fn from(self, from: &'static str, to: &'static str) -> Self {
        Self { from, to, ..self }
    }

    /// Tasks, when work on them began, the parts of the period, and what each task's status was when.
    fn with(&self) -> String {
        let Self {
            tasks,
            zone,
            cut,
            from,
            to,
            ..
        } = self;
        format!(
            "with own as (
                select t.*, (select min(s.at) from steps s where s.id = t.id and s.status in ('in_progress', 'review'))
                    as began_at
                from (select * from tasks t where t.deleted_at is null and {tasks}) t),
             parts as (
                select greatest(first, '{from}'::date) as first,
                    greatest(first, '{from}'::date)::timestamp at time zone '{zone}' as begins,
                    least((first + interval '1 {cut}')::date, '{to}'::date + 1)::timestamp at time zone '{zone}' as ends
                from (select distinct date_trunc('{cut}', d)::date as first
                    from generate_series('{from}'::timestamp, '{to}'::timestamp, interval '1 day') d) f)"
        )
        .replace(
            "with own as (",
            "with steps as (
                select t.id, t.created_at as at, coalesce((select a.changes->'status'->>'from' from activities a
                    where a.task_id = t.id and a.changes ? 'status' order by a.created_at limit 1), t.status) as status
                from tasks t
                union all
                select a.task_id, a.created_at, a.changes->'status'->>'to' from activities a where a.changes ? 'status'),
             own as (",
        )
    }

    async fn rows(&self, select: &str) -> Vec<String> {
        let sql = format!("{} {select}", self.with());
        self.sql.texts(&sql, &[]).await
    }

    /// Tasks of each part by this time; those completed are done.
    pub(super) async fn counted(&self, time: &str) -> Vec<String> {
        self.rows(&format!(
            "select format('%s %s', p.first, (select count(*) from own t where t.{time} >= p.begins and t.{time} < p.ends))
             from parts p order by p.first"
        ))
        .await
    }

    /// Tasks of the whole period by this time.
    pub(super) async fn sum(&self, time: &str) -> i64 {
        let counted = self.counted(time).await;
        let numbers = counted.iter().filter_map(|row| row.split(' ').nth(1));
        numbers.map(|number| number.parse::<i64>().unwrap()).sum()
    }

    /// By a column of tasks: those created in the period, and the estimates of those completed in it.
    pub(super) async fn by(&self, column: &str) -> Vec<String> {
        self.rows(&format!(
            "select format('%s %s %s', t.{column}, count(*) filter (where t.created_at >= p.begins and t.created_at < p.ends),
                coalesce(sum(t.estimate_seconds) filter (where t.completed_at >= p.begins and t.completed_at < p.ends), 0))
             from own t, (select min(begins) as begins, max(ends) as ends from parts) p
             where t.created_at >= p.begins and t.created_at < p.ends
                or t.completed_at >= p.begins and t.completed_at < p.ends
             group by t.{column} order by t.{column}::text collate \"C\""
        ))
        .await
    }

    /// How long tasks of each part took from this time until they were completed.
    pub(super) async fn times(&self, from: &str) -> Vec<String> {
        let took = format!("extract(epoch from t.completed_at - t.{from})");
        let percentile = |share: &str| {
            format!(
                "coalesce(round((percentile_cont({share}) within group (order by {took}::float8))::numeric)::text, '-')"
            )
        };
        let percentiles = ["0.5", "0.85", "0.95"].map(percentile).join(", ");
        self.rows(&format!(
            "select format('%s %s %s %s %s %s', p.first, count({took}), coalesce(round(avg({took}))::text, '-'), {percentiles})
             from parts p left join own t on t.completed_at >= p.begins and t.completed_at < p.ends
             group by p.first order by p.first"
        ))
        .await
    }

    /// How many tasks stood where at the end of each part.
    pub(super) async fn levels(&self) -> Levels {
        let rows = self
            .rows(
                "select format('%s %s %s %s', p.first, coalesce(l.status, 'todo'), count(l.id),
                    coalesce(sum(l.estimate_seconds), 0))
                 from parts p left join lateral (
                    select distinct on (s.id) s.id, s.status, t.estimate_seconds
                    from steps s join own t on t.id = s.id where s.at < p.ends order by s.id, s.at desc) l on true
                 group by p.first, l.status order by p.first",
            )
            .await;
        let mut levels = Levels {
            counts: Vec::new(),
            estimates: Vec::new(),
        };
        let mut part = String::new();
        for row in rows {
            let words: Vec<&str> = row.split(' ').collect();
            if words[0] != part {
                part = words[0].to_owned();
                levels.counts.push([0; 5]);
                levels.estimates.push([0; 5]);
            }
            let status = STATUSES.iter().position(|status| *status == words[1]);
            let status = status.unwrap();
            levels.counts.last_mut().unwrap()[status] = words[2].parse().unwrap();
            levels.estimates.last_mut().unwrap()[status] = words[3].parse().unwrap();
        }
        levels
    }

    /// How many tasks stand where now, and their estimates.
    pub(super) async fn now(&self) -> ([i64; 5], [i64; 5]) {
        let (mut counts, mut estimates) = ([0; 5], [0; 5]);
        for (place, status) in STATUSES.iter().enumerate() {
            let select = format!(
                "select format('%s %s', count(*), coalesce(sum(estimate_seconds), 0)) from own where status = '{status}'"
            );
            let row = self.rows(&select).await.remove(0);
            let (count, estimate) = row.split_once(' ').unwrap();
            counts[place] = count.parse().unwrap();
            estimates[place] = estimate.parse().unwrap();
        }
        (counts, estimates)
    }

    /// By person: open tasks, their estimates, done in the period.
    pub(super) async fn people(&self) -> Vec<String> {
        self.rows(
            "select format('%s %s %s %s', user_id, open, estimate, done) from (
                select a.user_id, count(*) filter (where t.status not in ('done', 'cancelled')) as open,
                    coalesce(sum(t.estimate_seconds) filter (where t.status not in ('done', 'cancelled')), 0) as estimate,
                    count(*) filter (where t.completed_at >= (select min(begins) from parts)
                        and t.completed_at < (select max(ends) from parts)) as done
                from own t join task_assignees a on a.task_id = t.id group by a.user_id) p
             where open > 0 or done > 0 order by 1",
        )
        .await
    }

    /// By person: open tasks and their estimates.
    pub(super) async fn load(&self) -> Vec<String> {
        self.rows(
            "select format('%s %s %s', a.user_id, count(*), coalesce(sum(t.estimate_seconds), 0))
             from own t join task_assignees a on a.task_id = t.id
             where t.status not in ('done', 'cancelled') group by a.user_id order by 1",
        )
        .await
    }

    /// The open tasks that have been where they are for longest.
    pub(super) async fn oldest(&self) -> Vec<String> {
        self.rows(
            "select t.id::text from own t where t.status not in ('done', 'cancelled')
             order by (select max(s.at) from steps s where s.id = t.id) limit 20",
        )
        .await
    }
}

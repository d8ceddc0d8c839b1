//! Which measures, groups and filters go together.

use chrono::NaiveDate;
use httpkit::{FieldError, Problem};

use super::model::{Definition, Filter, Group, Measure};

impl Measure {
    /// Whether it is a measure of tasks.
    const fn of_tasks(self) -> bool {
        !matches!(self, Self::Comments | Self::LinkOpens)
    }

    /// Whether there are rows of `group` with it.
    const fn goes_by(self, group: Group) -> bool {
        match group {
            Group::Day | Group::Week | Group::Month => true,
            Group::Project | Group::Person | Group::Task => !matches!(self, Self::LinkOpens),
            Group::Status | Group::Priority => self.of_tasks(),
            Group::Link | Group::Device | Group::Referrer => matches!(self, Self::LinkOpens),
        }
    }

    /// The first filter that it has nothing to do with.
    fn misses(self, filter: &Filter) -> Option<&'static str> {
        let links = matches!(self, Self::LinkOpens);
        let filters = [
            ("project_id", filter.project_id.is_some(), !links),
            ("user_id", filter.user_id.is_some(), !links),
            ("status", filter.status.is_some(), self.of_tasks()),
            ("priority", filter.priority.is_some(), self.of_tasks()),
            ("link_id", filter.link_id.is_some(), links),
        ];
        let missed = filters.into_iter().find(|(_, given, fits)| *given && !fits);
        missed.map(|(name, ..)| name)
    }
}

impl Definition {
    /// Passes one that makes sense, where the body of a request has it as `definition`; all that is wrong otherwise.
    pub(super) fn check(&self, today: NaiveDate) -> Result<(), Problem> {
        let mut errors = Vec::new();
        for (place, measure) in self.measures.iter().enumerate() {
            let name = measure.as_ref();
            let at = format!("/definition/measures/{place}");
            if self
                .measures
                .iter()
                .take(place)
                .any(|other| other == measure)
            {
                errors.push(FieldError::new(
                    &at,
                    "repeated",
                    format!("`{name}` is there twice"),
                ));
            }
            if !measure.goes_by(self.group_by) {
                let group = self.group_by.as_ref();
                let detail = format!("`{name}` is not counted by {group}");
                errors.push(FieldError::invalid(&at, detail));
            }
            if let Some(filter) = measure.misses(&self.filter) {
                let detail = format!("`{name}` has nothing to do with it");
                errors.push(FieldError::invalid(
                    format!("/definition/filter/{filter}"),
                    detail,
                ));
            }
        }
        if let Err(problem) = self.period.resolve(today) {
            let wrong = problem.body().errors.into_iter();
            errors.extend(wrong.map(|error| FieldError {
                pointer: format!("/definition/period/{}", error.pointer),
                ..error
            }));
        }
        match errors.is_empty() {
            true => Ok(()),
            false => Err(Problem::validation(errors)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(definition: serde_json::Value) -> Vec<String> {
        let definition: Definition = serde_json::from_value(definition).unwrap();
        let checked = definition.check("2026-03-31".parse().unwrap());
        let errors = checked.err().map(|problem| problem.body().errors);
        let errors = errors.unwrap_or_default().into_iter();
        errors.map(|error| error.pointer).collect()
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        let days = json!({"relative": "last_7_days"});
        let of = |measures: &[&str], group: &str, filter: serde_json::Value| {
            wrong(
                json!({"measures": measures, "group_by": group, "filter": filter, "period": days}),
            )
        };
        let id = "0192aaaa-0000-7000-8000-000000000001";
        let nothing = Vec::<String>::new();
        assert_eq!(
            of(&["tasks_done", "comments", "link_opens"], "day", json!({})),
            nothing
        );
        assert_eq!(
            of(&["lead_time"], "status", json!({"priority": "low"})),
            nothing
        );
        assert_eq!(
            of(&["link_opens"], "referrer", json!({"link_id": id})),
            nothing
        );
        assert_eq!(
            of(&["tasks_done", "tasks_done"], "task", json!({})),
            ["/definition/measures/1"]
        );
        assert_eq!(
            of(&["comments"], "status", json!({})),
            ["/definition/measures/0"]
        );
        assert_eq!(
            of(&["tasks_done", "link_opens"], "device", json!({})),
            ["/definition/measures/0"]
        );
        assert_eq!(
            of(&["link_opens"], "day", json!({"user_id": id})),
            ["/definition/filter/user_id"]
        );
        let both = json!({"relative": "this_month", "from": "2026-03-01"});
        let long = json!({"from": "2024-03-01", "to": "2026-03-01"});
        for (period, at) in [(json!({}), "relative"), (both, "relative"), (long, "from")] {
            let definition = json!({"measures": ["comments"], "group_by": "day", "period": period});
            assert_eq!(wrong(definition), [format!("/definition/period/{at}")]);
        }
    }
}

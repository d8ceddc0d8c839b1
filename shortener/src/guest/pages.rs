//! The guest's pages: rendered here, without script, readable on a phone, in light and dark.
//!
//! The description is the members' Markdown. It reaches the page only through the sanitiser, and
//! without images: one on another server would tell that server about the guest.

use std::collections::HashSet;

use ammonia::UrlRelative;
use chrono::{DateTime, Utc};
use kernel::secret::sha256;
use minijinja::{AutoEscape, Environment, Value, context};
use pulldown_cmark::{Options, Parser};

use super::shared::SharedTask;

const STYLE: &str = include_str!("assets/guest.css");
const TEMPLATES: [(&str, &str); 4] = [
    ("base.html", include_str!("templates/base.html")),
    ("task.html", include_str!("templates/task.html")),
    ("password.html", include_str!("templates/password.html")),
    ("message.html", include_str!("templates/message.html")),
];

/// A page to be rendered.
pub(super) enum Page {
    Task(Box<TaskView>),
    Password {
        wrong: bool,
    },
    Message {
        title: &'static str,
        text: &'static str,
    },
}

/// A task as its page shows it; what it has not is empty.
pub(super) struct TaskView {
    key: String,
    title: String,
    description_html: String,
    status: String,
    priority: String,
    due_date: String,
    updated_at: String,
    expires_at: String,
}

impl Page {
    pub(super) const LANDING: Self = Self::Message {
        title: "Shared with you",
        text: "Somebody shares a task with you. Open the link in a browser to see it.",
    };
    pub(super) const MISSING: Self = Self::Message {
        title: "This link does not work",
        text: "It may be mistyped, or the person who shared it took it back.",
    };
    pub(super) const ENDED: Self = Self::Message {
        title: "This link has ended",
        text: "Its time is over, or it was opened as often as it may be. Ask the person who shared it for a new one.",
    };
    pub(super) const THROTTLED: Self = Self::Message {
        title: "Too many attempts",
        text: "Wait a while, then try the password again.",
    };
    pub(super) const UNAVAILABLE: Self = Self::Message {
        title: "Not available at the moment",
        text: "Please try again in a few minutes.",
    };
    pub(super) const FAILED: Self = Self::Message {
        title: "That did not work",
        text: "Please open the link again.",
    };

    pub(super) fn task(task: &SharedTask, expires_at: Option<DateTime<Utc>>) -> Self {
        let description = task.description.as_deref().unwrap_or_default();
        Self::Task(Box::new(TaskView {
            key: task.key.clone(),
            title: task.title.clone(),
            description_html: markdown(description),
            status: task.status.clone(),
            priority: task.priority.clone(),
            due_date: task
                .due_date
                .map(|date| date.to_string())
                .unwrap_or_default(),
            updated_at: moment(task.updated_at),
            expires_at: expires_at.map(moment).unwrap_or_default(),
        }))
    }
}

impl TaskView {
    fn values(&self) -> Value {
        context! {
            key => self.key.as_str(),
            title => self.title.as_str(),
            description => Value::from_safe_string(self.description_html.clone()),
            status => self.status.as_str(),
            status_label => label(&self.status),
            priority => self.priority.as_str(),
            priority_label => label(&self.priority),
            due_date => self.due_date.as_str(),
            updated_at => self.updated_at.as_str(),
            expires_at => self.expires_at.as_str(),
        }
    }
}

/// Renders pages.
pub(crate) struct Pages {
    templates: Environment<'static>,
    style_file: String,
}

impl Pages {
    pub(crate) fn new() -> Result<Self, minijinja::Error> {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        for (name, source) in TEMPLATES {
            templates.add_template(name, source)?;
        }
        let hash = sha256(STYLE)
            .iter()
            .take(6)
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        Ok(Self {
            templates,
            style_file: format!("guest-{hash}.css"),
        })
    }

    pub(super) fn render(&self, page: &Page) -> Result<String, minijinja::Error> {
        let (name, values) = match page {
            Page::Task(task) => ("task.html", task.values()),
            Page::Password { wrong } => ("password.html", context! { wrong => *wrong }),
            Page::Message { title, text } => {
                ("message.html", context! { title => *title, text => *text })
            }
        };
        let style = format!("/s/assets/{}", self.style_file);
        let values = context! { style, ..values };
        self.templates.get_template(name)?.render(values)
    }

    /// The stylesheet, if `file` is its name.
    pub(super) fn style(&self, file: &str) -> Option<&'static str> {
        (file == self.style_file).then_some(STYLE)
    }
}

fn markdown(text: &str) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, Parser::new_ext(text, options));
    ammonia::Builder::default()
        .rm_tags(["img"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean(&html)
        .to_string()
}

/// `in_progress` → `In progress`.
fn label(word: &str) -> String {
    let text = word.replace('_', " ");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => text,
    }
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn page(title: &str, description: &str) -> String {
        let task = SharedTask {
            key: "APO-12".to_owned(),
            title: title.to_owned(),
            description: Some(description.to_owned()),
            status: "in_progress".to_owned(),
            priority: "high".to_owned(),
            due_date: NaiveDate::from_ymd_opt(2026, 3, 1),
            updated_at: DateTime::UNIX_EPOCH,
        };
        Pages::new()
            .unwrap()
            .render(&Page::task(&task, None))
            .unwrap()
    }

    #[test]
    fn markdown_is_rendered_and_nothing_else_gets_through() {
        let hostile = "**bold** [x](javascript:alert(1)) ![i](https://spy.test/i.png)\n\n\
            <script>alert(1)</script><a href=\"https://a.test\" onclick=\"x()\">a</a><style>*{}</style>";
        let html = page("<b>t</b>", hostile);
        assert!(html.contains("<strong>bold</strong>"), "{html}");
        assert!(
            html.contains("&lt;b&gt;t&lt;/b&gt;") || html.contains("&lt;b&gt;t&lt;&#x2f;b&gt;"),
            "{html}"
        );
        for banned in [
            "javascript:",
            "spy.test",
            "<script",
            "onclick",
            "alert(1)",
            "<style",
            "<b>t",
        ] {
            assert!(!html.contains(banned), "{banned} in {html}");
        }
        assert!(
            html.contains("rel=\"noopener noreferrer nofollow\""),
            "{html}"
        );
    }

    #[test]
    fn pages_need_no_script_and_no_inline_style() {
        let pages = Pages::new().unwrap();
        let all = [
            page("t", "d"),
            pages.render(&Page::Password { wrong: true }).unwrap(),
            pages.render(&Page::MISSING).unwrap(),
        ];
        for html in all {
            assert!(
                !html.contains("<script") && !html.contains("style=\""),
                "{html}"
            );
            assert!(
                html.contains(&format!("href=\"/s/assets/{}\"", pages.style_file)),
                "{html}"
            );
        }
    }
}

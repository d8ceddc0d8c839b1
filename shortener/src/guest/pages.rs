//! The guest's pages: rendered here, readable without script on a phone, in light and dark.
//!
//! Descriptions and comments are the members' Markdown. It reaches the page only through the sanitiser, and
//! without images: one on another server would tell that server about the guest.

use std::collections::HashSet;

use ammonia::UrlRelative;
use chrono::{DateTime, Utc};
use kernel::secret::sha256;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use pulldown_cmark::{Options, Parser};

use super::shared::SharedThing;

const STYLE: &str = include_str!("assets/guest.css");
const SCRIPT: &str = include_str!("assets/board.js");
const TEMPLATES: [(&str, &str); 9] = [
    ("base.html", include_str!("templates/base.html")),
    ("cards.html", include_str!("templates/cards.html")),
    ("task.html", include_str!("templates/task.html")),
    ("board.html", include_str!("templates/board.html")),
    ("project.html", include_str!("templates/project.html")),
    ("view.html", include_str!("templates/view.html")),
    ("landing.html", include_str!("templates/landing.html")),
    ("password.html", include_str!("templates/password.html")),
    ("message.html", include_str!("templates/message.html")),
];

/// A page to be rendered.
pub(super) enum Page<'a> {
    Shared {
        shared: &'a SharedThing,
        expires_at: Option<DateTime<Utc>>,
    },
    /// For previews, with the title of what everybody who has the link may see.
    Landing {
        title: Option<String>,
    },
    Password {
        wrong: bool,
    },
    Message {
        title: &'static str,
        text: &'static str,
    },
}

impl Page<'static> {
    pub(super) const MISSING: Self = Self::Message {
        title: "This link does not work",
        text: "It may be mistyped, or the person who shared it took it back.",
    };
    pub(super) const NOT_STARTED: Self = Self::Message {
        title: "This link does not work yet",
        text: "Its time has not come. Ask the person who shared it when it has.",
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
}

/// A file that pages need. Its name changes with its content.
struct Asset {
    file: String,
    kind: &'static str,
    text: &'static str,
}

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, text: &'static str) -> Self {
        let hash = sha256(text)
            .iter()
            .take(6)
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        Self {
            file: format!("{name}-{hash}.{ending}"),
            kind,
            text,
        }
    }

    fn path(&self) -> String {
        format!("/s/assets/{}", self.file)
    }
}

/// Renders pages.
pub(crate) struct Pages {
    templates: Environment<'static>,
    style: Asset,
    script: Asset,
}

impl Pages {
    pub(crate) fn new() -> Result<Self, minijinja::Error> {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates.add_filter("label", |word: String| label(&word));
        templates.add_filter("markdown", |text: String| {
            Value::from_safe_string(markdown(&text))
        });
        templates.add_filter("moment", |at: String| moment(&at));
        for (name, source) in TEMPLATES {
            templates.add_template(name, source)?;
        }
        Ok(Self {
            templates,
            style: Asset::new("guest", "css", "text/css; charset=utf-8", STYLE),
            script: Asset::new("board", "js", "text/javascript; charset=utf-8", SCRIPT),
        })
    }

    pub(super) fn render(&self, page: &Page<'_>) -> Result<String, minijinja::Error> {
        let (name, values) = match page {
            Page::Shared { shared, expires_at } => {
                let name = match shared {
                    SharedThing::Task(_) => "task.html",
                    SharedThing::Board(_) => "board.html",
                    SharedThing::Project(_) => "project.html",
                    SharedThing::View(_) => "view.html",
                };
                let shared = Value::from(Serde(shared));
                let script = self.script.path();
                let expires_at = Value::from(Serde(expires_at));
                (name, context! { shared, script, expires_at })
            }
            Page::Landing { title } => ("landing.html", context! { shared_title => title }),
            Page::Password { wrong } => ("password.html", context! { wrong => *wrong }),
            Page::Message { title, text } => {
                ("message.html", context! { title => *title, text => *text })
            }
        };
        let values = context! { style => self.style.path(), ..values };
        self.templates.get_template(name)?.render(values)
    }

    /// Type and text of the file of this name.
    pub(super) fn asset(&self, file: &str) -> Option<(&'static str, &'static str)> {
        let all = [&self.style, &self.script];
        let asset = all.into_iter().find(|asset| asset.file == file)?;
        Some((asset.kind, asset.text))
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

/// A time as the API tells it, for people.
fn moment(at: &str) -> String {
    let at = at.parse::<DateTime<Utc>>();
    at.map_or_else(
        |_| String::new(),
        |at| at.format("%-d %B %Y, %H:%M UTC").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, from_value, json};

    use super::*;

    const HOSTILE: &str = "**bold** [x](javascript:alert(1)) ![i](https://spy.test/i.png)\n\n\
        <script>alert(1)</script><a href=\"https://a.test\" onclick=\"x()\">a</a><style>*{}</style>";

    fn card(title: &str) -> Json {
        json!({"key": "APO-12", "title": title, "status": "in_progress", "priority": "high",
            "due_date": "2026-03-01", "people": ["<b>Ada</b>"]})
    }

    fn things(title: &str, text: &str) -> [SharedThing; 4] {
        let mut task = card(title);
        task["description"] = json!(text);
        task["updated_at"] = json!("1970-01-01T00:00:00Z");
        let comment = json!({"author": title, "body": text, "created_at": "1970-01-01T00:00:00Z"});
        task["comments"] = json!([comment]);
        let column = json!({"name": title, "total": 3, "cards": [card(title)]});
        let board = json!({"name": title, "description": text, "columns": [column]});
        let project = json!({"key": "APO", "name": title, "description": text, "status": "active",
            "totals": [{"status": "todo", "total": 3}], "tasks": [card(title)]});
        let view = json!({"name": title, "more": true, "tasks": [card(title)]});
        [
            SharedThing::Task(from_value(task).unwrap()),
            SharedThing::Board(from_value(board).unwrap()),
            SharedThing::Project(from_value(project).unwrap()),
            SharedThing::View(from_value(view).unwrap()),
        ]
    }

    fn page(shared: &SharedThing) -> String {
        let expires_at = Some(DateTime::UNIX_EPOCH);
        let page = Page::Shared { shared, expires_at };
        Pages::new().unwrap().render(&page).unwrap()
    }

    #[test]
    fn markdown_is_rendered_and_nothing_else_gets_through() {
        for thing in things("<b>t</b>", HOSTILE) {
            let html = page(&thing);
            let has_text = !matches!(thing, SharedThing::View(_));
            assert_eq!(html.contains("<strong>bold</strong>"), has_text, "{html}");
            assert!(html.contains("&lt;b&gt;t&lt;"), "{html}");
            for banned in [
                "javascript:",
                "spy.test",
                "<script>",
                "onclick",
                "alert(1)",
                "<style",
                "<b>t",
                "<b>Ada",
            ] {
                assert!(!html.contains(banned), "{banned} in {html}");
            }
            let link = "rel=\"noopener noreferrer nofollow\"";
            assert_eq!(html.contains(link), has_text, "{html}");
            assert!(html.contains("until 1 January 1970, 00:00 UTC"), "{html}");
        }
    }

    #[test]
    fn pages_tell_what_they_show() {
        let [task, board, project, view] = things("Fuel", "text").map(|thing| page(&thing));
        assert!(
            task.contains("<title>APO-12 Fuel · Tenantry</title>"),
            "{task}"
        );
        assert!(
            task.contains("In progress") && task.contains("Comments"),
            "{task}"
        );
        assert!(
            board.contains("and 2 more") && board.contains("class=\"board\""),
            "{board}"
        );
        assert!(
            project.contains("To do") || project.contains("Todo"),
            "{project}"
        );
        assert!(view.contains("more than are shown"), "{view}");
        for html in [&task, &board, &project, &view] {
            // What people see after a password is no preview for others.
            assert!(
                html.contains("og:title\" content=\"Shared with you\""),
                "{html}"
            );
        }
    }

    #[test]
    fn pages_need_no_script_and_nothing_of_others() {
        let pages = Pages::new().unwrap();
        let [task, board, project, view] = things("t", "d").map(|thing| page(&thing));
        let form = pages.render(&Page::Password { wrong: true }).unwrap();
        let missing = pages.render(&Page::MISSING).unwrap();
        let title = Some("<i>x</i>".to_owned());
        let landing = pages.render(&Page::Landing { title }).unwrap();
        assert!(landing.contains("&lt;i&gt;x"), "{landing}");
        for html in [&task, &board, &project, &view, &form, &missing, &landing] {
            assert!(
                !html.contains("style=\"") && !html.contains("http"),
                "{html}"
            );
            let style = format!("href=\"{}\"", pages.style.path());
            assert!(html.contains(&style), "{html}");
            let scripts = html.matches("<script").count();
            let own = html.contains(&format!("<script src=\"{}\" defer>", pages.script.path()));
            let board = html.contains("data-live");
            assert_eq!((scripts, own), (usize::from(board), board), "{html}");
        }
    }
}

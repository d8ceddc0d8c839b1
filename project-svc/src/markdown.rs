//! Markdown as people write it: whom it names, which tasks it speaks of, and how it looks as HTML that cannot harm.
//!
//! HTML inside Markdown is shown as text; what is left goes through ammonia all the same.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use ammonia::UrlRelative;
use kernel::{TaskId, UserId};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

/// Of one text, how many people and how many tasks count.
const MOST_NAMED: usize = 50;
/// Begins the address of a mention, `@[Ada](user:0192…)`.
const USER: &str = "user:";
/// Between the name and the address of a mention.
const MENTIONED: &str = "](user:";
const SOMEBODY: &str = "somebody";

/// Whom a text names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mentions {
    /// By id, as editors write it.
    pub(crate) ids: BTreeSet<UserId>,
    /// By name behind an `@`, in lower case and without blanks.
    pub(crate) names: BTreeSet<String>,
}

/// Addresses of the tasks that exist, by key.
pub(crate) type Links = BTreeMap<String, TaskId>;

/// Whom the text names outside of code.
pub(crate) fn mentions(text: &str) -> Mentions {
    let mut found = Mentions::default();
    let mut links = 0_usize;
    for event in outside_code(text) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                links += 1;
                let id = dest_url.strip_prefix(USER);
                let id: Option<UserId> = id.and_then(|id| id.parse().ok());
                let room = found.ids.len() < MOST_NAMED;
                found.ids.extend(id.filter(|_| room));
            }
            Event::End(TagEnd::Link) => links = links.saturating_sub(1),
            Event::Text(text) if links == 0 => {
                let names = names(&text).take(MOST_NAMED.saturating_sub(found.names.len()));
                found.names.extend(names);
            }
            _ => {}
        }
    }
    found
}

/// The text with somebody instead of everybody whom it mentions as editors write it, `@[Ada](user:0192…)`.
pub(crate) fn without_people(text: &str) -> String {
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once(MENTIONED) {
        let Some((id, behind)) = after.split_once(')') else {
            kept.extend([before, MENTIONED]);
            rest = after;
            break;
        };
        let name = before.rfind('[').filter(|_| id.parse::<UserId>().is_ok());
        match name.and_then(|at| before.get(..at)) {
            Some(before) => kept.extend([before, SOMEBODY]),
            None => kept.extend([before, MENTIONED, id, ")"]),
        }
        rest = behind;
    }
    kept + rest
}

/// Keys of tasks that the text speaks of outside of code and links.
pub(crate) fn keys(text: &str) -> BTreeSet<String> {
    let mut links = 0_usize;
    let mut found = BTreeSet::new();
    for event in outside_code(text) {
        match event {
            Event::Start(Tag::Link { .. }) => links += 1,
            Event::End(TagEnd::Link) => links = links.saturating_sub(1),
            Event::Text(text) if links == 0 => {
                let keys = words(&text).filter(|(_, word)| is_key(word));
                found.extend(keys.map(|(_, key)| key.to_owned()).take(MOST_NAMED));
            }
            _ => {}
        }
    }
    found.into_iter().take(MOST_NAMED).collect()
}

/// The text as HTML, with links for the keys of tasks.
pub(crate) fn html(text: &str, links: &Links) -> String {
    let mut events = Vec::new();
    // Where no links are made: in code, and in links.
    let (mut code, mut link, mut open) = (false, false, Vec::new());
    for event in Parser::new_ext(text, options()) {
        match event {
            Event::Start(Tag::Link { ref dest_url, .. }) if !is_outside(dest_url) => {
                // A person, or an address that leads nowhere from here: only its text is left.
                let person: Option<UserId> =
                    dest_url.strip_prefix(USER).and_then(|id| id.parse().ok());
                let tag = person.map(|id| format!(r#"<span class="mention" title="{id}">"#));
                open.push(tag.is_some());
                events.extend(tag.map(|tag| Event::InlineHtml(tag.into())));
            }
            Event::Start(Tag::Link { .. }) => {
                link = true;
                events.push(event);
            }
            Event::End(TagEnd::Link) if !open.is_empty() => {
                let person = open.pop() == Some(true);
                events.extend(person.then(|| Event::InlineHtml("</span>".into())));
            }
            Event::End(TagEnd::Link) => {
                link = false;
                events.push(event);
            }
            Event::Start(Tag::CodeBlock(_)) => {
                code = true;
                events.push(event);
            }
            Event::End(TagEnd::CodeBlock) => {
                code = false;
                events.push(event);
            }
            Event::Html(text) | Event::InlineHtml(text) => events.push(Event::Text(text)),
            Event::Text(text) if !code && !link => linked(&text, links, &mut events),
            other => events.push(other),
        }
    }
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events.into_iter());
    sanitised(&html)
}

fn sanitised(html: &str) -> String {
    ammonia::Builder::default()
        .rm_tags(["img"])
        .add_tags(["input"])
        .add_tag_attributes("input", ["type", "checked", "disabled"])
        .add_allowed_classes("span", ["mention"])
        .add_allowed_classes("a", ["task"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean(html)
        .to_string()
}

/// Text with links in the place of keys.
fn linked<'t>(text: &str, links: &Links, events: &mut Vec<Event<'t>>) {
    let mut end = 0;
    let plain = |range: Range<usize>| CowStr::from(text.get(range).unwrap_or_default().to_owned());
    for (at, word) in words(text) {
        let Some(task) = links.get(word) else {
            continue;
        };
        events.push(Event::Text(plain(end..at)));
        let link = format!(r#"<a class="task" href="/tasks/{task}">{word}</a>"#);
        events.push(Event::InlineHtml(link.into()));
        end = at + word.len();
    }
    events.push(Event::Text(plain(end..text.len())));
}

fn outside_code(text: &str) -> impl Iterator<Item = Event<'_>> {
    let mut code = false;
    Parser::new_ext(text, options()).filter(move |event| {
        match event {
            Event::Start(Tag::CodeBlock(_)) => code = true,
            Event::End(TagEnd::CodeBlock) => code = false,
            _ => {}
        }
        !code
    })
}

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// An address that a link may lead to.
fn is_outside(address: &str) -> bool {
    let scheme = address
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| matches!(scheme.as_str(), "http" | "https" | "mailto"))
}

/// Names behind an `@` that begins a word.
fn names(text: &str) -> impl Iterator<Item = String> + '_ {
    text.match_indices('@').filter_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '@') {
            return None;
        }
        let rest = text.get(at + 1..)?;
        let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '-' | '_'));
        let name = rest
            .get(..end.unwrap_or(rest.len()))?
            .trim_end_matches(['.', '-', '_']);
        (!name.is_empty() && name.len() <= 200).then(|| name.to_lowercase())
    })
}

/// Words of letters, digits and hyphens, and where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '/' | '.'))
        .filter_map(move |part| {
            let begins = text.len().min(at);
            at += part.len()
                + text
                    .get(begins + part.len()..)?
                    .chars()
                    .next()
                    .map_or(0, char::len_utf8);
            let word = part.trim_end_matches('.');
            (!word.is_empty()).then_some((begins, word))
        })
}

/// `APO-12`, as the key is written everywhere.
fn is_key(word: &str) -> bool {
    let Some((project, number)) = word.split_once('-') else {
        return false;
    };
    (2..=10).contains(&project.len())
        && project.starts_with(|c: char| c.is_ascii_uppercase())
        && project
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && (1..=9).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &str = "0192aaaa-0000-7000-8000-000000000001";

    #[test]
    fn who_is_mentioned_can_be_left_out() {
        let ada = "0192aaaa-0000-7000-8000-000000000001";
        for (text, left) in [
            (
                format!("ask @[Ada Lovelace](user:{ada})!"),
                "ask @somebody!",
            ),
            (
                format!("@[A](user:{ada}) @[B](user:{ada})"),
                "@somebody @somebody",
            ),
            (
                "[docs](https://a.test)".to_owned(),
                "[docs](https://a.test)",
            ),
            ("[x](user:y)".to_owned(), "[x](user:y)"),
            ("[x](user:y".to_owned(), "[x](user:y"),
            ("nobody".to_owned(), "nobody"),
        ] {
            assert_eq!(without_people(&text), left);
        }
    }

    #[test]
    fn people_are_named_by_id_or_by_name_outside_of_code() {
        let found = mentions(&format!(
            "@ada and @Bob.Smith, @[Ada L](user:{ADA}) `@code` me@example.com @@x\n\n```\n@block\n```\n@日本."
        ));
        assert_eq!(
            found
                .ids
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            [ADA]
        );
        let names: Vec<&str> = found.names.iter().map(String::as_str).collect();
        assert_eq!(names, ["ada", "bob.smith", "日本"]);
        let many: String = (0..99).map(|turn| format!("@n{turn} ")).collect();
        assert_eq!(mentions(&many).names.len(), MOST_NAMED);
    }

    #[test]
    fn keys_become_links_where_the_task_exists() {
        let text =
            "See APO-12, (APO-13). UTF-8 `APO-14` [APO-15](https://example.com) xAPO-12 APO-12/x";
        assert_eq!(
            keys(text).into_iter().collect::<Vec<_>>(),
            ["APO-12", "APO-13", "UTF-8"]
        );
        let task: TaskId = ADA.parse().unwrap();
        let html = html(text, &Links::from([("APO-12".to_owned(), task)]));
        assert_eq!(html.matches("<a ").count(), 2, "{html}");
        assert!(html.contains(&format!("href=\"/tasks/{ADA}\"")), "{html}");
        assert!(
            html.contains("xAPO-12 APO-12/x") && html.contains("UTF-8"),
            "{html}"
        );
    }

    #[test]
    fn nothing_harmful_is_left() {
        for text in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](data:text/html,x)",
            "[x](//evil.example)",
            "[x](/api/v1/auth/logout)",
            "![x](https://evil.example/pixel)",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<https://example.com/\" onmouseover=\"alert(1)>",
            "<svg/onload=alert(1)>",
            "<span class=\"mention\" style=\"position:fixed\">x</span>",
            "[x](user:nobody)",
            &format!("[<b onclick=x>](user:{ADA})"),
        ] {
            let html = html(text, &Links::new());
            // What is inside tags; the rest is text, whatever it looks like.
            let tags: Vec<&str> = html
                .split('<')
                .skip(1)
                .filter_map(|tag| tag.split('>').next())
                .collect();
            for tag in tags {
                let name = tag.trim_start_matches('/').split(' ').next();
                assert!(matches!(name, Some("p" | "a" | "span")), "{text}: {html}");
                for bad in [
                    "javascript:",
                    "data:",
                    "href=\"/",
                    "user:",
                    "onmouseover=\"",
                    "style=",
                ] {
                    assert!(!tag.to_lowercase().contains(bad), "{text}: {html}");
                }
            }
        }
    }

    #[test]
    fn markdown_is_shown() {
        let html = html(
            &format!("**bold** @[Ada](user:{ADA})\n\n- [x] done\n\n[site](https://example.com)"),
            &Links::new(),
        );
        for part in [
            "<strong>bold</strong>",
            "class=\"mention\"",
            ">Ada</span>",
            "checkbox",
            "rel=\"noopener noreferrer nofollow\"",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_rendered(text in r"[@A-Z0-9a-z\[\]()<>`*#:/. \n-]{0,80}|\PC{0,40}") {
            let _ = (html(&text, &Links::new()), mentions(&text), keys(&text));
        }
    }
}

//! Where a link to an address leads: a page of the organization's own host and nowhere else. What is kept is the
//! path, so that a redirect cannot leave the host, whatever the host is called by then.

use url::Url;

const MAX_BYTES: usize = 2_000;
/// Links would lead in circles, and requests of the API are no pages.
const NO_PAGES: [&str; 3] = ["/s", "/api", "/internal"];

/// The path, with query and fragment, of an address on the host of `origin`. `None` for any other address.
pub(super) fn path_on(origin: &str, address: &str) -> Option<String> {
    let plain = address
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if !plain || address.len() > MAX_BYTES {
        return None;
    }
    let origin = Url::parse(origin).ok()?;
    let is_path = address.starts_with('/') && !address.starts_with("//");
    let url = match is_path {
        true => origin.join(address).ok()?,
        false => Url::parse(address).ok()?,
    };
    let own =
        url.origin() == origin.origin() && url.username().is_empty() && url.password().is_none();
    let path = url.path();
    let page = |prefix: &&str| !(path == *prefix || path.starts_with(&format!("{prefix}/")));
    // A second slash would make what follows a host; an encoded one some servers read as one.
    let escapes = path.starts_with("//") || path.to_ascii_lowercase().contains("%2f");
    if !own || escapes || !NO_PAGES.iter().all(page) {
        return None;
    }
    let whole = url
        .as_str()
        .strip_prefix(&url.origin().ascii_serialization())?;
    Some(whole.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OWN: &str = "https://acme.pm.test";

    #[test]
    fn pages_of_the_own_host_are_kept_as_paths() {
        for (address, path) in [
            ("/", "/"),
            ("/projects/1?tab=board#c2", "/projects/1?tab=board#c2"),
            ("https://acme.pm.test/projects/1", "/projects/1"),
            ("https://acme.pm.test:443/x", "/x"),
            ("https://acme.pm.test", "/"),
            ("HTTPS://ACME.pm.test/x", "/x"),
            ("/a/../b", "/b"),
            (
                "/reports?next=https://evil.test",
                "/reports?next=https://evil.test",
            ),
            ("/status", "/status"),
        ] {
            assert_eq!(path_on(OWN, address).as_deref(), Some(path), "{address}");
        }
    }

    #[test]
    fn every_other_address_is_refused() {
        for address in [
            "",
            "projects",
            "//evil.test",
            "///evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/a/..//evil.test",
            "/%2f/evil.test",
            "/%2Fevil.test",
            "https://evil.test/",
            "https://acme.pm.test.evil.test/",
            "https://acme.pm.test@evil.test/",
            "https://evil@acme.pm.test/",
            "http://acme.pm.test/",
            "https://acme.pm.test:444/",
            "https://globex.pm.test/",
            "https://pm.test/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "/x\r\nSet-Cookie: a=b",
            "/x y",
            "/s/2222222222222222222222",
            "/x/../s/2222222222222222222222",
            "/s",
            "/api/v1/tasks",
            "/internal/v1/x",
        ] {
            assert_eq!(path_on(OWN, address), None, "{address}");
        }
        assert_eq!(path_on(OWN, &format!("/{}", "x".repeat(MAX_BYTES))), None);
    }

    proptest! {
        /// Whatever is accepted, a browser on the own host stays there.
        #[test]
        fn nothing_leads_off_the_host(address in "[/\\\\.:@%?#a-z2f]{0,12}(evil\\.test)?[/a-z]{0,4}") {
            if let Some(path) = path_on(OWN, &address) {
                let at = Url::parse(OWN).unwrap().join("/s/code").unwrap().join(&path).unwrap();
                prop_assert_eq!(at.origin().ascii_serialization(), OWN);
            }
        }
    }
}

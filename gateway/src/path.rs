//! Which paths may be looked at at all. A path that two programs could read in two ways is refused, so that
//! what was checked here is what the service sees.

/// Longest request target: path and query.
pub(crate) const TARGET_BYTES: usize = 8 * 1024;

/// Whether a path has one reading: no empty or dot segments, no backslash, and no escape that hides one of
/// these, a separator, a control character or another escape.
pub(crate) fn is_plain(path: &str) -> bool {
    path.starts_with('/')
        && !path.contains("//")
        && !path.contains('\\')
        && decoded(path).is_some_and(|decoded| {
            decoded
                .split(|byte| *byte == b'/')
                .all(|segment| !is_dots(segment))
        })
}

/// The path without its escapes; `None` where one of them is broken or hides something.
fn decoded(path: &str) -> Option<Vec<u8>> {
    let mut bytes = path.bytes();
    let mut decoded = Vec::with_capacity(path.len());
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => {
                let escaped = hex(bytes.next()?)? * 16 + hex(bytes.next()?)?;
                let hides = matches!(escaped, b'.' | b'/' | b'\\' | b'%' | b';')
                    || escaped.is_ascii_control();
                (!hides).then_some(escaped)?
            }
            byte => (byte.is_ascii_graphic()).then_some(byte)?,
        };
        decoded.push(byte);
    }
    Some(decoded)
}

/// `.` and `..`, also with parameters (`..;x`), which some servers cut off.
fn is_dots(segment: &[u8]) -> bool {
    let name = segment
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default();
    name == b"." || name == b".."
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_with_one_reading_pass() {
        for path in [
            "/",
            "/api/v1/tasks",
            "/api/v1/tasks/",
            "/s/a_b-C~1",
            "/.well-known/jwks.json",
            "/a%20b",
            "/a...b",
        ] {
            assert!(is_plain(path), "{path}");
        }
    }

    #[test]
    fn paths_with_two_readings_are_refused() {
        for path in [
            "",
            "*",
            "api",
            "//internal",
            "/api//v1",
            "/api/v1/../internal",
            "/..",
            "/./a",
            "/a/..;/b",
            "/..;x=1/b",
            "/%2e%2e/internal",
            "/%2E./a",
            "/a%2fb",
            "/a%2Fb",
            "/a%00",
            "/a%5cb",
            "/a\\b",
            "/a%252e",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a b",
            "/a%0d%0ab",
            "/\u{e9}",
            "/a%3b/b",
        ] {
            assert!(!is_plain(path), "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_path_has_no_dot_segment_however_often_it_is_decoded(path in "/([a-z./%;25ef\\\\]{0,12})") {
            if is_plain(&path) {
                let mut text = path;
                for _ in 0..3 {
                    prop_assert!(!text.contains("/../") && !text.ends_with("/..") && !text.contains("//"));
                    text = text.replace("%2e", ".").replace("%2f", "/").replace("%25", "%").replace("%5c", "/");
                }
            }
        }
    }
}

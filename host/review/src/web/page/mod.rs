//! The page: files that stand in the program. What is reviewed comes as JSON and is put up as text only.

/// A part of the page, with its kind.
pub(super) fn part(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "" => ("text/html; charset=utf-8", include_str!("page.html")),
        "page.css" => ("text/css; charset=utf-8", include_str!("page.css")),
        "page.js" => ("text/javascript; charset=utf-8", include_str!("page.js")),
        "diff.js" => ("text/javascript; charset=utf-8", include_str!("diff.js")),
        "files.js" => ("text/javascript; charset=utf-8", include_str!("files.js")),
        _ => return None,
    })
}

//! A run as one page that any browser shows, without network. The data stands in it as JSON and is put on the
//! page as text only: what a log holds never becomes markup.

use massgen_logs::facts::Facts;
use massgen_logs::timeline::Timeline;
use serde_json::{Value, json};

/// What the page shows.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Everything measured.
    pub facts: &'a Facts,
    /// The picture.
    pub timeline: &'a Timeline,
    /// A report as JSON (`analysis/1`), if there is one.
    pub analysis: Option<&'a Value>,
}

const HTML: &str = include_str!("page.html");
const CSS: &str = include_str!("page.css");
const JS: &str = include_str!("page.js");

/// Renders the page.
pub fn render(page: &Page<'_>) -> String {
    let analysis = page.analysis.map(|analysis| {
        let mut analysis = analysis.clone();
        if let Some(object) = analysis.as_object_mut() {
            object.remove("facts");
            object.remove("problems");
        }
        analysis
    });
    let data = json!({"facts": page.facts, "timeline": page.timeline, "analysis": analysis});
    // `<` would let a text end the script, U+2028 a line of it.
    let data = data
        .to_string()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    let mut parts = HTML.split("@@");
    let mut out = String::with_capacity(data.len() + CSS.len() + JS.len() + HTML.len());
    out.push_str(parts.next().unwrap_or_default());
    for (content, part) in [CSS, data.as_str(), JS].into_iter().zip(parts) {
        out.push_str(content);
        out.push_str(part);
    }
    out
}

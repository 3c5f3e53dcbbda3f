//! A run as a single HTML page that works offline in any browser. The page embeds its data as JSON and displays it as text
//! only: content of logs never becomes markup.

use massgen_logs::facts::Facts;
use massgen_logs::timeline::Timeline;
use serde_json::{Value, json};

/// Content of the page.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Measured facts.
    pub facts: &'a Facts,
    /// Data of the timeline.
    pub timeline: &'a Timeline,
    /// A report as JSON (`analysis/1`), if any.
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
    // `<` could end the script element; U+2028 and U+2029 end lines in older scripts.
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

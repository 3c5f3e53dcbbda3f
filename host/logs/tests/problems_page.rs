#![expect(clippy::unwrap_used, reason = "a test may")]
//! `docs/problems.md` lists every kind of problem as the code defines it. `UPDATE_DOCS=1` rewrites its table.

use std::fmt::Write;

use massgen_logs::problems::{Definition, ProblemKind};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/problems.md");
const BEGIN: &str = "<!-- kinds -->\n";

#[test]
fn every_problem_kind_is_documented() {
    let expected = table();
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (introduction, found) = page.split_once(BEGIN).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, format!("{introduction}{BEGIN}{expected}")).unwrap();
        return;
    }
    let first = expected.lines().zip(found.lines()).find(|(expected, found)| expected != found);
    assert!(
        expected == found,
        "docs/problems.md differs from the code, first in {first:?}; run \
         UPDATE_DOCS=1 cargo test -p massgen-logs --test problems_page"
    );
}

fn table() -> String {
    let mut table = String::from("\n| kind | severity | rule | advice |\n|---|---|---|---|\n");
    for kind in ProblemKind::ALL {
        let Definition { kind, severity, rule, advice } = kind.definition();
        let (kind, severity) = (kind.as_str(), severity.as_str());
        writeln!(table, "| `{kind}` | {severity} | {rule} | {advice} |").unwrap();
    }
    table
}

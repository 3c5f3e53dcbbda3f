//! Phrases to avoid in everything that people read, each with a replacement.
#![expect(clippy::unwrap_used, reason = "a test may")]

use massgen_tidy::{complain, files};
use regex_lite::Regex;

/// Paths that are checked. `PHRASES=host/logs cargo test -p massgen-tidy --test phrases` checks any other path; `PHRASES=`
/// checks everything.
const CHECKED: &[&str] = &[
    ".github/",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "docs/ARCHITECTURE.md",
    "docs/CHANGELOG.md",
    "docs/GLOSSARY.md",
    "docs/PERFORMANCE.md",
    "docs/catalogue.md",
    "docs/decisions/",
    "docs/edge-cases.md",
    "docs/exit-codes.md",
    "docs/exports.md",
    "docs/isolation.md",
    "docs/json.md",
    "docs/logs.md",
    "docs/peers.md",
    "docs/plugin-authors.md",
    "docs/problems.md",
    "docs/releasing.md",
    "docs/review.md",
    "docs/shortcomings.md",
    "docs/third-party.md",
    "host/analysis/src/page/",
    "host/analysis/src/tools/",
    "host/bundle/",
    "host/componentise/",
    "host/isolation/src/audit/",
    "host/isolation/src/path/",
    "host/isolation/src/store/",
    "host/isolation/src/strategy/",
    "host/kit/src/provider/",
    "host/kit/src/strategy/",
    "host/logs/benches/",
    "host/logs/src/events/",
    "host/logs/src/export/",
    "host/logs/src/files/",
    "host/logs/src/read/",
    "host/models/data/",
    "host/review/benches/",
    "host/runtime/src/exchange/",
    "host/runtime/src/rehearsal/",
    "host/text/",
    "host/units/",
    "plugins/anthropic/",
    "plugins/bedrock/",
    "plugins/copy/",
    "plugins/google/",
    "plugins/ollama/",
    "plugins/openai-compatible/",
    "plugins/openai/",
    "plugins/sdk/",
    "plugins/strategy-sdk/",
    "plugins/templates/",
    "plugins/worktree/",
    "tests/bench/",
    "tests/tidy/",
];

/// Never checked: this list, and the page that lists replaced terms.
const EXCLUDED: &[&str] = &["tests/tidy/tests/phrases.rs"];

/// A regular expression without regard to case, and a suggestion.
const PHRASES: &[(&str, &str)] = &[
    // Sentences of earlier versions.
    (r"\b(most|longest) (\w+ )?that (it|one|a|an|this|may|can)\b", "maximum …"),
    (r"\bsay only what must be said\b", "suppress non-essential output"),
    (r"\bask(s|ed)? for (whole replies|replies piece by piece)\b", "disable / enable streaming"),
    (r"\btells? step by step\b", "explain how …"),
    (r"\bmodel is taken\b", "the model is chosen"),
    (r"\b(what )?of others is in\b", "third-party …"),
    (r"\bno model is asked\b", "skipping the model"),
    (r"\b(is|are|was|were) given up\b", "was dropped"),
    (r"\b(the|an?) own \w", "its own …, your own …"),
    (r"\btakes? the key from\b", "accepted the key in …"),
    (r"\bput(s|ting)?( (it|them|this))? away\b", "archive"),
    (r"\bany ?more that (it|they) (was|were)\b", "was replaced"),
    (r"\bas usual\b", "typically"),
    (r"\bas they are\b", "unchanged"),
    (r"\bwhat becomes? of\b", "name the result"),
    (r"\b(is|are) handed back\b", "returns …"),
    // Passives that hide who does what.
    (r"\b(is|are|was|were|be|been) told\b", "is reported"),
    (r"\b(is|are|was|were) said\b", "is reported, is stated"),
    (r"\b(is|are|was|were|been) asked for\b|\basked-for\b", "is requested"),
    (r"\b(is|are|was|were|be|been) let in\b", "is accepted"),
    (r"\b(is|are|was|were) tried out\b", "is tested"),
    (r"\b(can't|cannot|can not) be had\b", "is unavailable"),
    (r"\b(can't|cannot) do its work\b", "fails"),
    // Clauses where a noun will do.
    (r"\bthat (is|are|was|were) there\b", "existing"),
    (r"\bwhat (is|are|was|were) there\b", "the contents, the existing …"),
    (r"\bwhat (it|they|this|that) (is|are|was|were) for\b", "its purpose"),
    (r"\bwhat(ever)? (it|they) (is|are|was|were) (asked|given)\b", "its arguments, the request"),
    (r"\bwhat (stands|lies)\b", "the text, the files, …"),
    (r"\bstands (in|beside|there|below|above|on|at|behind)\b", "is in, is next to"),
    (r"\blies open\b", "is exposed"),
    (r"\bwhat holds where\b", "the default"),
    (r"\btells? (of|what|how|whether|which|when)\b", "reports, shows, explains"),
    (r"\bsay more:", "print more: …"),
    (r"\bgives? what\b", "provides, returns"),
    (r"\bcomes? of (it|this|them|that)\b|\bcame of\b|\bmust come of\b", "results from"),
    (r"\b(come|comes|came) to (its|an) end\b", "finishes"),
    // Possessives.
    (r"\bof (its|one's|their|our|his) own\b", "its own …, a separate …"),
    (r"\b(of|by) (ours|yours|theirs)\b", "our …, your …, their …"),
    (r"\bone's\b", "your, the"),
    // People.
    (
        r"(^|[^-\w`])(somebody|whoever|nobody|everybody|anybody)\b",
        "the user, no one, name the person",
    ),
    // Words.
    (r"\bmay have at most\b", "is limited to"),
    (r"\bthe least \w", "the minimum …"),
    (r"\bmend(s|ed|ing)?\b", "repair, fix"),
    (r"\banew\b", "again"),
    (r"\bshall\b", "must, will, should"),
    (r"\b(thereof|therein|wherein|whereof|hereof)\b", "of it, in it"),
    (r"\bwithout a word\b", "silently"),
    (r"\ba word that stays\b", "a stable word"),
    (r"\bin clear\b", "in plain text"),
    (r"\bby (its|their) looks\b", "by its format"),
    (r"\bspeaks? to the terminal\b", "controls the terminal"),
    (r"\b(take|takes|read|reads) orders\b", "reads commands"),
    (r"\blook(s|ed)? (at )?twice\b|\blooked at twice\b", "look at closely"),
    (r"\b(is|are|was|were) others\b", "differs"),
    (
        r"\b(that|it|which|they|\}|`) (is|are|was|were) no (utf-8|file|directory|link|number|json|repository|text)\b",
        "is not a …",
    ),
    (r"\band (its|their) like\b", "and similar"),
    (r"\bat (your|the user's) choice\b", "at your option"),
    (r"\bthe whole of\b", "all of"),
    (r"\bbut for (what|the|one|its|those|a|an|that)\b", "except for"),
    (r"\b(meant|wanted) (is|was|were) (less|more)\b", "the goal was"),
];

/// How a doc comment must not begin.
const OPENING: &str = r"^\s*//[/!] (What|Which|Who|Whose|Where|How (many|much|long|far)) ";

/// A text as one line, with the position at which each of its lines begins. Comment marks are left out, so that a
/// phrase is found across a line break.
struct Flat {
    text: String,
    begins: Vec<usize>,
}

impl Flat {
    fn of(path: &str, text: &str) -> Self {
        let mut flat = Self { text: String::new(), begins: Vec::new() };
        // Output of the program: checked where it is written.
        let mut in_console = false;
        for line in text.lines() {
            if path.ends_with(".md") && line.trim_start().starts_with("```") {
                in_console = line.trim_start() == "```console";
            }
            flat.begins.push(flat.text.len());
            // Quotations, such as licences, and terms that were replaced.
            let quoted = path.ends_with(".md") && line.starts_with("> ");
            let replaced = path == "docs/GLOSSARY.md" && !line.starts_with("| **");
            if !in_console && !quoted && !replaced {
                let marks = |c: char| c.is_whitespace() || "/!#*|".contains(c);
                flat.text.push_str(line.trim_start_matches(marks).trim_end());
                flat.text.push(' ');
            }
        }
        flat
    }

    fn line(&self, at: usize) -> usize {
        self.begins.partition_point(|begin| *begin <= at)
    }
}

fn is_checked(path: &str) -> bool {
    let asked = std::env::var("PHRASES").ok();
    let within = |prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
    !within(EXCLUDED) && asked.map_or_else(|| within(CHECKED), |asked| path.starts_with(&asked))
}

fn found_in(path: &str, text: &str, phrases: &[(Regex, &str)]) -> Vec<String> {
    let flat = Flat::of(path, text);
    let mut found = Vec::new();
    for (phrase, instead) in phrases {
        for at in phrase.find_iter(&flat.text) {
            let said = at.as_str().trim();
            found.push((flat.line(at.end() - 1), format!("`{said}`: better {instead}")));
        }
    }
    if path.ends_with(".rs") {
        let opening = Regex::new(OPENING).unwrap();
        let lines = text.lines().enumerate().filter(|(_, line)| opening.is_match(line));
        found.extend(
            lines.map(|(at, line)| {
                (at + 1, format!("`{}`: begin with a noun or a verb", line.trim()))
            }),
        );
    }
    found.sort();
    found.into_iter().map(|(line, what)| format!("{path}:{line}: {what}")).collect()
}

fn compiled() -> Vec<(Regex, &'static str)> {
    let compile = |phrase: &str| Regex::new(&format!("(?i){phrase}")).unwrap();
    PHRASES.iter().map(|(phrase, instead)| (compile(phrase), *instead)).collect()
}

#[test]
fn phrases_to_avoid_are_not_used() {
    let phrases = compiled();
    let endings = [".rs", ".md", ".html", ".js", ".wit", ".py", ".yml"];
    let checked = endings.into_iter().flat_map(files).filter(|(path, _)| is_checked(path));
    let found: Vec<String> =
        checked.flat_map(|(path, text)| found_in(&path, &text, &phrases)).collect();
    complain(&found);
}

#[test]
fn a_phrase_is_found_across_lines_and_not_in_output() {
    let phrases = compiled();
    let found = |path: &str, text: &str| found_in(path, text, &phrases);
    assert_eq!(found("a.rs", "/// The agent was\n/// given up.\n").len(), 1);
    assert!(found("a.rs", "/// The agent was\n/// given up.\n")[0].starts_with("a.rs:2: "));
    assert_eq!(found("a.md", "Somebody is told.\n").len(), 2);
    assert!(found("a.md", "```console\nagent_b was given up\n```\n").is_empty());
    assert!(found("a.md", "> shall be included\n").is_empty());
    assert!(found("a.rs", "as the user `nobody`, with --nobody").is_empty());
    assert_eq!(found("a.rs", "    /// What it is.\n").len(), 1);
    assert!(found("a.rs", "/// A noun; what it does is clear.\n").is_empty());
}

#[test]
fn every_phrase_is_refused() {
    let refused = [
        "Most that it may cost, in US dollars",
        "most tokens that one analysis may use",
        "Most that a file of settings may have.",
        "Say only what must be said",
        "Ask for whole replies",
        "Tell step by step why this model is taken",
        "Print what of others is in the program, with licences",
        "What was touched outside is told afterwards",
        "No model is asked (--model none)",
        "agent_b was given up",
        "1 agent voted for the own answer",
        "openai takes the key from X",
        "massgen isolate discard ID  put it away",
        "{0} is not the directory any more that it was",
        "nobody allowed what it shows",
        "$0.0104 as usual",
        "1 path can't be applied as they are",
        "What becomes of a value that a project may only make narrower",
        "the terminal is handed back, to say so",
        "a directory of its own",
        "a plugin of one's own",
        "A file may have at most 4 MB",
        "the key that is there",
        "somebody wrote it",
    ];
    let phrases = compiled();
    let passed = refused.into_iter().filter(|text| found_in("a.md", text, &phrases).is_empty());
    complain(&passed.map(|text| format!("`{text}` is not refused")).collect::<Vec<_>>());
}

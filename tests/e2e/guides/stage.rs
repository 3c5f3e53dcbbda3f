//! What is there when a document's commands are typed: a project, runs, agents, a service.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use massgen_harness::{FakeLlm, Step, TestEnv};
use serde_json::json;

use super::document::Call;

const EVENTS: &str = "turn_1/attempt_1/events.jsonl";
/// Columns that the documents' pictures of output have.
const COLUMNS: &str = "80";
/// When the first command is typed.
const FIRST_NOW: u64 = 1_795_338_000_000;
/// Begins the output of a command, and its exit code.
const MARKS: (char, char) = ('\u{1e}', '\u{1f}');

/// An environment with what the document tells of.
pub(super) struct Stage {
    env: TestEnv,
    fake: FakeLlm,
}

/// A project under git, some runs in it, and a service that answers.
fn stage(runs: &[&str]) -> Stage {
    let env = crate::env();
    env.write(
        "home/.gitconfig",
        "[user]\n\tname = You\n\temail = you@example.com\n[init]\n\tdefaultBranch = main\n",
    );
    let keys: String = crate::KEYS.map(|(name, key)| format!("{name}={key}\n")).concat();
    env.write("home/.massgen/.env", &keys);
    for run in runs {
        env.unpack_run(run);
    }
    env.write("project/.gitignore", ".massgen\n");
    env.write("project/a.txt", "one\n");
    let lines: String = (1..=60).map(|n| format!("// line {n}\n")).collect();
    env.write("project/src/a.rs", &lines);
    env.write("project/src/m.rs", "mod m;\n");
    let stage = Stage { env, fake: FakeLlm::start() };
    stage.prepare("git init -q . && git add . && git commit -qm one");
    stage
}

/// The tour of the README: after its first command.
pub(super) fn tour() -> Stage {
    let stage = stage(&["tool_failures"]);
    stage.prepare(
        "mkdir -p target/example && mv .massgen/massgen_logs target/example/tool_failures
         massgen logs analyze --mode self --model none --log-dir target/example/tool_failures",
    );
    stage
}

/// Two runs, `LOG_1` and `LOG_2` by shorter names, and a model that says one thing that is true and one that is not.
pub(super) fn runs() -> Stage {
    let stage = stage(&["three_vote", "tool_failures"]);
    stage.prepare(
        "n=0; for run in .massgen/massgen_logs/log_*; do n=$((n + 1)); ln -s \"$run\" LOG_$n; done",
    );
    let place = |line: u64| json!({"path": EVENTS, "start": line, "count": 1});
    let finding = |title: &str, quote: &str| {
        json!({"title": title, "severity": "high", "category": "errors", "claim": title, "recommendation": "Retry it.",
               "evidence": [{"file": EVENTS, "line_start": 20, "line_end": 20, "quote": quote}]})
    };
    let findings = [
        finding(
            "The tool flaky failed",
            "Error executing tool flaky: backend unavailable (attempt 1)",
        ),
        finding("The disk was full", "No space left on device"),
    ];
    stage.fake.script([
        Step::calls(&[("list_files", json!({"path": null}))]),
        Step::calls(&[("read_lines", place(20))]),
        Step::text(json!({"summary": "A tool failed.", "findings": findings}).to_string()),
    ]);
    stage
}

/// A run with a vote of three.
pub(super) fn three_agents() -> Stage {
    stage(&["three_vote"])
}

/// Agents that change three places of a file, and commit that.
pub(super) fn agents() -> Stage {
    with_agents(stage(&[]))
}

/// Runs, agents, and a key in a file.
pub(super) fn everything() -> Stage {
    let stage = with_agents(runs());
    stage.env.write("project/key.txt", "a-key-that-nobody-uses");
    stage
}

fn with_agents(stage: Stage) -> Stage {
    for (agent, word) in [("claude", "changed"), ("codex", "altered")] {
        let script = format!(
            "#!/bin/sh\nsed -i 's/line \\(5\\|30\\|55\\)$/& {word}/' src/a.rs\ngit commit -qam 'fixed it'\n"
        );
        stage.env.write(&format!("bin/{agent}"), &script);
    }
    stage.env.write("bin/make", "#!/bin/sh\necho made > made.txt\n");
    stage.prepare("chmod +x ../bin/*");
    stage
}

impl Stage {
    fn shell(&self, script: &str) -> String {
        let program = Path::new(env!("CARGO_BIN_EXE_massgen"));
        let beside = self.env.home().with_file_name("bin");
        let paths: Vec<PathBuf> = vec![
            program.parent().unwrap().into(),
            beside,
            "/usr/local/bin".into(),
            "/usr/bin".into(),
            "/bin".into(),
        ];
        let output = Command::new("sh")
            .args(["-c", script])
            .current_dir(self.env.project())
            .env_clear()
            .env("HOME", self.env.home())
            .env("PATH", std::env::join_paths(paths).unwrap())
            .env("TMPDIR", self.env.home())
            .env("COLUMNS", COLUMNS)
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("OPENAI_BASE_URL", format!("{}/v1", self.fake.url()))
            .env("ANTHROPIC_BASE_URL", self.fake.url())
            .env("GEMINI_BASE_URL", self.fake.url())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    }

    fn prepare(&self, script: &str) {
        let said = self.shell(&format!("set -e; {{ {script}; }} 2>&1; echo prepared"));
        assert!(said.ends_with("prepared\n"), "{said}");
    }

    /// Types commands into one shell; gives what each printed, and its exit code.
    pub(super) fn type_all(&self, calls: &[Call]) -> Vec<(String, i32)> {
        let (begin, end) = MARKS;
        // A minute passes between two commands: the newest session is the one that was made last.
        let typed = calls.iter().enumerate().map(|(at, call)| {
            let now = FIRST_NOW + 60_000 * at as u64;
            let command = &call.command;
            format!(
                "export MASSGEN_TEST_NOW={now}\nprintf '{begin}'\n\
                 {{ {command}\n}} 2>&1 </dev/null\nprintf '{end}%s' $?\n"
            )
        });
        let said = self.shell(&typed.collect::<String>());
        // Where the tests keep their files is nobody's business.
        let said = said
            .replace(&*self.env.project().to_string_lossy(), "~/project")
            .replace(&*self.env.home().to_string_lossy(), "~");
        said.split(begin)
            .skip(1)
            .filter_map(|part| part.split_once(end))
            .map(|(text, code)| (text.to_string(), code.trim().parse().unwrap_or(-1)))
            .collect()
    }
}

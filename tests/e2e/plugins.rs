//! Plugins of third parties: the authors' guide, followed to the letter, and what may not happen afterwards.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use massgen_harness::TestEnv;

const GUIDE: &str = include_str!("../../docs/plugin-authors.md");

/// The guide's commands as one script; a block that names a file becomes that file.
fn script() -> String {
    // Whatever happens, the fake ends.
    let mut script = String::from(
        "set -eu\ntop=$PWD\ntrap 'kill \"$(cat \"$top/parrot/fake.pid\")\" 2>/dev/null || true' EXIT\n",
    );
    let mut lines = GUIDE.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let block = block.join("\n");
        match info.split_once(' ') {
            None if info == "sh" => {
                for command in block.lines() {
                    script.push_str(&format!(
                        "echo '$ {}' >&2\n{command}\n",
                        command.replace('\'', "'\\''")
                    ));
                }
            }
            Some((_, file)) => {
                script.push_str(&format!("cat > {file} <<'END-OF-FILE'\n{block}\nEND-OF-FILE\n"));
            }
            None => {}
        }
    }
    script
}

/// A shell with the program under test and cargo on its path, and nothing else of the outside.
fn shell(env: &TestEnv, script: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_massgen"));
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let of_user = |name: &str, default: &str| {
        std::env::var_os(name).map_or_else(|| home.join(default), PathBuf::from)
    };
    let tools = PathBuf::from(env!("CARGO")).parent().unwrap().to_path_buf();
    let paths = [
        program.parent().unwrap().to_path_buf(),
        of_user("CARGO_HOME", ".cargo").join("bin"),
        tools,
        "/usr/local/bin".into(),
        "/usr/bin".into(),
        "/bin".into(),
    ];
    // What the bundled plugins were built with is there already, and nothing is fetched.
    let guests = program.ancestors().nth(2).unwrap().join("guests");
    Command::new("sh")
        .args(["-c", script])
        .current_dir(env.project())
        .env_clear()
        .env("HOME", env.home())
        .env("PATH", std::env::join_paths(paths).unwrap())
        .env("CARGO_HOME", of_user("CARGO_HOME", ".cargo"))
        .env("RUSTUP_HOME", of_user("RUSTUP_HOME", ".rustup"))
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", guests)
        .env("MASSGEN_TEST_NOW", "1795338000000")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn words(output: &Output) -> String {
    format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Replaces the last occurrence of a text by another of the same length.
fn patched(component: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = component.windows(from.len()).rposition(|window| window == from.as_bytes()).unwrap();
    let mut bytes = component.to_vec();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    bytes
}

fn kept(env: &TestEnv) -> PathBuf {
    let dir = env.home().join(".local/state/massgen/plugins");
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    names
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("parrot-"))
        .find(|path| path.extension().is_some_and(|end| end == "wasm"))
        .unwrap()
}

#[test]
fn the_guide_is_followed_to_the_letter_and_grants_belong_to_bytes() {
    let env = super::env();
    let run = env.unpack_run("three_vote");
    let output = shell(&env, &script());
    assert!(output.status.success(), "{}", words(&output));
    let said = words(&output);
    for expect in [
        "acme 0.1.0: ",
        "parrot 0.1.0: ",
        "docs-only 0.1.0: ",
        "sends prompts to https://api.parrot.example/v1/say (POST)",
        "parrot/polly-1",
        "plan.md",
    ] {
        assert!(said.contains(expect), "{expect} is missing:\n{said}");
    }
    assert!(!String::from_utf8_lossy(&output.stdout).contains("data.csv"), "{said}");
    let report = run.join("turn_1/ANALYSIS_REPORT.md");
    assert!(std::fs::read_to_string(report).unwrap().contains("It went well."));
    let cassette = env.project().join("parrot/cassettes/hello");
    for file in std::fs::read_dir(cassette).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains("parrot-secret-key"), "{text}");
    }
    bytes_that_changed_are_refused(&env);
    grants_are_asked_for_again_when_they_widen(&env);
}

fn bytes_that_changed_are_refused(env: &TestEnv) {
    let file = kept(env);
    let good = std::fs::read(&file).unwrap();
    for at in [0, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::write(&file, bad).unwrap();
        let said = env.run(&["logs", "analyze", "--model", "parrot/polly-1", "--force"]).exits(1);
        assert!(said.stderr.contains("is not what was added"), "{said:?}");
        let listed = env.run(&["plugin", "list", "--json"]).exits(0).json();
        let plugins = listed["plugins"].as_array().unwrap().clone();
        let parrot = plugins.iter().find(|plugin| plugin["id"] == "parrot").unwrap().clone();
        assert!(parrot["refused"].is_string(), "{parrot}");
        env.run(&["plugin", "doctor"]).exits(1);
    }
    std::fs::write(&file, &good).unwrap();
    env.run(&["plugin", "doctor"]).exits(0);
    // A manifest that claims what the code does not say.
    let forged = env.project().join("forged.wasm");
    std::fs::write(&forged, patched(&good, "id = \"parrot\"", "id = \"barrot\"")).unwrap();
    let said = env.run(&["plugin", "add", "forged.wasm", "--yes"]).exits(1);
    assert!(said.stderr.contains("forged"), "{said:?}");
    let said = env.run(&["plugin", "check", "forged.wasm"]).exits(1);
    assert!(said.stdout.contains("identity"), "{said:?}");
}

fn grants_are_asked_for_again_when_they_widen(env: &TestEnv) {
    let good = std::fs::read(kept(env)).unwrap();
    let write = |bytes: &[u8]| std::fs::write(env.project().join("next.wasm"), bytes).unwrap();
    // Other code that may do the same: nobody is asked.
    write(&patched(&good, "name = \"Parrot\"", "name = \"Parrat\""));
    let said = env.run(&["plugin", "update", "parrot", "next.wasm", "--json"]).exits(0).json();
    assert_eq!(
        (said["changed"].as_bool(), said["new_authority"].as_array().unwrap().len()),
        (Some(true), 0)
    );
    // One that may do more: not without a yes.
    let before = std::fs::read(kept(env)).unwrap();
    write(&patched(&good, "paths = [\"/v1/say\",", "paths = [\"/v1/*ay\","));
    let said = env.run(&["plugin", "update", "parrot", "next.wasm"]).exits(3);
    assert!(
        said.stderr.contains("new: sends prompts to https://api.parrot.example/v1/*ay"),
        "{said:?}"
    );
    assert_eq!(std::fs::read(kept(env)).unwrap(), before, "nothing was changed");
    env.run(&["plugin", "update", "parrot", "next.wasm", "--yes"]).exits(0);
    // A name that belongs to another.
    let said = env.run(&["plugin", "remove", "openai"]).exits(1);
    assert!(said.stderr.contains("part of this program"), "{said:?}");
    env.run(&["plugin", "remove", "parrot"]).exits(0);
    env.run(&["plugin", "remove", "parrot"]).exits(1);
    env.run(&["models", "--provider", "parrot"]).exits(2);
}

#[test]
fn bundled_plugins_are_inspected_and_checked() {
    let env = super::env();
    for id in ["openai", "anthropic", "google", "worktree", "copy"] {
        let shown = env.run(&["plugin", "inspect", id, "--json"]).exits(0).json();
        assert!(shown["bytes"].as_u64().unwrap() <= 260_000, "{shown}");
        assert!(!shown["exports"].as_array().unwrap().is_empty(), "{shown}");
        assert!(
            shown["cold_compile_ms"].is_number() && shown["warm_load_ms"].is_number(),
            "{shown}"
        );
        let checked = env.run(&["plugin", "check", id, "--json"]).exits(0).json();
        assert_eq!(checked["passed"], true, "{checked}");
    }
    env.run(&["plugin", "check", "no-such-plugin"]).exits(1);
    env.run(&["plugin", "new", "Bad_Name"]).exits(2);
}

//! The review without a screen: prompt by prompt, and what stays of it. The screen itself is driven by
//! `tests/terminal`.

use std::io::Write;
use std::process::{Command, Stdio};

use massgen_harness::TestEnv;

use crate::env;

fn sh(env: &TestEnv, script: &str) -> String {
    let output = Command::new("sh")
        .args(["-eu", "-c", script])
        .current_dir(env.project())
        .env_clear()
        .env("HOME", env.home())
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}");
    String::from_utf8(output.stdout).unwrap()
}

/// A project with a session that changed five places of one file, and more.
fn reviewed() -> TestEnv {
    let env = env();
    env.write("home/.gitconfig", "[user]\n\tname = T\n\temail = t@example.com\n");
    sh(
        &env,
        "git init -q .; seq 60 > five; printf 'a\\nb' > noeol; echo x > gone; seq 20 > from; git add .; git commit -qm one",
    );
    let agent = "sed -i 's/^5$/five/; s/^15$/x/; s/^25$/y/; s/^35$/z/; s/^60$/sixty/' five
        printf 'a\\nB' > noeol; rm gone; mv from to; sed -i 's/^10$/ten/' to; printf 'b\\0in' > binary";
    env.run(&["isolate", "run", "--", "sh", "-c", agent]).exits(0);
    env
}

/// Answers the prompts.
fn plain(env: &TestEnv, answers: &str) -> (i32, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_massgen"))
        .args(["isolate", "review", "@last", "--plain"])
        .current_dir(env.project())
        .env_clear()
        .env("HOME", env.home())
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn without_a_terminal_nothing_happens() {
    let env = reviewed();
    let before = sh(&env, "git status --porcelain; cat five noeol");
    let refused = env.run(&["isolate", "review", "@last"]).exits(3);
    assert!(refused.stderr.contains("--plain"), "{refused:?}");
    env.run(&[
        "isolate",
        "run",
        "--name",
        "later",
        "--apply",
        "ask",
        "--",
        "sh",
        "-c",
        "echo new > new",
    ])
    .exits(0);
    assert_eq!(sh(&env, "git status --porcelain; cat five noeol"), before);
    // What the agent did is still there to be reviewed.
    let diff = env.run(&["isolate", "diff", "later", "--json"]).exits(0).json();
    assert_eq!(diff["files"][0]["path"], "new");
}

#[test]
fn prompt_by_prompt() {
    let env = reviewed();
    // binary, five (five hunks), gone, noeol, to; then: apply.
    let (code, said) = plain(&env, "n\nn\nn\nn\nn\ny\nn\ny\nn\ny\n");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("(5/5) ○ Take this hunk [y,n,a,d,q,?]?"), "{said}");
    assert!(said.contains("bytes, blake3 ") && said.contains("was from"), "{said}");
    assert_eq!(
        sh(&env, "git diff --unified=0 --no-color | grep '^[-+][^-+]'; git status --porcelain"),
        "-60\n+sixty\n-b\n+B\n M five\n M noeol\n"
    );
    // The rest is still there, and an undo brings back what was decided.
    let left = env.run(&["isolate", "diff", "@last", "--json"]).exits(0).json();
    assert_eq!(left["files"].as_array().unwrap().len(), 4);
    env.run(&["isolate", "undo"]).exits(0);
    let (_, said) = plain(&env, "\n\n\n\n\n\n\n\n\nn\n");
    assert!(
        said.contains("(5/5) ✓ Take this hunk") && said.contains("(1/1) ✓ Take this hunk"),
        "{said}"
    );
    assert_eq!(sh(&env, "git status --porcelain"), "");
}

#[test]
fn decisions_stay_and_hold_for_what_was_looked_at() {
    let env = reviewed();
    let (code, said) = plain(&env, "y\ny\nn\ny\nq\n");
    assert_eq!(code, 0);
    assert!(said.contains("Nothing was applied; your decisions are kept."), "{said}");
    let kept = env.run(&["isolate", "review", "@last", "--json"]).exits(0).json();
    assert_eq!(kept["decisions"][0]["path"], "binary");
    assert_eq!(kept["decisions"][1]["accept"], serde_json::json!([1, 3]));
    // The end of the input is no yes.
    let (_, said) = plain(&env, "");
    assert!(said.contains("Nothing was applied"), "{said}");
    assert_eq!(sh(&env, "git status --porcelain"), "");

    // The same file is what `apply --decisions` takes, as long as the agent's work is the same.
    let state = env.home().join(".local/state/massgen/isolation/sessions");
    let session = std::fs::read_dir(state).unwrap().next().unwrap().unwrap().path();
    let file = session.join("review.json");
    let copy = env.home().join("decisions.json");
    std::fs::copy(&file, &copy).unwrap();
    let copy = copy.to_str().unwrap();
    env.run(&["isolate", "exec", "@last", "--", "sh", "-c", "sed -i 's/^five$/FIVE/' five"])
        .exits(0);
    let refused =
        env.run(&["isolate", "apply", "@last", "--decisions", copy, "--json"]).exits(3).json();
    assert_eq!(refused["conflicts"][0]["path"], "five");
    assert_eq!(sh(&env, "git status --porcelain"), "");
    // Of the file that changed, the hunk that is the same is still taken; the other one is not.
    let (_, said) = plain(&env, "\n\n\n\n\n\n\n\n\ny\n");
    assert!(said.contains("(1/5) ○") && said.contains("(3/5) ✓"), "{said}");
    assert_eq!(
        sh(&env, "git status --porcelain; sed -n '5p;25p' five"),
        " M five\n?? binary\n5\ny\n"
    );
}

#[test]
fn one_review_at_a_time_and_hunks_from_two_agents() {
    let env = reviewed();
    let agents =
        ["one=sed -i 's/^5$/ONE/; s/^30$/one/' five", "two=sed -i 's/^6$/TWO/; s/^55$/two/' five"];
    env.run(&["isolate", "run", "--agent", agents[0], "--agent", agents[1]]).exits(0);
    for (name, hunk) in [("one", 1), ("two", 2)] {
        let decisions = format!(r#"{{"decisions":[{{"path":"five","accept":[{hunk}]}}]}}"#);
        env.write("home/d.json", &decisions);
        let file = env.home().join("d.json");
        let merge = [
            "isolate",
            "apply",
            name,
            "--on-drift",
            "merge",
            "--decisions",
            file.to_str().unwrap(),
        ];
        env.run(&merge).exits(0);
    }
    assert_eq!(sh(&env, "sed -n '5p;6p;30p;55p' five"), "ONE\n6\n30\ntwo\n");
}

#[test]
fn a_patch_is_one_for_git_and_a_reading_is_one_for_people() {
    let env = reviewed();
    let patch = env.run(&["isolate", "diff", "@last"]).exits(0).stdout;
    env.write("home/p.patch", &patch);
    sh(&env, "git apply --index ~/p.patch");
    let by_git = sh(&env, "git write-tree");
    sh(&env, "git reset -q --hard");
    env.run(&["isolate", "apply", "@last"]).exits(0);
    assert_eq!(sh(&env, "git add -A; git write-tree"), by_git);
    env.run(&["isolate", "undo"]).exits(0);
    let shown = env.run(&["isolate", "diff", "@last", "--color", "always"]).exits(0).stdout;
    assert!(shown.contains("hunk 2 of 5") && shown.contains("\u{1b}["), "{shown}");
}

//! The review without a screen: prompt by prompt, and what stays of it. The screen itself is driven by
//! `tests/terminal`.

use std::io::Write;
use std::process::{Command, Stdio};

use massgen_harness::TestEnv;

use crate::env;
use crate::isolate::sh;

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

/// A small generator of numbers: the same seed gives the same edits.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    /// A text of repeated and unique lines, with ends of every kind.
    fn text(&mut self) -> Vec<u8> {
        let words = ["}", "", "    step();", "if x {", "caf\u{e9}", "\ttab"];
        let end = if self.roll(6) == 0 { "\r\n" } else { "\n" };
        let lines = 1 + self.roll(60);
        let mut text = String::new();
        for n in 0..lines {
            match self.roll(3) {
                0 => text.push_str(&format!("line {n}{end}")),
                _ => text.push_str(&format!("{}{end}", words[self.roll(words.len())])),
            }
        }
        if self.roll(4) == 0 {
            text.truncate(text.trim_end().len());
        }
        text.into_bytes()
    }

    /// Some lines go, some come.
    fn edited(&mut self, text: &[u8]) -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> =
            text.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        for _ in 0..=self.roll(5) {
            let at = self.roll(lines.len() + 1);
            match self.roll(3) {
                0 if at < lines.len() => _ = lines.remove(at),
                1 if at < lines.len() => lines[at] = b"changed\n".to_vec(),
                _ => lines.insert(at, b"    step();\n".to_vec()),
            }
        }
        lines.concat()
    }
}

/// Edits a file of the workspace in one of many ways.
fn edit(dice: &mut Dice, dir: &std::path::Path, name: &str, n: usize) {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let path = dir.join(name);
    let text = std::fs::read(&path).unwrap();
    match dice.roll(10) {
        0 => std::fs::remove_file(&path).unwrap(),
        1 => std::fs::rename(&path, dir.join(format!("moved \u{e4} {n}"))).unwrap(),
        2 => {
            std::fs::remove_file(&path).unwrap();
            std::fs::write(dir.join(format!("sub {n}.txt")), dice.edited(&text)).unwrap();
        }
        3 => std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap(),
        4 => {
            std::fs::remove_file(&path).unwrap();
            symlink(format!("somewhere/{n}"), &path).unwrap();
        }
        5 => std::fs::write(&path, [&text[..], b"\0binary"].concat()).unwrap(),
        6 => std::fs::write(&path, b"").unwrap(),
        7 => {
            std::fs::remove_file(&path).unwrap();
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join("inside"), dice.text()).unwrap();
        }
        8 => std::fs::write(dir.join(format!("new \"{n}\"\t")), dice.text()).unwrap(),
        _ => std::fs::write(&path, dice.edited(&text)).unwrap(),
    }
}

#[test]
fn any_patch_gives_git_the_tree_that_apply_makes() {
    for seed in 1..=8u64 {
        let env = env();
        env.write("home/.gitconfig", "[user]\n\tname = T\n\temail = t@example.com\n");
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for n in 0..24 {
            std::fs::write(env.project().join(format!("f{n}")), dice.text()).unwrap();
        }
        sh(
            &env,
            "git init -q .; ln -s f1 link; printf 'a\\0b' > bytes; git add .; git commit -qm one",
        );
        let made = env.run(&["isolate", "create", "--name", "random", "--json"]).exits(0).json();
        let workspace = std::path::PathBuf::from(made["workspace"].as_str().unwrap());
        for n in 0..24 {
            if dice.roll(4) > 0 {
                edit(&mut dice, &workspace, &format!("f{n}"), n);
            }
        }
        sh(&env, &format!("cd '{}'; ln -sf f2 link; printf 'a\\0c' > bytes", workspace.display()));
        sh(&env, &format!("{} isolate diff random > ~/p.patch", env!("CARGO_BIN_EXE_massgen")));
        sh(&env, "git apply --index --whitespace=nowarn ~/p.patch");
        let by_git = sh(&env, "git write-tree");
        sh(&env, "git reset -q --hard; git clean -fdq");
        env.run(&["isolate", "apply", "random"]).exits(0);
        let by_us = sh(&env, "git add -A; git write-tree");
        if by_us != by_git {
            panic!(
                "seed {seed}: {}",
                sh(&env, &format!("git diff --stat {} {}", by_git.trim(), by_us.trim()))
            );
        }
    }
}

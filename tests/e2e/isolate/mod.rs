//! Isolation, end to end: what scenarios of one session can't show. Several agents, many sessions at once,
//! and kills at any moment.

mod branch;
mod in_the_way;
mod linked;
mod pipes;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use massgen_harness::TestEnv;

use crate::env;

/// Runs a script in the project; gives what it printed.
pub(crate) fn sh(env: &TestEnv, script: &str) -> String {
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

/// A repository with some files and changes that are not committed.
pub(crate) fn repository() -> TestEnv {
    let env = env();
    env.write(
        "home/.gitconfig",
        "[user]\n\tname = T\n\temail = t@example.com\n[init]\n\tdefaultBranch = main\n",
    );
    sh(
        &env,
        "git init -q .; for i in $(seq 20); do echo \"line $i\"; done > a; mkdir d; for i in $(seq 60); do echo $i > d/$i; done
         git add .; git commit -qm one; echo wip > w",
    );
    env
}

pub(crate) type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// Every file of the project, `.git` included.
pub(crate) fn tree(env: &TestEnv) -> Tree {
    fn walk(root: &Path, dir: &Path, found: &mut Tree) {
        for entry in std::fs::read_dir(dir).unwrap().flatten() {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                walk(root, &path, found);
            } else {
                let bytes = std::fs::read(&path).unwrap_or_default();
                found.insert(path.strip_prefix(root).unwrap().to_path_buf(), bytes);
            }
        }
    }
    let mut found = Tree::new();
    walk(&env.project(), &env.project(), &mut found);
    found
}

fn state(env: &TestEnv) -> PathBuf {
    env.home().join(".local/state/massgen/isolation")
}

fn count(dir: &Path) -> usize {
    std::fs::read_dir(dir).map_or(0, Iterator::count)
}

#[test]
fn agents_side_by_side() {
    let env = repository();
    let before = tree(&env);
    let agents = [
        "one=sed -i s/'line 2$'/ONE/ a; git commit -qam one; echo $MASSGEN_SESSION",
        "two=sed -i s/'line 18'/TWO/ a; echo 2 > new; exit 4",
    ];
    let ran = env
        .run(&[
            "isolate",
            "run",
            "--json",
            "--share-branches",
            "--agent",
            agents[0],
            "--agent",
            agents[1],
        ])
        .exits(4);
    let sessions = ran.json();
    assert_eq!(sessions["schema"], "sessions/1");
    assert_eq!(sessions["sessions"][0]["name"], "one");
    assert_eq!(sessions["sessions"][1]["command"]["exit_code"], 4);
    assert!(ran.stderr.contains("one │ "), "{}", ran.stderr);

    // They share a repository: each sees the other's branch.
    let seen = env
        .run(&["isolate", "exec", "two", "--", "git", "log", "--oneline", "massgen-one"])
        .exits(0);
    assert!(seen.stdout.contains("one"), "{seen:?}");
    let differ = env.run(&["isolate", "diff", "one", "--against", "two", "--json"]).exits(0).json();
    let paths: Vec<&str> = differ["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["a", "new"]);

    // Both changed `a`: together only with a merge, and one undo takes both back.
    let refused = env.run(&["isolate", "apply", "one", "two", "--json"]).exits(3).json();
    assert_eq!(refused["conflicts"][0]["path"], "a");
    let applied = env
        .run(&["isolate", "apply", "one", "two", "--on-drift", "merge", "--json"])
        .exits(0)
        .json();
    assert_eq!(applied["applied"], serde_json::json!(["a", "new"]));
    let merged = std::fs::read_to_string(env.project().join("a")).unwrap();
    assert!(merged.contains("ONE") && merged.contains("TWO"));
    env.run(&["isolate", "undo"]).exits(0);
    for id in ["one", "two"] {
        env.run(&["isolate", "discard", id]).exits(0);
    }
    assert_eq!(tree(&env), before);

    // What they share stays while one of them is there.
    let shared = || count(&state(&env).join("teams"));
    env.run(&["isolate", "restore", "one"]).exits(0);
    env.run(&["isolate", "gc", "--older-than", "0d"]).exits(0);
    env.run(&["isolate", "exec", "one", "--", "git", "log", "massgen-two"]).exits(0);
    assert_eq!(shared(), 1);
    env.run(&["isolate", "discard", "one"]).exits(0);
    env.run(&["isolate", "gc", "--older-than", "0d"]).exits(0);
    assert_eq!(shared(), 0);
}

#[test]
fn what_is_left_of_a_part_can_be_applied_later() {
    let env = repository();
    env.run(&[
        "isolate",
        "run",
        "--",
        "sh",
        "-c",
        "sed -i 's/line 2$/A/; s/line 18/B/' a; echo n > n",
    ])
    .exits(0);
    env.run(&["isolate", "apply", "@last", "--only", "a#2"]).exits(0);
    let left = env.run(&["isolate", "diff", "@last", "--json"]).exits(0).json();
    assert_eq!(left["files"].as_array().unwrap().len(), 2);
    assert_eq!(left["files"][0]["hunks"].as_array().unwrap().len(), 1);
    env.run(&["isolate", "apply", "@last"]).exits(0);
    let shown = env.run(&["isolate", "show", "@last", "--json"]).exits(0).json();
    assert_eq!(shown["state"], "applied");
    env.run(&["isolate", "undo"]).exits(0);
    let text = std::fs::read_to_string(env.project().join("a")).unwrap();
    assert!(text.contains("line 2\n") && text.contains('B'));
    env.run(&["isolate", "undo"]).exits(0);
    assert!(!std::fs::read_to_string(env.project().join("a")).unwrap().contains('B'));
    assert_eq!(env.run(&["isolate", "undo"]).exits(3).stdout, "");
}

#[test]
fn a_session_that_is_in_use_is_left_alone() {
    let env = repository();
    let child = env.start(&[
        "isolate",
        "run",
        "--name",
        "busy",
        "--",
        "sh",
        "-c",
        "echo x > n; exec sleep 30",
    ]);
    let ready = || {
        state(&env).join("sessions").read_dir().is_ok_and(|mut sessions| {
            sessions.any(|session| {
                let workspace = session.unwrap().path().join("workspace/project/n");
                workspace.exists()
            })
        })
    };
    for _ in 0..2_000 {
        if ready() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(ready());
    for verb in ["apply", "discard"] {
        let refused = env.run(&["isolate", verb, "busy", "--json"]).exits(3);
        assert_eq!(refused.json()["kind"], "busy");
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    env.wait(child).exits(130);
    // Its work is there, and can be looked at.
    let shown = env.run(&["isolate", "show", "busy", "--json"]).exits(0).json();
    assert_eq!(shown["changes"]["added"], 1);
}

#[test]
fn forty_sessions_at_once() {
    let env = repository();
    let before = tree(&env);
    for linked in [false, true] {
        let args: Vec<&str> = ["isolate", "create", "--json"]
            .into_iter()
            .chain(linked.then_some("--linked"))
            .collect();
        let ids: Vec<String> =
            at_once(&env, 40, |_| args.iter().map(ToString::to_string).collect())
                .into_iter()
                .map(|said| said["id"].as_str().unwrap().to_string())
                .collect();
        at_once(&env, 40, |at| {
            ["isolate", "discard", &ids[at], "--json"].map(String::from).to_vec()
        });
        assert_eq!(tree(&env), before, "linked: {linked}");
    }
    env.run(&["isolate", "gc", "--older-than", "0d"]).exits(0);
    env.run(&["isolate", "doctor"]).exits(0);
    assert_eq!(count(&state(&env).join("sessions")), 0);
}

/// Starts commands side by side, and waits for all of them.
fn at_once(env: &TestEnv, n: usize, args: impl Fn(usize) -> Vec<String>) -> Vec<serde_json::Value> {
    let children: Vec<_> = (0..n)
        .map(|at| {
            let args = args(at);
            env.start(&args.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .collect();
    children.into_iter().map(|child| env.wait(child).exits(0).json()).collect()
}

#[test]
fn a_kill_at_any_moment_leaves_nothing_half_done() {
    let env = repository();
    let before = tree(&env);
    // The first run compiles the strategies; what is killed should be our work.
    env.run(&[
        "isolate",
        "run",
        "--name",
        "ready",
        "--",
        "sh",
        "-c",
        "echo x >> a; rm d/1; echo n > n",
    ])
    .exits(0);
    let with_pin = tree(&env);
    env.run(&["isolate", "apply", "ready"]).exits(0);
    let applied = tree(&env);
    env.run(&["isolate", "undo"]).exits(0);
    let project_only = |tree: &Tree| -> Tree {
        tree.iter()
            .filter(|(path, _)| !path.starts_with(".git"))
            .map(|(p, b)| (p.clone(), b.clone()))
            .collect()
    };
    let verbs: [(&[&str], &[&str]); 5] = [
        (&["isolate", "create"], &[]),
        (&["isolate", "apply", "ready"], &["isolate", "undo"]),
        (&["isolate", "undo"], &["isolate", "apply", "ready"]),
        (&["isolate", "discard", "ready"], &["isolate", "restore", "ready"]),
        (&["isolate", "gc", "--older-than", "0d"], &[]),
    ];
    for (verb, back) in verbs {
        if verb[1] == "undo" {
            env.run(&["isolate", "apply", "ready"]).exits(0);
        }
        let took = env.run(verb).took;
        if !back.is_empty() {
            env.run(back).exits(0);
        }
        for part in 0..12 {
            let mut child = env.start(verb);
            std::thread::sleep(took * part / 12);
            child.kill().unwrap();
            _ = env.wait(child);
            env.run(&["isolate", "doctor", "--repair"]).exits(0);
            let now = project_only(&tree(&env));
            let fine = now == project_only(&before) || now == project_only(&applied);
            assert!(fine, "{verb:?} killed after {part}/12: neither before nor after");
            assert!(!now.keys().any(|path| path.starts_with(".massgen-apply")), "{verb:?}");
            // Whatever the moment was, the other way is open: it is done, or there is nothing to do.
            if !back.is_empty() {
                _ = env.run(back);
            }
        }
        if verb[1] == "undo" {
            _ = env.run(&["isolate", "undo"]);
        }
    }
    assert_eq!(project_only(&tree(&env)), project_only(&with_pin));
    for session in
        env.run(&["isolate", "list", "--json"]).exits(0).json()["sessions"].as_array().unwrap()
    {
        env.run(&["isolate", "discard", session["id"].as_str().unwrap()]).exits(0);
    }
    env.run(&["isolate", "gc", "--older-than", "0d"]).exits(0);
    assert_eq!(tree(&env), before);
    assert_eq!(count(&state(&env).join("sessions")), 0);
}

#[test]
fn without_a_terminal_nothing_is_applied() {
    let env = repository();
    let ran =
        env.run(&["isolate", "run", "--apply", "ask", "--", "sh", "-c", "echo b > a"]).exits(0);
    assert!(ran.stderr.contains("massgen isolate apply"), "{ran:?}");
    assert!(std::fs::read_to_string(env.project().join("a")).unwrap().contains("line 1"));
}

#[test]
fn mistakes_are_explained() {
    let env = repository();
    for (args, code, expect) in [
        (&["isolate", "show", "nobody"][..], 1, "isolate list"),
        (&["isolate", "run", "--strategy", "magic", "--", "true"], 2, "worktree, copy"),
        (&["isolate", "run", "--allow-write", "nowhere", "--", "true"], 2, "names nothing"),
        (&["isolate", "run", "--allow-write", "..", "--", "true"], 2, "can't be granted"),
        (&["isolate", "run", "--pass-env", "GIT_DIR", "--", "true"], 2, "out of its workspace"),
        (&["isolate", "run", "--protect", "off", "--net", "deny", "--", "true"], 2, "--net deny"),
        (&["isolate", "run", "--", "/no/such/program"], 125, "can't be started"),
        (&["isolate", "run"], 2, "required"),
        (&["isolate", "run", "--agent", "nameless"], 2, "name=COMMAND"),
        (&["isolate", "gc", "--older-than", "soon"], 2, "expected a duration such as"),
        (&["isolate", "restore", "@last"], 3, "not discarded"),
    ] {
        let said = env.run(args).exits(code);
        assert!(said.stderr.contains(expect), "{args:?}: {}", said.stderr);
    }
    let mut env = repository();
    env.set("HOME", "").set("MASSGEN_STATE_DIR", "");
    let said = env.run(&["isolate", "list"]).exits(1);
    assert!(said.stderr.contains("MASSGEN_STATE_DIR"), "{}", said.stderr);
}

#[test]
fn two_applies_at_once_apply_once() {
    let env = repository();
    env.run(&["isolate", "run", "--name", "s", "--", "sh", "-c", "echo once >> a"]).exits(0);
    let racing: Vec<_> = (0..4).map(|_| env.start(&["isolate", "apply", "s", "--json"])).collect();
    let codes: Vec<Option<i32>> = racing.into_iter().map(|child| env.wait(child).code).collect();
    assert!(codes.contains(&Some(0)), "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, Some(0 | 3))), "{codes:?}");
    let text = std::fs::read_to_string(env.project().join("a")).unwrap();
    assert_eq!(text.matches("once").count(), 1);
    env.run(&["isolate", "undo"]).exits(0);
}

#[test]
fn a_session_is_worked_in_again() {
    let env = repository();
    env.run(&["isolate", "run", "--name", "s", "--", "sh", "-c", "echo one > n"]).exits(0);
    env.run(&["isolate", "exec", "s", "--", "sh", "-c", "grep -qx one n; echo two >> n"]).exits(0);
    let shown = env.run(&["isolate", "show", "s", "--json"]).exits(0).json();
    assert_eq!(shown["changes"]["added"], 1);
    assert_eq!(shown["command"]["exit_code"], 0);
}

#[test]
fn records_that_are_damaged_newer_or_foreign_are_left_alone() {
    let env = repository();
    let make = |name: &str| {
        let made = env.run(&["isolate", "create", "--name", name, "--json"]).exits(0).json();
        let id = made["id"].as_str().unwrap().to_string();
        (state(&env).join("sessions").join(&id).join("session.json"), id)
    };
    let edit = |file: &Path, from: &str, to: &str| {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(file, text.replace(from, to)).unwrap();
    };
    let (foreign, foreign_id) = make("foreign");
    env.run(&["isolate", "discard", "foreign"]).exits(0);
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    edit(&foreign, &format!("\"host\": \"{host}\""), "\"host\": \"elsewhere\"");
    let (newer, newer_id) = make("newer");
    edit(&newer, "\"schema\": 1", "\"schema\": 99");
    let (damaged, damaged_id) = make("damaged");
    std::fs::write(&damaged, "{").unwrap();

    let collected = env.run(&["isolate", "gc", "--older-than", "0d", "--json"]).exits(0).json();
    assert_eq!(collected["removed"], serde_json::json!([]), "{collected:#}");
    for id in [&foreign_id, &newer_id, &damaged_id] {
        assert!(state(&env).join("sessions").join(id).is_dir(), "{id}");
    }
    let said = env.run(&["isolate", "show", &newer_id]).exits(1);
    assert!(said.stderr.contains("newer version"), "{}", said.stderr);
    let found = env.run(&["isolate", "doctor", "--repair", "--json"]).exits(1).json();
    let kinds: Vec<&str> =
        found["ailments"].as_array().unwrap().iter().map(|a| a["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"damaged-record"), "{kinds:?}");
}

#[test]
fn archives_go_when_they_are_old_enough() {
    let mut env = repository();
    env.run(&["isolate", "run", "--name", "old", "--", "sh", "-c", "echo x > n"]).exits(0);
    env.run(&["isolate", "run", "--name", "open", "--", "true"]).exits(0);
    env.run(&["isolate", "discard", "old"]).exits(0);
    env.run(&["isolate", "gc"]).exits(0);
    env.run(&["isolate", "show", "old"]).exits(0);
    // A month and a day later.
    env.set("MASSGEN_TEST_NOW", "1798016400000");
    let dry = env.run(&["isolate", "gc", "--dry-run", "--json"]).exits(0).json();
    assert_eq!(dry["removed"].as_array().unwrap().len(), 1);
    env.run(&["isolate", "show", "old"]).exits(0);
    env.run(&["isolate", "gc"]).exits(0);
    env.run(&["isolate", "show", "old"]).exits(1);
    env.run(&["isolate", "show", "open"]).exits(0);
}

#[test]
fn what_undo_needs_goes_with_the_sessions_but_for_the_newest() {
    let env = repository();
    for name in ["one", "two", "three"] {
        let agent = format!("echo {name} >> grown");
        env.run(&["isolate", "run", "--name", name, "--", "sh", "-c", &agent]).exits(0);
        env.run(&["isolate", "apply", name]).exits(0);
    }
    env.run(&["isolate", "discard", "one"]).exits(0);
    env.run(&["isolate", "discard", "three"]).exits(0);
    let gc = ["isolate", "gc", "--older-than", "0d"];
    let dry = env.run(&[&gc[..], &["--dry-run", "--json"]].concat()).exits(0).json();
    assert_eq!(dry["applies"], serde_json::json!(["000001"]), "{dry:#}");
    let collected = env.run(&gc).exits(0);
    let told = "2 archives and what undo needs of 1 apply removed";
    assert!(collected.stderr.contains(told), "{}", collected.stderr);
    // The newest, although its session is gone; then that of the session that is there; then none.
    for grown in ["one\ntwo\n", "one\n"] {
        env.run(&["isolate", "undo"]).exits(0);
        assert_eq!(std::fs::read_to_string(env.project().join("grown")).unwrap(), grown);
    }
    let said = env.run(&["isolate", "undo"]).exits(3);
    assert!(said.stderr.contains("no apply to undo"), "{}", said.stderr);
}

#[test]
fn without_git_the_reason_is_told() {
    let mut env = repository();
    env.set("PATH", "/nowhere");
    let said = env.run(&["isolate", "run", "--", "true"]).exits(125);
    assert!(said.stderr.contains("cannot start git"), "{}", said.stderr);
}

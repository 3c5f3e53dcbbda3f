//! Confinement, end to end: a hostile agent against the kernel and against the audit, a kernel that can't
//! confine, what an agent inherits, and what it leaves behind.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use massgen_harness::{Output, TestEnv};
use nix::libc::{
    SYS_copy_file_range, SYS_fchmodat2, SYS_landlock_add_rule, SYS_landlock_create_ruleset,
    SYS_landlock_restrict_self, SYS_openat2, SYS_renameat2, SYS_statx,
};
use serde_json::Value;

use crate::env;

const AGENT: &str = include_str!("../hostile/agent.sh");
const PROJECT: &str = include_str!("../hostile/project.sh");

/// What the agent may do to its own, although its ways look like an escape.
const ITS_OWN: &[&str] = &["tracked-link", "gitdir-pointer"];
/// What no rule on writing keeps an agent from, so that it is told instead.
const BEYOND: &[&str] = &["mode"];

fn sh(env: &TestEnv, script: &str) {
    let done = Command::new("sh")
        .args(["-eu", "-c", script])
        .current_dir(env.project())
        .env_clear()
        .env("HOME", env.home())
        .env("OUTSIDE", env.home().with_file_name("outside"))
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(done.status.success(), "{script}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A project, and the hostile agent's script beside it.
fn hostile() -> TestEnv {
    let mut env = env();
    let git = "[user]\n\tname = T\n\temail = t@example.com\n[init]\n\tdefaultBranch = main\n";
    env.write("home/.gitconfig", git);
    env.write("agent.sh", AGENT);
    let outside = env.home().with_file_name("outside");
    env.set("OUTSIDE", outside.to_str().unwrap());
    sh(&env, PROJECT);
    env
}

/// A project with a file.
fn small() -> TestEnv {
    let env = env();
    env.write("project/a", "one\n");
    env
}

type Tree = BTreeMap<PathBuf, (u32, Vec<u8>)>;

/// Everything of the user's: path, permissions, bytes. Without our own state and the session's pin.
fn tree(env: &TestEnv) -> Tree {
    fn walk(dir: &Path, found: &mut Tree) {
        for entry in std::fs::read_dir(dir).unwrap().flatten() {
            let path = entry.path();
            let ours = path.ends_with(".local/state/massgen")
                || path.ends_with(".cache/massgen")
                || path.ends_with(".git/refs/massgen");
            let meta = path.symlink_metadata().unwrap();
            if ours {
                continue;
            }
            let mode = meta.permissions().mode();
            if meta.is_dir() {
                found.insert(path.clone(), (mode, Vec::new()));
                walk(&path, found);
            } else if meta.is_symlink() {
                let target = std::fs::read_link(&path).unwrap();
                found.insert(path, (mode, target.into_os_string().into_encoded_bytes()));
            } else {
                found.insert(path.clone(), (mode, std::fs::read(&path).unwrap()));
            }
        }
    }
    let mut found = Tree::new();
    for dir in [env.project(), env.home(), env.home().with_file_name("outside")] {
        walk(&dir, &mut found);
    }
    found.retain(|path, _| {
        !path.starts_with(env.home().join(".local")) && !path.ends_with(".cache")
    });
    found
}

fn differences(before: &Tree, after: &Tree) -> Vec<PathBuf> {
    let paths = before.keys().chain(after.keys());
    let mut differ: Vec<PathBuf> =
        paths.filter(|path| before.get(*path) != after.get(*path)).cloned().collect();
    differ.sort();
    differ.dedup();
    differ
}

/// What the agent says that it tried: name, path, and whether it was done.
fn attempts(ran: &Output) -> Vec<(String, String, bool)> {
    let lines = ran.stderr.lines().filter_map(|line| {
        let mut parts = line.split('\t');
        let (name, path, said) = (parts.next()?, parts.next()?, parts.next()?);
        Some((name.to_string(), path.to_string(), said == "done"))
    });
    lines.collect()
}

fn escapes(session: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let all = session["escapes"].as_array().unwrap();
    all.iter().map(|escape| (text(&escape["path"]), text(&escape["kind"]))).collect()
}

/// Runs the hostile agent with a descriptor of ours left open for it.
fn run_hostile(env: &TestEnv, protect: &str) -> Output {
    let agent = env.project().with_file_name("agent.sh");
    env.run(&[
        "isolate",
        "run",
        "--json",
        "--protect",
        protect,
        "--",
        "sh",
        agent.to_str().unwrap(),
    ])
    .exits(0)
}

#[test]
fn a_hostile_agent_changes_nothing_of_the_users() {
    let env = hostile();
    let before = tree(&env);
    let ran = run_hostile(&env, "auto");
    let session = ran.json();
    let attempts = attempts(&ran);
    assert!(attempts.len() > 45, "{attempts:?}");
    if session["protection"]["achieved"] != "landlock" {
        // A kernel that can't: the audit is all there is, and it has to say so.
        assert_eq!(session["protection"]["achieved"], "audit");
        assert!(!escapes(&session).is_empty());
        return;
    }
    for (name, _, done) in &attempts {
        let may = ITS_OWN.contains(&name.as_str()) || BEYOND.contains(&name.as_str());
        assert!(!done || may, "{name} was done: {ran:#?}");
    }
    let changed = differences(&before, &tree(&env));
    assert_eq!(changed, [env.project().join("mode")]);
    assert_eq!(escapes(&session), [("mode".to_string(), "file".to_string())]);

    // Its git is its own: what we run on the session runs nothing of it.
    env.run(&["isolate", "diff", "@last"]).exits(0);
    env.run(&["isolate", "escapes", "@last", "--restore"]).exits(0);
    assert_eq!(differences(&before, &tree(&env)), Vec::<PathBuf>::new());
}

#[test]
fn the_audit_tells_every_escape_and_brings_back_what_was_there() {
    let env = hostile();
    let before = tree(&env);
    let ran = run_hostile(&env, "audit");
    let session = ran.json();
    assert_eq!(session["protection"]["achieved"], "audit");
    let told = escapes(&session);
    let mut done = 0;
    for (name, path, succeeded) in attempts(&ran) {
        // What lies outside of the project, the repository and well-known files of the home directory is
        // not looked at.
        let watched = path != "-" && !path.starts_with("/tmp/massgen") && name != "outside";
        if !succeeded || !watched {
            continue;
        }
        done += 1;
        let reported = told.iter().any(|(known, _)| {
            *known == path
                || known.starts_with(&format!("{path}/"))
                // The collection of garbage packs refs.
                || (path.starts_with(".git/refs/") && known == ".git/packed-refs")
        });
        assert!(reported, "{name} ({path}) is not told: {told:#?}");
    }
    assert!(done > 30, "{done} escapes: {ran:#?}");
    for kind in
        ["file", "head", "ref", "stash", "config", "hook", "index", "worktree", "object", "home"]
    {
        assert!(told.iter().any(|(_, known)| known == kind), "no {kind}: {told:#?}");
    }
    let shown = env.run(&["isolate", "escapes", "@last", "--patch"]).exits(0);
    assert!(shown.stdout.contains("-the user's absolute") || shown.stdout.contains("+hostile"));
    env.run(&["isolate", "escapes", "@last", "--restore"]).exits(0);
    let now = tree(&env);
    let outside = env.home().with_file_name("outside");
    let lost: Vec<&PathBuf> = before
        .iter()
        .filter(|(path, item)| now.get(*path) != Some(item) && !path.starts_with(&outside))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(lost, Vec::<&PathBuf>::new(), "not brought back");
    sh(
        &env,
        "git fsck --strict --no-dangling && git stash list | grep -q . && git show v1 >/dev/null",
    );
}

/// The system calls of Landlock.
const LANDLOCK: [i64; 3] =
    [SYS_landlock_create_ruleset, SYS_landlock_add_rule, SYS_landlock_restrict_self];

/// Runs the program as if the kernel lacked system calls.
fn without(calls: &[i64], env: &TestEnv, args: &[&str]) -> Output {
    use seccompiler::{SeccompAction, SeccompFilter, apply_filter};
    let missing = calls.iter().map(|number| (*number, Vec::new())).collect();
    let filter = SeccompFilter::new(
        missing,
        SeccompAction::Allow,
        SeccompAction::Errno(38),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let program: seccompiler::BpfProgram = filter.unwrap().try_into().unwrap();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            apply_filter(&program).unwrap();
            env.run(args)
        });
        thread.join().unwrap()
    })
}

#[test]
fn a_kernel_that_cannot_confine() {
    let env = small();
    let write = ["--", "sh", "-c", "echo x > \"$MASSGEN_PROJECT/out\""];
    let run = |options: &[&str]| {
        let args: Vec<&str> =
            ["isolate", "run", "--json"].iter().chain(options).chain(&write).copied().collect();
        without(&LANDLOCK, &env, &args)
    };
    for options in [&["--protect", "require"][..], &["--net", "deny"], &["--deny-read", "a"]] {
        let refused = run(options).exits(125);
        assert_eq!(refused.json()["kind"], "protection", "{refused:#?}");
        assert!(refused.stderr.contains("Landlock"), "{refused:#?}");
        assert!(!env.project().join("out").exists(), "something ran");
    }
    let listed = env.run(&["isolate", "list", "--all", "--json"]).exits(0).json();
    assert_eq!(listed["sessions"], serde_json::json!([]), "a session was made");

    let ran = run(&[]).exits(0);
    let session = ran.json();
    assert_eq!(session["protection"]["requested"], "auto");
    assert_eq!(session["protection"]["achieved"], "audit");
    assert!(ran.stderr.contains("not confined"), "{ran:#?}");
    assert_eq!(escapes(&session), [("out".to_string(), "file".to_string())]);
}

#[test]
fn a_kernel_that_knows_less() {
    let env = small();
    let missing = [
        &LANDLOCK[..],
        &[SYS_openat2, SYS_renameat2, SYS_statx, SYS_copy_file_range, SYS_fchmodat2],
    ]
    .concat();
    sh(&env, "mkdir -p deep/er; echo one > deep/er/file");
    let work = "echo two >> deep/er/file; mkdir -p new/dir; echo x > new/dir/file; rm a";
    let steps: [&[&str]; 7] = [
        &["isolate", "run", "--name", "n", "--", "sh", "-euc", work],
        &["isolate", "diff", "n", "--patch"],
        &["isolate", "apply", "n"],
        &["isolate", "undo"],
        &["isolate", "discard", "n"],
        &["isolate", "restore", "n"],
        &["isolate", "apply", "n"],
    ];
    for step in steps {
        without(&missing, &env, step).exits(0);
        if step[1] == "undo" {
            sh(
                &env,
                "grep -qx one deep/er/file; ! grep two deep/er/file; test -e a; test ! -e new",
            );
        }
    }
    sh(&env, "grep -qx two deep/er/file; test -e new/dir/file; test ! -e a");
}

#[test]
fn what_an_agent_inherits() {
    let mut env = small();
    for (name, value) in [
        ("OPENAI_API_KEY", "sentinel-1"),
        ("AWS_SECRET_ACCESS_KEY", "sentinel-2"),
        ("SSH_AUTH_SOCK", "/sentinel-3"),
        ("GIT_INDEX_FILE", "/sentinel-4"),
        ("EDITOR", "vi"),
    ] {
        env.set(name, value);
    }
    let show = ["--", "sh", "-c", "env > environment"];
    let run = |options: &[&str]| {
        let args: Vec<&str> =
            ["isolate", "run", "--json"].iter().chain(options).chain(&show).copied().collect();
        let ran = env.run(&args).exits(0);
        let workspace = PathBuf::from(ran.json()["workspace"].as_str().unwrap());
        (std::fs::read_to_string(workspace.join("environment")).unwrap(), ran)
    };
    let (environment, ran) = run(&[]);
    assert!(!environment.contains("sentinel"), "{environment}");
    assert!(environment.contains("EDITOR=vi") && environment.contains("TMPDIR="));
    assert!(ran.stderr.contains("OPENAI_API_KEY") && !ran.stderr.contains("sentinel"));
    let (environment, _) = run(&["--pass-env", "OPENAI_API_KEY,AWS_*"]);
    assert!(environment.contains("sentinel-1") && environment.contains("sentinel-2"));
}

#[test]
fn an_agents_own_state() {
    let env = small();
    for name in ["config.toml", "auth.json", "state_5.sqlite", "prompts/mine"] {
        env.write(&format!("home/.codex/{name}"), "kept\n");
    }
    env.write("home/.gemini/settings.json", "kept\n");
    env.write("home/.gemini/projects.json", "kept\n");
    env.write("home/.local/share/opencode/opencode.db", "kept\n");
    let work = r#"
        grep -qx kept "$CODEX_HOME/prompts/mine"; grep -qx kept "$CODEX_HOME/config.toml"
        test ! -e "$CODEX_HOME/state_5.sqlite"
        echo renewed > "$CODEX_HOME/auth.json"
        for file in "$CODEX_HOME"/{config.toml,state_5.sqlite,state_5.sqlite-wal} "$OPENCODE_DB" "$OPENCODE_DB-wal" \
            "$GEMINI_CLI_HOME"/.gemini/{settings.json,projects.json,projects.json.lock}
        do
            echo mine >> "$file"
        done
        for closed in "$HOME/.codex/config.toml" "$CODEX_HOME/prompts/mine" "$HOME/.gemini/settings.json"; do
            ! echo mine >> "$closed" || exit 9
        done
    "#;
    env.run(&["isolate", "run", "--name", "n", "--", "bash", "-euc", work]).exits(0);
    // What it wrote is there when it is started again.
    let again = "grep -qx mine \"$CODEX_HOME/config.toml\"; grep -qx mine \"$OPENCODE_DB-wal\"";
    env.run(&["isolate", "exec", "n", "--", "bash", "-euc", again]).exits(0);
    let home = |name: &str| std::fs::read_to_string(env.home().join(name)).unwrap();
    assert_eq!(home(".codex/auth.json"), "renewed\n");
    for name in [".codex/config.toml", ".codex/state_5.sqlite", ".gemini/projects.json"] {
        assert_eq!(home(name), "kept\n", "{name}");
    }
    assert!(!env.home().join(".codex/state_5.sqlite-wal").exists());
}

#[test]
fn grants_and_denials() {
    let env = small();
    for name in ["home/granted/x", "home/hidden/x", "home/.ssh/id_ed25519"] {
        env.write(name, "kept\n");
    }
    let (granted, hidden) = (env.home().join("granted"), env.home().join("hidden"));
    let options = [
        "isolate",
        "run",
        "--json",
        "--protect",
        "require",
        "--allow-write",
        granted.to_str().unwrap(),
        "--deny-read",
        hidden.to_str().unwrap(),
        "--net",
        "deny",
        "--name",
        "held",
    ];
    let script = "cd \"$HOME\"; echo y > granted/y; cat granted/x; ! cat hidden/x; ! cat .ssh/id_ed25519
                  ! echo z > hidden/z; ls hidden; test -r \"$MASSGEN_PROJECT/a\"; echo ok > \"$TMPDIR/t\"
                  ls -l /proc/self/fd /dev/null /dev/tty > /dev/null; echo x > /dev/null
                  cd \"$MASSGEN_WORKSPACE\"; echo two > a";
    let args: Vec<&str> = options.into_iter().chain(["--", "sh", "-euc", script]).collect();
    let session = env.run(&args).exits(0).json();
    assert_eq!(session["protection"]["requested"], "require");
    assert_eq!(session["protection"]["achieved"], "landlock");
    assert_eq!(session["escapes"], serde_json::json!([]));
    assert!(granted.join("y").exists());
    // The session remembers: a second command is confined like the first.
    let again =
        "! cat \"$HOME/hidden/x\" && echo y2 > \"$HOME/granted/y2\" && ! echo x > \"$HOME/x\"";
    env.run(&["isolate", "exec", "held", "--", "sh", "-c", again]).exits(0);
    // A made session says what its commands will get, before there is one.
    let made = env.run(&["isolate", "create", "--json"]).exits(0).json();
    assert_eq!(made["protection"]["achieved"], "landlock");
}

#[test]
fn the_network_can_be_closed() {
    let env = small();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    let run = |net| ["isolate", "run", "--net", net, "--", "bash", "-c", &script].map(String::from);
    for (net, code) in [("allow", 0), ("deny", 1)] {
        let args = run(net);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        env.run(&args).exits(code);
    }
}

#[test]
fn what_runs_on_is_ended_and_named() {
    let env = small();
    let script = "(setsid sh -c 'sleep 301 & sleep 302' >/dev/null 2>&1 &); sleep 0.2; echo b > a";
    let session = env.run(&["isolate", "run", "--json", "--", "sh", "-c", script]).exits(0).json();
    let left: Vec<&str> = session["command"]["left_running"]
        .as_array()
        .unwrap()
        .iter()
        .map(|command| command.as_str().unwrap())
        .collect();
    assert!(left.contains(&"sleep 301") && left.contains(&"sleep 302"), "{left:?}");
    let running = std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        std::fs::read(entry.path().join("environ")).is_ok_and(|environ| {
            let id = format!("MASSGEN_SESSION={}", session["id"].as_str().unwrap());
            environ.split(|b| *b == 0).any(|variable| variable == id.as_bytes())
        })
    });
    assert!(!running, "something runs on");
}

#[test]
fn signals_reach_the_agent() {
    use rustix::process::{Pid, Signal, kill_process};
    for (signal, word) in [(Signal::TERM, "TERM"), (Signal::INT, "INT")] {
        let env = small();
        let script = format!(
            "trap 'echo {word} > got; exit 3' {word}; echo ready > \"$TMPDIR/ready\"; while :; do sleep 0.05; done"
        );
        let child = env.start(&["isolate", "run", "--json", "--", "sh", "-c", &script]);
        let sessions = env.home().join(".local/state/massgen/isolation/sessions");
        let ready = || {
            let listed = std::fs::read_dir(&sessions).into_iter().flatten().flatten();
            listed.into_iter().any(|entry| entry.path().join("scratch/tmp/ready").exists())
        };
        while !ready() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let session = env.wait(child).exits(130).json();
        assert_eq!(session["command"]["exit_code"], 3);
        let workspace = PathBuf::from(session["workspace"].as_str().unwrap());
        assert_eq!(std::fs::read_to_string(workspace.join("got")).unwrap().trim(), word);
    }
}

#[test]
fn a_project_only_takes_from_its_agents() {
    let env = small();
    env.write(
        "project/.massgen/config.toml",
        "[isolation]\nprotect = \"off\"\nallow_write = [\"/\"]\npass_env = [\"OPENAI_API_KEY\"]\ndeny_read = [\"~/hidden\"]\n",
    );
    env.write("home/hidden/x", "kept\n");
    let ran = env
        .run(&["isolate", "run", "--json", "--", "sh", "-c", "! cat \"$HOME/hidden/x\""])
        .exits(0);
    assert_eq!(ran.json()["protection"]["achieved"], "landlock");
    for word in ["isolation.protect", "isolation.allow_write", "isolation.pass_env"] {
        assert!(ran.stderr.contains(word), "{ran:#?}");
    }
}

#[test]
fn a_project_in_shared_memory_is_kept_and_so_is_one_in_a_cache() {
    let env = small();
    let shared = Path::new("/dev/shm").join(format!("massgen-{}", std::process::id()));
    let cache = env.home().join(".cargo/registry/src");
    for place in [shared, cache] {
        let project = place.join("project");
        std::fs::create_dir_all(&project).unwrap();
        std::fs::write(project.join("a"), "one\n").unwrap();
        let script = "! echo two > \"$MASSGEN_PROJECT/a\"; echo two > a";
        let here = ["--project", project.to_str().unwrap(), "isolate", "run", "--json"];
        let how = ["--protect", "require", "--", "sh", "-euc", script];
        let session = env.run(&[here.as_slice(), how.as_slice()].concat()).exits(0).json();
        let kept = std::fs::read_to_string(project.join("a")).unwrap();
        std::fs::remove_dir_all(&place).unwrap();
        assert_eq!(kept, "one\n", "{}", place.display());
        assert_eq!(session["changes"]["modified"], 1);
    }
}

#[test]
fn a_grant_that_reaches_the_project_is_told() {
    let env = small();
    let script = "echo two > \"$MASSGEN_PROJECT/a\"";
    let args = ["isolate", "run", "--json", "--allow-write", ".", "--", "sh", "-euc", script];
    let session = env.run(&args).exits(0).json();
    let notes = session["protection"]["notes"].to_string();
    assert!(notes.contains("your grants include the project itself"), "{notes}");
    assert_eq!(std::fs::read_to_string(env.project().join("a")).unwrap(), "two\n");
}

#[test]
fn an_object_that_the_agents_git_has_again_is_nobodys_change() {
    let env = crate::isolate::repository();
    let touch = "find .git/objects -type f -exec touch -d 2020-01-01 {} +";
    crate::isolate::sh(&env, touch);
    // git renews the time of the user's own object instead of writing it once more.
    let args = ["isolate", "run", "--json", "--", "git", "hash-object", "-w", "a"];
    let session = env.run(&args).exits(0).json();
    assert_eq!(session["protection"]["achieved"], "landlock");
    crate::isolate::sh(&env, "test -n \"$(find .git/objects -type f -newermt 2021-01-01)\"");
    let notes = session["protection"]["notes"].to_string();
    assert!(!notes.contains("meanwhile"), "{notes}");
    assert_eq!(session["escapes"], serde_json::json!([]));
}

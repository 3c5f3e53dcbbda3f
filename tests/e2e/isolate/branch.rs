//! A session's work as a branch: what is on it, what is left, and what it can't be.

use crate::isolate::{repository, sh};

#[test]
fn what_lies_in_a_submodule_is_left_and_named() {
    let env = repository();
    sh(
        &env,
        "git init -q ../lib; (cd ../lib; echo lib > file; git add file; git commit -qm lib); \
         git -c protocol.file.allow=always submodule --quiet add ../lib lib; git commit -qm sub",
    );
    let script = "echo more >> lib/file; echo b >> a";
    env.run(&["isolate", "run", "--name", "n", "--", "sh", "-euc", script]).exits(0);
    let made = env.run(&["isolate", "apply", "n", "--as-branch", "work", "--json"]).exits(0).json();
    assert_eq!(made["skipped"][0]["path"], "lib/file");
    let reason = made["skipped"][0]["reason"].as_str().unwrap();
    assert_eq!(reason, "it lies in a submodule, which has its own history");
    assert_eq!(made["skipped"].as_array().unwrap().len(), 1);
    sh(&env, "git show work:a | tail -1 | grep -qx b; git diff --quiet main work -- lib");
    let told = env.run(&["isolate", "apply", "n", "--as-branch", "again"]).exits(0);
    assert!(told.stderr.contains("1 path left in the session."), "{}", told.stderr);
}

#[test]
fn what_was_never_committed_and_is_gone_makes_no_branch() {
    let env = repository();
    sh(&env, "echo mine > never");
    env.run(&["isolate", "run", "--name", "n", "--", "rm", "never"]).exits(0);
    let refused = env.run(&["isolate", "apply", "n", "--as-branch", "work"]).exits(3);
    assert!(refused.stderr.contains("has nothing for a branch"), "{}", refused.stderr);
    sh(&env, "! git rev-parse -q --verify work");
}

#[test]
fn a_dry_run_makes_no_branch() {
    let env = repository();
    env.run(&["isolate", "run", "--name", "n", "--", "sh", "-c", "echo b >> a"]).exits(0);
    env.run(&["isolate", "apply", "n", "--as-branch", "work", "--dry-run"]).exits(2);
    sh(&env, "! git rev-parse -q --verify work");
}

#[test]
fn a_copy_has_no_repository_for_a_branch() {
    let env = repository();
    env.run(&[
        "isolate",
        "run",
        "--strategy",
        "copy",
        "--name",
        "n",
        "--",
        "sh",
        "-c",
        "echo >> a",
    ])
    .exits(0);
    let refused = env.run(&["isolate", "apply", "n", "--as-branch", "work"]).exits(1);
    assert!(refused.stderr.contains("was created without git"), "{}", refused.stderr);
    assert!(refused.stderr.contains("massgen isolate apply n writes"), "{}", refused.stderr);
}

#[test]
fn a_repository_that_is_gone_has_no_branch() {
    let env = repository();
    env.run(&["isolate", "run", "--name", "n", "--", "sh", "-c", "echo b >> a"]).exits(0);
    sh(&env, "mv .git ../elsewhere");
    let refused = env.run(&["isolate", "apply", "n", "--as-branch", "work"]).exits(1);
    assert!(refused.stderr.contains("the project's repository is gone"), "{}", refused.stderr);
    env.run(&["isolate", "apply", "n"]).exits(0);
}

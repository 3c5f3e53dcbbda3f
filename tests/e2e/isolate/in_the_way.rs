//! What stands in the way of an apply or of an undo: another session's work, the user's, and names.

use crate::isolate::{repository, sh, tree};

#[test]
fn two_sessions_that_changed_the_same_file() {
    let env = repository();
    env.run(&["isolate", "run", "--name", "first", "--", "sed", "-i", "s/line 2$/FIRST/", "a"])
        .exits(0);
    env.run(&["isolate", "run", "--name", "second", "--", "sed", "-i", "s/line 18/SECOND/", "a"])
        .exits(0);
    env.run(&["isolate", "apply", "first"]).exits(0);
    env.run(&["isolate", "apply", "second"]).exits(3);
    env.run(&["isolate", "apply", "second", "--on-drift", "merge"]).exits(0);
    let text = std::fs::read_to_string(env.project().join("a")).unwrap();
    assert!(text.contains("FIRST") && text.contains("SECOND"));
    // Each is taken back on its own, the newest first.
    env.run(&["isolate", "undo", "second"]).exits(0);
    let text = std::fs::read_to_string(env.project().join("a")).unwrap();
    assert!(text.contains("FIRST") && !text.contains("SECOND"));
}

#[test]
fn one_session_takes_a_directory_away_and_another_one_fills_it() {
    let env = repository();
    let run = |name: &str, script: &str| {
        env.run(&["isolate", "run", "--name", name, "--", "sh", "-euc", script]).exits(0);
    };
    run("gone", "rm -r d");
    run("filled", "echo new > d/new");
    run("file", "rm -r d; echo file > d");
    let before = tree(&env);
    let refused = env.run(&["isolate", "apply", "file", "filled", "--json"]).exits(3);
    let reason = refused.json()["conflicts"][0]["reason"].as_str().unwrap().to_string();
    assert_eq!(reason, "another change turns d into a file or a link");
    assert_eq!(tree(&env), before);
    env.run(&["isolate", "apply", "gone", "filled"]).exits(0);
    let d = std::fs::read_dir(env.project().join("d")).unwrap();
    assert_eq!(d.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>(), ["new"]);
    env.run(&["isolate", "undo"]).exits(0);
    assert_eq!(tree(&env), before);
}

#[test]
fn one_session_fills_a_directory_that_the_user_took_away_and_another_one_makes_a_file_of_it() {
    let env = repository();
    for (name, script) in [("filled", "echo new > d/new"), ("file", "rm -r d; echo file > d")] {
        env.run(&["isolate", "run", "--name", name, "--", "sh", "-euc", script]).exits(0);
    }
    sh(&env, "rm -r d");
    let before = tree(&env);
    let refused = env.run(&["isolate", "apply", "filled", "file", "--json"]).exits(3).json();
    let reason = refused["conflicts"][0]["reason"].as_str().unwrap();
    assert_eq!(reason, "the directory contains d/new, which is not being applied");
    assert_eq!(tree(&env), before);
}

#[test]
fn a_directory_that_the_user_took_away_is_in_the_way_of_an_undo() {
    for user in ["rm -r d", "rm -r d; echo mine > d", "rm -r d; ln -s . d"] {
        let env = repository();
        env.run(&["isolate", "run", "--apply", "auto", "--", "rm", "d/1"]).exits(0);
        sh(&env, user);
        let before = tree(&env);
        let refused = env.run(&["isolate", "undo"]).exits(3);
        assert!(refused.stderr.contains("d/1: a directory above it is gone"), "{}", refused.stderr);
        assert_eq!(tree(&env), before);
    }
}

#[test]
fn what_the_user_wrote_since_is_not_undone() {
    let env = repository();
    env.run(&["isolate", "run", "--apply", "auto", "--", "sh", "-c", "echo agent > n"]).exits(0);
    assert!(env.project().join("n").exists());
    env.write("project/n", "mine\n");
    let refused = env.run(&["isolate", "undo", "--json"]).exits(3);
    assert_eq!(refused.json()["kind"], "drift");
    assert_eq!(std::fs::read_to_string(env.project().join("n")).unwrap(), "mine\n");
}

#[test]
fn a_name_that_ends_as_a_choice_of_hunks_does() {
    let env = repository();
    let agent = "sed -i 's/line 2$/A/; s/line 18/B/' a; echo whole > 'a#1'";
    env.run(&["isolate", "run", "--", "sh", "-c", agent]).exits(0);
    env.run(&["isolate", "apply", "@last", "--only", "a#1"]).exits(0);
    let text = |name: &str| std::fs::read_to_string(env.project().join(name)).unwrap();
    assert_eq!(text("a#1"), "whole\n");
    assert!(!text("a").contains('A'));
    // Now that it is applied, it means the hunk.
    env.run(&["isolate", "apply", "@last", "--only", "a#1"]).exits(0);
    assert!(text("a").contains('A') && !text("a").contains('B'));
}

#[test]
fn a_merge_is_offered_only_where_it_may_help() {
    let env = repository();
    let agent = "rm a; mkdir a; echo b > a/b; echo x >> d/1";
    env.run(&["isolate", "run", "--", "sh", "-euc", agent]).exits(0);
    let choice = env.run(&["isolate", "apply", "@last", "--only", "a/b"]).exits(3);
    let reason = "a must become a directory first: apply its change too";
    assert!(choice.stderr.contains(reason), "{}", choice.stderr);
    assert!(!choice.stderr.contains("--on-drift merge"), "{}", choice.stderr);
    assert!(choice.stderr.contains("--except PATH applies the rest"), "{}", choice.stderr);
    sh(&env, "echo mine > d/1");
    let drift = env.run(&["isolate", "apply", "@last"]).exits(3);
    assert!(drift.stderr.contains("--on-drift merge merges both sides"), "{}", drift.stderr);
}

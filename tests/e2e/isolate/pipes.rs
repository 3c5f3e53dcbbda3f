//! Pipes and devices where files are expected: nothing waits at one, and nothing is read without end.

use crate::isolate::{repository, sh};

#[test]
fn among_a_projects_settings_they_are_named_or_left() {
    let env = repository();
    sh(
        &env,
        "mkdir .massgen sub; mkfifo .env .massgen/config.toml sub/.git; ln -s /dev/zero .worktreeinclude",
    );
    let created = env.run(&["isolate", "create", "--name", "n"]).exits(0);
    for name in [".env", ".massgen/config.toml"] {
        let warning = format!("{name} can't be read: it is not a regular file");
        assert!(created.stderr.contains(&warning), "{}", created.stderr);
    }
    env.run(&["isolate", "diff", "n"]).exits(0);
    sh(&env, "rm .env; mkdir .env");
    let quiet = env.run(&["isolate", "diff", "n"]).exits(0);
    assert!(!quiet.stderr.contains(".env"), "{}", quiet.stderr);
}

#[test]
fn an_agents_git_directory_is_looked_at_before_git_is_asked() {
    for (kind, place) in [("--linked", "HEAD"), ("--linked", "index"), ("--net=deny", "config")] {
        let env = repository();
        let agent = format!(
            "echo new > new; dir=$(git rev-parse --git-dir --git-common-dir | {}); rm $dir/{place}; mkfifo $dir/{place}",
            if kind == "--linked" { "head -1" } else { "tail -1" }
        );
        env.run(&["isolate", "run", kind, "--name", "n", "--", "sh", "-euc", &agent]).exits(0);
        let refused = env.run(&["isolate", "apply", "n", "--as-branch", "work"]).exits(1);
        let named = format!("/{place} is a pipe or a device");
        assert!(refused.stderr.contains(&named), "{}", refused.stderr);
        assert!(refused.stderr.contains("hint:"), "{}", refused.stderr);
        // Files are taken without git.
        env.run(&["isolate", "apply", "n"]).exits(0);
        sh(&env, "grep -qx new new; git status");
        if kind == "--linked" {
            let refused = env.run(&["isolate", "discard", "n"]).exits(1);
            assert!(refused.stderr.contains(&named), "{}", refused.stderr);
            sh(&env, &format!("rm .git/worktrees/*/{place}"));
        }
        env.run(&["isolate", "discard", "n"]).exits(0);
        sh(&env, "test ! -e .git/worktrees; git worktree list");
    }
}

#[test]
fn attributes_that_are_a_pipe_stop_a_branch() {
    let env = repository();
    let agent = "mkdir dir; echo new > dir/new; mkfifo dir/.gitattributes";
    env.run(&["isolate", "run", "--name", "n", "--", "sh", "-euc", agent]).exits(0);
    let refused = env.run(&["isolate", "apply", "n", "--as-branch", "work"]).exits(1);
    assert!(refused.stderr.contains("dir/.gitattributes is a pipe"), "{}", refused.stderr);
}

#[test]
fn what_a_link_in_gits_directory_leads_to_is_not_copied() {
    let env = repository();
    env.write("home/secret", "sentinel-of-the-user");
    let agent = "ln -s $HOME/secret $(git rev-parse --git-dir)/note";
    env.run(&["isolate", "run", "--linked", "--name", "n", "--", "sh", "-euc", agent]).exits(0);
    env.run(&["isolate", "discard", "n"]).exits(0);
    env.run(&["isolate", "restore", "n"]).exits(0);
    sh(&env, "test -L .git/worktrees/*/note");
}

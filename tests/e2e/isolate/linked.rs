//! Sessions that are linked work trees of the user's own repository.

use crate::isolate::{repository, sh};

#[test]
fn an_agent_that_goes_back_in_history_can_be_put_away_and_brought_back() {
    let env = repository();
    sh(&env, "echo two > two; git add two; git commit -qm two");
    let agent = "git reset -q --hard HEAD~1; echo agent > new";
    env.run(&["isolate", "run", "--linked", "--name", "n", "--", "sh", "-euc", agent]).exits(0);
    sh(&env, "test $(git worktree list | wc -l) = 2");
    env.run(&["isolate", "discard", "n"]).exits(0);
    sh(&env, "test $(git worktree list | wc -l) = 1; test ! -e .git/worktrees");
    env.run(&["isolate", "restore", "n"]).exits(0);
    let there = "git rev-parse HEAD | grep -qx $(git rev-parse main~1); grep -qx agent new";
    env.run(&["isolate", "exec", "n", "--", "sh", "-euc", there]).exits(0);
}

#[test]
fn what_the_agents_commits_build_on_may_be_collected() {
    for committed in [true, false] {
        let env = repository();
        let agent = match committed {
            true => "echo agent > new; git add new; git commit -qm agent",
            false => "echo agent > new",
        };
        env.run(&["isolate", "run", "--linked", "--name", "n", "--", "sh", "-euc", agent]).exits(0);
        env.run(&["isolate", "discard", "n"]).exits(0);
        sh(
            &env,
            "git commit -q --amend -m amended; git reflog expire --expire=now --all; \
             git gc -q --prune=now",
        );
        let restored = env.run(&["isolate", "restore", "n", "--json"]).exits(0);
        let warning = "is gone from the project's repository";
        assert!(restored.stderr.contains(warning), "{}", restored.stderr);
        let session = restored.json();
        let shown = env.run(&["isolate", "show", "n", "--json"]).exits(0).json();
        assert!(shown["notes"].to_string().contains(warning));
        let workspace = std::path::PathBuf::from(session["workspace"].as_str().unwrap());
        assert_eq!(std::fs::read_to_string(workspace.join("new")).unwrap(), "agent\n");
        // The user's git does not stumble over a work tree without its commit.
        sh(&env, "git fsck --strict; git worktree list; git worktree prune; git status");
        env.run(&["isolate", "apply", "n"]).exits(0);
        assert_eq!(std::fs::read_to_string(env.project().join("new")).unwrap(), "agent\n");
        env.run(&["isolate", "discard", "n"]).exits(0);
    }
}

#[test]
fn a_work_tree_of_the_users_is_nobody_elses() {
    let env = repository();
    // One of the name that git would give ours.
    sh(&env, "git worktree add -q ../elsewhere/project -b side");
    env.run(&["isolate", "create", "--linked", "--name", "n"]).exits(0);
    env.run(&["isolate", "discard", "n"]).exits(0);
    sh(&env, "git worktree list | grep -q elsewhere/project; cd ../elsewhere/project; git status");
    env.run(&["isolate", "restore", "n"]).exits(0);
    env.run(&["isolate", "exec", "n", "--", "git", "status"]).exits(0);
    sh(&env, "cd ../elsewhere/project; test \"$(git branch --show-current)\" = side");
}

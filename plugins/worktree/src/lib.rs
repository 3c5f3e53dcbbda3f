//! The strategy `worktree`: a git work tree with the user's current files, or with those of a commit.

use massgen_strategy_sdk::{
    CopySet, CopyStep, Decision, Gitdir, Outcome, Ready, SourceFacts, Step, Strategy, StrategyInfo,
    TargetFacts, Wants, WorktreeStep, give_up,
};

/// The planning of one work tree.
pub struct Worktree {
    source: SourceFacts,
    wants: Wants,
    done: usize,
}

impl Strategy for Worktree {
    fn describe() -> StrategyInfo {
        StrategyInfo {
            id: "worktree".into(),
            display_name: "Git work tree".into(),
            version: "0.1.0".into(),
            summary: "a git work tree with your current files, committed or not".into(),
        }
    }

    fn new(source: SourceFacts, _target: TargetFacts, wants: Wants) -> Self {
        Self { source, wants, done: 0 }
    }

    fn next(&mut self, outcome: Outcome) -> Decision {
        match outcome {
            Outcome::Begin => {}
            Outcome::Done(_) => self.done += 1,
            Outcome::Failed(failure) => return give_up(&failure),
        }
        if self.source.git.is_none() {
            return Decision::Decline("git does not track this project".into());
        }
        match (self.done, &self.wants.commit) {
            (0, commit) => Decision::Perform(Step::AddWorktree(WorktreeStep {
                gitdir: self.wants.gitdir,
                checkout: commit.clone(),
            })),
            (1, None) => Decision::Perform(Step::CopyTree(CopyStep {
                set: CopySet::NotIgnored,
                ignored: self.wants.ignored,
                only: Vec::new(),
                exclude: Vec::new(),
            })),
            _ => Decision::Ready(self.ready()),
        }
    }
}

impl Worktree {
    fn ready(&self) -> Ready {
        let mut properties = vec![match self.wants.gitdir {
            Gitdir::Private => "own-git".to_string(),
            Gitdir::Shared => "team-git".to_string(),
            Gitdir::Linked => "linked-git".to_string(),
        }];
        if self.wants.commit.is_none() {
            properties.extend(["uncommitted-included".to_string(), "untracked-included".into()]);
        }
        Ready { properties, notices: self.notices() }
    }

    fn notices(&self) -> Vec<String> {
        let Some(git) = &self.source.git else { return Vec::new() };
        let mut notices = Vec::new();
        if let Some(operation) = &git.operation {
            notices.push(format!(
                "you are in the middle of a {operation}: the agent sees the files in this state, conflict markers included"
            ));
        }
        if git.locked {
            notices.push("another git process is using this repository (index.lock): changes it has not written yet are missing".into());
        }
        if git.lfs && self.wants.commit.is_some() {
            notices.push(
                "Git LFS files are pointers in this workspace; run `git lfs pull` to fetch them"
                    .into(),
            );
        }
        if git.partial_clone {
            notices.push("this is a partial clone: git may need network access in the workspace to read older files".into());
        }
        notices
    }
}

#[cfg(target_arch = "wasm32")]
mod component {
    massgen_strategy_sdk::strategy!(super::Worktree);
}

//! A strategy that breaks the contract as the setting `misdeed` says.

use massgen_strategy_sdk::{
    CopySet, CopyStep, Decision, ExtensionStep, Failure, Gitdir, IgnoredPolicy, Outcome, Ready,
    SourceFacts, Step, Strategy, StrategyInfo, TargetFacts, Wants, WorktreeStep,
};

/// A strategy that breaks the contract.
pub struct Mischief {
    misdeed: String,
    gitdir: Gitdir,
    steps: u32,
}

impl Strategy for Mischief {
    fn describe() -> StrategyInfo {
        StrategyInfo {
            id: "mischief".into(),
            display_name: "Mischief".into(),
            version: "0.1.0".into(),
            summary: "breaks the contract".into(),
        }
    }

    fn new(_: SourceFacts, _: TargetFacts, wants: Wants) -> Self {
        let gitdir = wants.gitdir;
        let misdeed = wants.settings.into_iter().find(|(name, _)| name == "misdeed");
        Self {
            misdeed: misdeed
                .map(|(_, value)| value.trim_matches('"').to_string())
                .unwrap_or_default(),
            gitdir,
            steps: 0,
        }
    }

    fn next(&mut self, outcome: Outcome) -> Decision {
        self.steps += 1;
        match self.misdeed.as_str() {
            "spin" => loop {
                std::hint::black_box(&self.steps);
            },
            "panic" => panic!("the strategy has had enough"),
            "allocate" => {
                let mut hoard: Vec<Vec<u8>> = Vec::new();
                loop {
                    hoard.push(vec![1; 1 << 20]);
                }
            }
            "ready-at-once" => ready(Vec::new()),
            "giant-notices" => ready(vec!["x".repeat(1 << 16); 200]),
            "never-ends" => copy(vec!["*".into()]),
            "other-commit" if self.steps == 1 => {
                worktree(Gitdir::Private, Some("--upload-pack=touch /tmp/x"))
            }
            "other-gitdir" if self.steps == 1 => worktree(Gitdir::Linked, None),
            "unknown-step" if self.steps == 1 => Decision::Perform(Step::Other(ExtensionStep {
                kind: "run-a-command".into(),
                json: "{}".into(),
            })),
            "climb" if self.steps == 1 => copy(vec!["!../**".into(), "/etc".into()]),
            "decline-late" if self.steps == 1 => copy(Vec::new()),
            "decline-late" => Decision::Decline("on second thoughts".into()),
            "abort-with-escapes" => Decision::Abort(Failure {
                message: "\u{1b}[2Jwiped\n".into(),
                hint: Some("\u{202e}".into()),
            }),
            "silent-decline" => Decision::Decline(String::new()),
            "silent-abort" => Decision::Abort(Failure { message: " ".into(), hint: None }),
            "copies-first" if self.steps == 1 => copy(Vec::new()),
            "copies-first" if self.steps == 2 => worktree(self.gitdir, None),
            "ready-after-failure" if self.steps == 2 => ready(Vec::new()),
            "by-the-clock" if matches!(&outcome, Outcome::Done(done) if done.millis > 1_000) => {
                Decision::Abort(Failure { message: "that took too long".into(), hint: None })
            }
            _ if self.steps == 1 => copy(Vec::new()),
            _ => match outcome {
                Outcome::Failed(failure) => {
                    Decision::Abort(Failure { message: failure.message, hint: None })
                }
                _ => ready(Vec::new()),
            },
        }
    }
}

fn ready(notices: Vec<String>) -> Decision {
    Decision::Ready(Ready { properties: Vec::new(), notices })
}

fn copy(exclude: Vec<String>) -> Decision {
    Decision::Perform(Step::CopyTree(CopyStep {
        set: CopySet::Everything,
        ignored: IgnoredPolicy::All,
        only: Vec::new(),
        exclude,
    }))
}

fn worktree(gitdir: Gitdir, checkout: Option<&str>) -> Decision {
    let checkout = checkout.map(String::from);
    Decision::Perform(Step::AddWorktree(WorktreeStep { gitdir, checkout }))
}

#[cfg(target_arch = "wasm32")]
mod component {
    massgen_strategy_sdk::strategy!(super::Mischief);
}

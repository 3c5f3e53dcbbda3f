//! The strategy `copy`: a plain copy of a directory, for projects without git.

use massgen_strategy_sdk::{
    CopySet, CopyStep, Decision, Failure, Gitdir, Outcome, Ready, SourceFacts, Step, Strategy,
    StrategyInfo, TargetFacts, Wants, give_up,
};

/// The planning of one copy.
pub struct Copy {
    source: SourceFacts,
    target: TargetFacts,
    wants: Wants,
}

impl Strategy for Copy {
    fn describe() -> StrategyInfo {
        StrategyInfo {
            id: "copy".into(),
            display_name: "Plain copy".into(),
            version: "0.1.0".into(),
            summary: "a plain copy of the directory, for projects without git".into(),
        }
    }

    fn new(source: SourceFacts, target: TargetFacts, wants: Wants) -> Self {
        Self { source, target, wants }
    }

    fn next(&mut self, outcome: Outcome) -> Decision {
        match outcome {
            Outcome::Begin => self.begin(),
            Outcome::Done(_) => Decision::Ready(Ready {
                properties: vec!["uncommitted-included".into(), "untracked-included".into()],
                notices: Vec::new(),
            }),
            Outcome::Failed(failure) => give_up(&failure),
        }
    }
}

impl Copy {
    fn begin(&self) -> Decision {
        let refuse = |message: &str, hint: &str| {
            Decision::Abort(Failure { message: message.into(), hint: Some(hint.into()) })
        };
        if self.wants.commit.is_some() {
            return refuse(
                "a copy contains the current files and cannot start from a commit",
                "omit --base",
            );
        }
        if self.wants.gitdir != Gitdir::Private {
            return refuse(
                "only git work trees can be linked or shared",
                "omit --linked and --share-branches",
            );
        }
        // Only an early, clearer error: the host enforces the user's limit while it copies.
        if self.source.total_bytes > self.target.free_bytes {
            return refuse(
                "the project is larger than the free space in the state directory",
                "free some space, or move the state with MASSGEN_STATE_DIR",
            );
        }
        let set = match self.source.git {
            Some(_) => CopySet::NotIgnored,
            None => CopySet::Everything,
        };
        Decision::Perform(Step::CopyTree(CopyStep {
            set,
            ignored: self.wants.ignored,
            only: Vec::new(),
            exclude: Vec::new(),
        }))
    }
}

#[cfg(target_arch = "wasm32")]
mod component {
    massgen_strategy_sdk::strategy!(super::Copy);
}

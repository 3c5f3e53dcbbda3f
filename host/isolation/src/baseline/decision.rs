//! What becomes of an entry: by git's rules, by what the user asked for and by what the strategy chose.

use rustix::fs::FileType;

use super::carry::{Shared, special};
use super::walk::Job;
use super::{CarryPolicy, Origin, ignored, rules};
use crate::path::RelPath;

/// How a directory's entries are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// By the rules of its repository.
    Ruled,
    /// Everything comes along.
    All(Origin),
    /// An ignored directory: only what is tracked or listed comes along.
    Searching,
}

impl State {
    /// Why a directory in this state is part of the baseline.
    pub(super) fn origin(self) -> Origin {
        match self {
            Self::All(origin) => origin,
            Self::Ruled | Self::Searching => Origin::Tracked,
        }
    }
}

/// What happens to an entry.
pub(super) enum Decision {
    Carry(Origin),
    Enter(State),
    Leave(&'static str),
    /// An ignored directory that is searched: it stays away but for what is found in it.
    EnterLeft,
    /// Stays away without a word of its own: a word was said about a directory above.
    Pass,
}

/// Decides.
pub(super) fn decide(shared: &Shared<'_>, job: &Job, path: &RelPath, kind: FileType) -> Decision {
    let wanted = shared.carrier.wanted;
    if path.name() == b".git" {
        return match (kind, path.parent().is_some_and(|dir| dir.is_root())) {
            (FileType::Directory, true) if wanted.git_directory => {
                Decision::Enter(State::All(Origin::GitInternal))
            }
            (FileType::Directory, false) => Decision::Enter(State::All(Origin::GitInternal)),
            // The workspace gets one of its own.
            _ => Decision::Pass,
        };
    }
    let own = &shared.carrier.own_dirs;
    if kind.is_dir() && own.contains(&shared.carrier.source.join(path.as_path())) {
        return Decision::Leave("this program's own state");
    }
    if !matches!(kind, FileType::Directory | FileType::RegularFile | FileType::Symlink) {
        return Decision::Leave(special(kind));
    }
    if let Some(only) = &wanted.only
        && path != only
        && !only.is_within(path)
    {
        return Decision::Pass;
    }
    if rules::says(&shared.exclude, path, kind.is_dir()) == Some(true) {
        return Decision::Leave("excluded by the strategy");
    }
    let decision = by_rules(shared, job, path, kind.is_dir());
    let filtered = !wanted.include.is_empty()
        && matches!(decision, Decision::Carry(_))
        && !included(shared, path);
    if filtered { Decision::Leave("not included by the strategy") } else { decision }
}

/// Whether a glob of the strategy matches a file or a directory above it.
fn included(shared: &Shared<'_>, path: &RelPath) -> bool {
    let include = &shared.include;
    rules::says(include, path, false) == Some(true)
        || std::iter::successors(path.parent(), RelPath::parent)
            .any(|dir| rules::says(include, &dir, true) == Some(true))
}

fn by_rules(shared: &Shared<'_>, job: &Job, path: &RelPath, is_dir: bool) -> Decision {
    let wanted = shared.carrier.wanted;
    let owner = &job.owner;
    let tracked = owner.tracked.contains(path.as_bytes());
    let tracked_below = is_dir && (tracked || owner.tracked_dirs.contains(path.as_bytes()));
    let listed = || {
        let listed = shared.listed.as_ref();
        listed.is_some_and(|listed| rules::says(listed, path, is_dir) == Some(true))
    };
    match job.state {
        State::All(origin) if is_dir => Decision::Enter(State::All(origin)),
        State::All(origin) => Decision::Carry(origin),
        _ if tracked && !is_dir => Decision::Carry(Origin::Tracked),
        State::Searching if listed() && is_dir => Decision::Enter(State::All(Origin::Ignored)),
        State::Searching if listed() => Decision::Carry(Origin::Ignored),
        State::Searching if is_dir => Decision::Enter(State::Searching),
        State::Searching => Decision::Pass,
        State::Ruled => {
            let ignored = ignored::matched(owner, job.level.as_ref(), path, is_dir);
            match (ignored, is_dir) {
                (false, true) => Decision::Enter(State::Ruled),
                (false, false) if wanted.tracked_only => Decision::Leave("not tracked"),
                (false, false) => Decision::Carry(Origin::Untracked),
                (true, dir) if wanted.ignored == CarryPolicy::All || listed() => match dir {
                    true => Decision::Enter(State::All(Origin::Ignored)),
                    false => Decision::Carry(Origin::Ignored),
                },
                (true, true) if tracked_below || shared.listed.is_some() => Decision::EnterLeft,
                (true, _) => Decision::Leave("ignored"),
            }
        }
    }
}

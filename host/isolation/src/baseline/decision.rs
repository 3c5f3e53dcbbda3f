//! Decides what to carry: by git's rules, the user's options and the strategy's choice.

use rustix::fs::FileType;

use super::carry::{Shared, special};
use super::walk::DirTask;
use super::{CarryPolicy, Origin, ignored, rules};
use crate::path::RelPath;

/// How the entries of a directory are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CarryMode {
    /// By the rules of its repository.
    Ruled,
    /// Everything is carried.
    All(Origin),
    /// In an ignored directory: only tracked and listed files are carried.
    Searching,
}

impl CarryMode {
    /// Returns the origin of a directory in this mode.
    pub(super) fn origin(self) -> Origin {
        match self {
            Self::All(origin) => origin,
            Self::Ruled | Self::Searching => Origin::Tracked,
        }
    }
}

/// What to do with an entry.
pub(super) enum EntryAction {
    Carry(Origin),
    Enter(CarryMode),
    Leave(&'static str),
    /// Search an ignored directory. It is reported as not carried, except for what is found in it.
    EnterLeft,
    /// Do not carry it, and do not report it: a directory above was reported.
    Pass,
}

/// Decides what to do with one entry.
pub(super) fn decide(
    shared: &Shared<'_>,
    task: &DirTask,
    path: &RelPath,
    kind: FileType,
) -> EntryAction {
    let options = shared.carrier.options;
    if path.name() == b".git" {
        return match (kind, path.parent().is_some_and(|dir| dir.is_root())) {
            (FileType::Directory, true) if options.git_directory => {
                EntryAction::Enter(CarryMode::All(Origin::GitInternal))
            }
            (FileType::Directory, false) => EntryAction::Enter(CarryMode::All(Origin::GitInternal)),
            // The workspace gets its own `.git`.
            _ => EntryAction::Pass,
        };
    }
    let own = &shared.carrier.own_dirs;
    if kind.is_dir() && own.contains(&shared.carrier.source.join(path.as_path())) {
        return EntryAction::Leave("state of this program");
    }
    if !matches!(kind, FileType::Directory | FileType::RegularFile | FileType::Symlink) {
        return EntryAction::Leave(special(kind));
    }
    if let Some(only) = &options.only
        && path != only
        && !only.is_within(path)
    {
        return EntryAction::Pass;
    }
    if rules::says(&shared.exclude, path, kind.is_dir()) == Some(true) {
        return EntryAction::Leave("excluded by the strategy");
    }
    let decision = by_rules(shared, task, path, kind.is_dir());
    let filtered = !options.include.is_empty()
        && matches!(decision, EntryAction::Carry(_))
        && !included(shared, path);
    if filtered { EntryAction::Leave("not included by the strategy") } else { decision }
}

/// Returns whether an `include` glob matches a file or a directory above it.
fn included(shared: &Shared<'_>, path: &RelPath) -> bool {
    let include = &shared.include;
    rules::says(include, path, false) == Some(true)
        || std::iter::successors(path.parent(), RelPath::parent)
            .any(|dir| rules::says(include, &dir, true) == Some(true))
}

fn by_rules(shared: &Shared<'_>, task: &DirTask, path: &RelPath, is_dir: bool) -> EntryAction {
    let options = shared.carrier.options;
    let owner = &task.owner;
    let tracked = owner.tracked.contains(path.as_bytes());
    let tracked_below = is_dir && (tracked || owner.tracked_dirs.contains(path.as_bytes()));
    let listed = || {
        let listed = shared.listed.as_ref();
        listed.is_some_and(|listed| rules::says(listed, path, is_dir) == Some(true))
    };
    match task.mode {
        CarryMode::All(origin) if is_dir => EntryAction::Enter(CarryMode::All(origin)),
        CarryMode::All(origin) => EntryAction::Carry(origin),
        _ if tracked && !is_dir => EntryAction::Carry(Origin::Tracked),
        CarryMode::Searching if listed() && is_dir => {
            EntryAction::Enter(CarryMode::All(Origin::Ignored))
        }
        CarryMode::Searching if listed() => EntryAction::Carry(Origin::Ignored),
        CarryMode::Searching if is_dir => EntryAction::Enter(CarryMode::Searching),
        CarryMode::Searching => EntryAction::Pass,
        CarryMode::Ruled => {
            let ignored = ignored::matched(owner, task.level.as_ref(), path, is_dir);
            match (ignored, is_dir) {
                (false, true) => EntryAction::Enter(CarryMode::Ruled),
                (false, false) if options.tracked_only => EntryAction::Leave("not tracked"),
                (false, false) => EntryAction::Carry(Origin::Untracked),
                (true, dir) if options.ignored == CarryPolicy::All || listed() => match dir {
                    true => EntryAction::Enter(CarryMode::All(Origin::Ignored)),
                    false => EntryAction::Carry(Origin::Ignored),
                },
                (true, true) if tracked_below || shared.listed.is_some() => EntryAction::EnterLeft,
                (true, _) => EntryAction::Leave("ignored"),
            }
        }
    }
}

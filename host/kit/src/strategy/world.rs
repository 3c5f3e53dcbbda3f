//! Inputs of strategies: facts, user requests and step outcomes, hostile ones included.

use massgen_isolation::baseline::CarryPolicy;
use massgen_isolation::session::GitKind;
use massgen_isolation::strategy::{
    GitFacts, SourceFacts, StepErrorKind, StepOutcome, StepReport, TargetFacts, Wants,
};
use massgen_runtime::manifest::Manifest;

pub(super) fn sources() -> Vec<(&'static str, SourceFacts)> {
    let commit = || Some("a".repeat(40));
    let git = GitFacts {
        head_commit: commit(),
        branch: Some("main".into()),
        object_format: "sha1".into(),
        ..GitFacts::default()
    };
    let every = GitFacts {
        shallow: true,
        partial_clone: true,
        sparse: true,
        lfs: true,
        linked_worktree: true,
        operation: Some("rebase".into()),
        locked: true,
        ..git.clone()
    };
    let empty = GitFacts { head_commit: None, branch: None, ..git.clone() };
    let hostile = GitFacts {
        head_commit: Some("\u{202e}../../..".into()),
        branch: Some("\u{202e}\n$(rm -rf /)\0".repeat(500)),
        object_format: String::new(),
        operation: Some("x".repeat(20_000)),
        ..every.clone()
    };
    let small = SourceFacts {
        files: 10,
        total_bytes: 1_000,
        largest_file_bytes: 500,
        ..SourceFacts::default()
    };
    let of = |git: GitFacts| SourceFacts { git: Some(git), ..small.clone() };
    let huge = SourceFacts {
        files: u64::MAX,
        total_bytes: u64::MAX,
        symlinks: u64::MAX,
        largest_file_bytes: u64::MAX,
        counts_partial: true,
        ..SourceFacts::default()
    };
    vec![
        ("a small directory", small.clone()),
        ("an empty directory", SourceFacts::default()),
        ("a repository", of(git)),
        ("a repository in every special state", of(every)),
        ("a repository without a commit", of(empty)),
        ("a repository with hostile names", of(hostile.clone())),
        ("a single file", SourceFacts { single_file: true, files: 1, ..SourceFacts::default() }),
        ("sizes at their maximum", huge.clone()),
        (
            "sizes at their maximum, with hostile names",
            SourceFacts { git: Some(hostile), single_file: true, ..huge },
        ),
    ]
}

pub(super) fn targets() -> Vec<TargetFacts> {
    vec![
        TargetFacts { same_filesystem: true, free_bytes: 1 << 40, os: "linux".into() },
        TargetFacts { same_filesystem: false, free_bytes: 0, os: "\u{202e}\0".into() },
    ]
}

/// Returns the manifest's defaults overridden by `set`, then variants with hostile values.
pub(super) fn settings(
    manifest: &Manifest,
    set: &[(String, String)],
) -> Vec<Vec<(String, String)>> {
    let json = |text: &str| serde_json::Value::from(text).to_string();
    let value = |name: &str, default: &str| {
        set.iter().find(|(known, _)| known == name).map_or(default, |(_, value)| value).to_string()
    };
    let given: Vec<(String, String)> = manifest
        .settings
        .iter()
        .map(|(name, setting)| (name.clone(), json(&value(name, &setting.default))))
        .collect();
    let mut all = vec![given.clone()];
    if !given.is_empty() {
        for hostile in ["../../..", "\u{202e}\n\0", ""] {
            all.push(given.iter().map(|(name, _)| (name.clone(), json(hostile))).collect());
        }
        all.push(given.iter().map(|(name, _)| (name.clone(), "not JSON {".to_string())).collect());
        all.push(Vec::new());
    }
    all
}

/// Returns every user request with the first settings, and one request with each of the others.
pub(super) fn wants(settings: &[Vec<(String, String)>]) -> Vec<Wants> {
    let mut all = Vec::new();
    let given = settings.first().cloned().unwrap_or_default();
    for commit in [None, Some("b".repeat(40))] {
        for gitdir in [GitKind::Private, GitKind::Shared, GitKind::Linked] {
            for ignored in [CarryPolicy::None, CarryPolicy::Listed, CarryPolicy::All] {
                all.push(Wants {
                    commit: commit.clone(),
                    gitdir,
                    ignored,
                    settings: given.clone(),
                });
            }
        }
    }
    all.extend(settings.iter().skip(1).map(|settings| Wants {
        commit: None,
        gitdir: GitKind::Private,
        ignored: CarryPolicy::Listed,
        settings: settings.clone(),
    }));
    all
}

pub(super) fn outcomes() -> Vec<StepOutcome> {
    let done = StepReport { files: 3, bytes: 300, ..StepReport::default() };
    let hostile = StepReport {
        not_carried: vec![("\u{202e}".repeat(1_000), u64::MAX)],
        files: u64::MAX,
        bytes: u64::MAX,
        ..StepReport::default()
    };
    let kinds = [
        StepErrorKind::Unsupported,
        StepErrorKind::NoSpace,
        StepErrorKind::TooLarge,
        StepErrorKind::PermissionDenied,
        StepErrorKind::GitFailed,
        StepErrorKind::Io,
    ];
    let failures =
        kinds.map(|kind| StepOutcome::Failed { kind, message: "the step failed".into() });
    [StepOutcome::Done(done), StepOutcome::Done(hostile)].into_iter().chain(failures).collect()
}

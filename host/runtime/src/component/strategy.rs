//! Isolation strategies that are components. Each workspace is planned in a new store, which is dropped after any
//! failure.

use std::sync::Arc;

use massgen_isolation::baseline::CarryPolicy;
use massgen_isolation::session::GitKind;
use massgen_isolation::strategy::{
    CopySet, Decision, GitFacts, Planner, SourceFacts, Step, StepErrorKind, StepOutcome, Strategy,
    StrategyError, TargetFacts, Wants,
};
use wasmtime::component::{HasSelf, Linker, ResourceAny};
use wasmtime::{Engine, Store};

use super::bindings::strategy::exports::massgen::isolation_strategy::isolation_strategy as wit;
use super::bindings::strategy::massgen::isolation_strategy::diagnostics;
use super::bindings::strategy::{self, StrategyPre};
use super::cache::Cache;
use super::guest::{Call, GuestError, new_store};
use super::limits::GuestState;
use super::plugin::{Admitted, LoadPluginError, admit, explain_skew};
use super::ticker::Ticker;
use crate::manifest::{Manifest, PluginKind};
use crate::settings::{SettingError, Settings};

/// Limits of a strategy's texts and lists, which are shown to users.
const TEXT_CHARS_MAX: usize = 500;
const LIST_MAX: usize = 200;

/// A loaded strategy.
pub struct ComponentStrategy {
    manifest: Manifest,
    settings: Settings,
    pre: StrategyPre<GuestState>,
    ticker: Arc<Ticker>,
}

impl std::fmt::Debug for ComponentStrategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ComponentStrategy")
            .field("manifest", &self.manifest)
            .finish_non_exhaustive()
    }
}

pub(super) fn load(
    engine: &Engine,
    cache: Option<&Cache>,
    ticker: &Arc<Ticker>,
    bytes: &[u8],
) -> Result<ComponentStrategy, LoadPluginError> {
    let Admitted { manifest, component, .. } =
        admit(engine, cache, bytes, PluginKind::IsolationStrategy)?;
    let plugin = manifest.label();
    let failed = |error: wasmtime::Error| LoadPluginError::Compile {
        plugin: plugin.clone(),
        why: format!("{error:#}"),
    };
    let mut linker = Linker::<GuestState>::new(engine);
    diagnostics::add_to_linker::<_, HasSelf<GuestState>>(&mut linker, |state| state)
        .map_err(failed)?;
    let pre = linker.instantiate_pre(&component).and_then(StrategyPre::new).map_err(failed)?;
    let settings = Settings::defaults(&manifest);
    let strategy = ComponentStrategy { manifest, settings, pre, ticker: ticker.clone() };
    let claimed = strategy.describe().map_err(|error| {
        let error = LoadPluginError::Describe { plugin: plugin.clone(), why: error.to_string() };
        explain_skew(error, &plugin, bytes, PluginKind::IsolationStrategy)
    })?;
    if claimed == plugin {
        Ok(strategy)
    } else {
        Err(LoadPluginError::Identity { plugin, claimed })
    }
}

impl ComponentStrategy {
    /// The strategy's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Sets values of the strategy's settings: name and plain text. Others have their defaults.
    pub fn with_settings(mut self, chosen: &[(String, String)]) -> Result<Self, SettingError> {
        self.settings = Settings::resolve(&self.manifest, chosen)?;
        Ok(self)
    }

    /// Returns all settings as JSON. Values that the host passes for one session take precedence.
    fn session_settings(&self, session: &[(String, String)]) -> Vec<(String, String)> {
        let mut all = session.to_vec();
        let is_set = |name: &str| session.iter().any(|(set, _)| set == name);
        all.extend(self.settings.to_json().into_iter().filter(|(name, _)| !is_set(name)));
        all
    }

    fn call(&self, name: &'static str) -> Call<'_> {
        Call::new(&self.manifest, &self.ticker, name)
    }

    fn store(&self) -> Store<GuestState> {
        new_store(self.pre.engine(), &self.manifest)
    }

    fn describe(&self) -> Result<String, GuestError> {
        let mut store = self.store();
        let call = self.call("describe");
        let bindings = call.run(&mut store, |store| self.pre.instantiate(store))?;
        let info = call.run(&mut store, |store| {
            bindings.massgen_isolation_strategy_isolation_strategy().call_describe(store)
        })?;
        Ok(format!("{} {}", info.id, info.version).chars().take(200).collect())
    }

    fn failed(&self, error: &GuestError) -> StrategyError {
        StrategyError { strategy: self.manifest.label(), why: error.to_string() }
    }
}

impl Strategy for ComponentStrategy {
    fn id(&self) -> &str {
        &self.manifest.id
    }

    fn label(&self) -> String {
        self.manifest.label()
    }

    fn begin(
        &self,
        source: &SourceFacts,
        target: &TargetFacts,
        wants: &Wants,
    ) -> Result<Box<dyn Planner + '_>, StrategyError> {
        let failed = |error: GuestError| self.failed(&error);
        let mut store = self.store();
        let call = self.call("session");
        let bindings = call.run(&mut store, |store| self.pre.instantiate(store)).map_err(failed)?;
        let (source, target, mut wants) = (to_source(source), to_target(target), to_wants(wants));
        wants.settings = self.session_settings(&wants.settings);
        let session = call
            .run(&mut store, |store| {
                bindings
                    .massgen_isolation_strategy_isolation_strategy()
                    .session()
                    .call_constructor(store, &source, &target, &wants)
            })
            .map_err(failed)?;
        Ok(Box::new(ComponentPlanner { strategy: self, store, bindings, session }))
    }
}

struct ComponentPlanner<'a> {
    strategy: &'a ComponentStrategy,
    store: Store<GuestState>,
    bindings: strategy::Strategy,
    session: ResourceAny,
}

impl Planner for ComponentPlanner<'_> {
    fn next(&mut self, outcome: StepOutcome) -> Result<Decision, StrategyError> {
        let outcome = to_outcome(outcome);
        let (bindings, session) = (&self.bindings, self.session);
        let decision = self.strategy.call("next").run(&mut self.store, |store| {
            bindings
                .massgen_isolation_strategy_isolation_strategy()
                .session()
                .call_next(store, session, &outcome)
        });
        decision.map(from_decision).map_err(|error| self.strategy.failed(&error))
    }
}

fn to_source(facts: &SourceFacts) -> wit::SourceFacts {
    wit::SourceFacts {
        git: facts.git.as_ref().map(to_git),
        files: facts.files,
        total_bytes: facts.total_bytes,
        symlinks: facts.symlinks,
        largest_file_bytes: facts.largest_file_bytes,
        single_file: facts.single_file,
        counts_partial: facts.counts_partial,
    }
}

fn to_git(facts: &GitFacts) -> wit::GitFacts {
    wit::GitFacts {
        head_commit: facts.head_commit.clone(),
        branch: facts.branch.clone(),
        object_format: facts.object_format.clone(),
        shallow: facts.shallow,
        partial_clone: facts.partial_clone,
        sparse: facts.sparse,
        lfs: facts.lfs,
        linked_worktree: facts.linked_worktree,
        operation: facts.operation.clone(),
        locked: facts.locked,
    }
}

fn to_target(facts: &TargetFacts) -> wit::TargetFacts {
    wit::TargetFacts {
        same_filesystem: facts.same_filesystem,
        free_bytes: facts.free_bytes,
        os: facts.os.clone(),
    }
}

fn to_wants(wants: &Wants) -> wit::Wants {
    wit::Wants {
        commit: wants.commit.clone(),
        gitdir: match wants.gitdir {
            GitKind::Private => wit::Gitdir::Private,
            GitKind::Shared => wit::Gitdir::Shared,
            GitKind::Linked => wit::Gitdir::Linked,
        },
        ignored: match wants.ignored {
            CarryPolicy::None => wit::IgnoredPolicy::None,
            CarryPolicy::Listed => wit::IgnoredPolicy::Listed,
            CarryPolicy::All => wit::IgnoredPolicy::All,
        },
        settings: wants.settings.clone(),
    }
}

fn to_outcome(outcome: StepOutcome) -> wit::Outcome {
    match outcome {
        StepOutcome::Begin => wit::Outcome::Begin,
        StepOutcome::Done(report) => wit::Outcome::Done(wit::StepReport {
            files: report.files,
            bytes: report.bytes,
            reflinked_files: report.reflinked_files,
            not_carried: report
                .not_carried
                .into_iter()
                .map(|(reason, count)| wit::LeftBehind { reason, count })
                .collect(),
            millis: report.millis,
        }),
        StepOutcome::Failed { kind, message } => wit::Outcome::Failed(wit::StepFailure {
            error: match kind {
                StepErrorKind::Unsupported => wit::StepError::Unsupported,
                StepErrorKind::NoSpace => wit::StepError::NoSpace,
                StepErrorKind::TooLarge => wit::StepError::TooLarge,
                StepErrorKind::PermissionDenied => wit::StepError::PermissionDenied,
                StepErrorKind::GitFailed => wit::StepError::GitFailed,
                StepErrorKind::Io => wit::StepError::Io,
            },
            message,
        }),
    }
}

fn from_decision(decision: wit::Decision) -> Decision {
    match decision {
        wit::Decision::Perform(step) => Decision::Perform(from_step(step)),
        wit::Decision::Ready(ready) => Decision::Ready {
            properties: cut_all(&ready.properties),
            notices: cut_all(&ready.notices),
        },
        wit::Decision::Decline(why) => Decision::Decline(cut(&why)),
        wit::Decision::Abort(failure) => Decision::Abort {
            message: cut(&failure.message),
            hint: failure.hint.as_deref().map(cut),
        },
    }
}

fn from_step(step: wit::Step) -> Step {
    match step {
        wit::Step::AddWorktree(step) => {
            Step::AddWorktree { gitdir: from_gitdir(step.gitdir), checkout: step.checkout }
        }
        wit::Step::CopyTree(step) => Step::CopyTree {
            set: match step.set {
                wit::CopySet::Everything => CopySet::Everything,
                wit::CopySet::NotIgnored => CopySet::NotIgnored,
                wit::CopySet::Tracked => CopySet::Tracked,
            },
            ignored: match step.ignored {
                wit::IgnoredPolicy::None => CarryPolicy::None,
                wit::IgnoredPolicy::Listed => CarryPolicy::Listed,
                wit::IgnoredPolicy::All => CarryPolicy::All,
            },
            include: cut_all(&step.only),
            exclude: cut_all(&step.exclude),
        },
        wit::Step::Other(step) => Step::Other { kind: cut(&step.kind) },
    }
}

fn from_gitdir(gitdir: wit::Gitdir) -> GitKind {
    match gitdir {
        wit::Gitdir::Private => GitKind::Private,
        wit::Gitdir::Shared => GitKind::Shared,
        wit::Gitdir::Linked => GitKind::Linked,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

fn cut_all(texts: &[String]) -> Vec<String> {
    texts.iter().take(LIST_MAX).map(|text| cut(text)).collect()
}

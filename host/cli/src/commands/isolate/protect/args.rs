//! The options of confinement, and what the configuration says where there is no option.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use massgen_isolation::confine::{self, Confinement};
use massgen_isolation::path::HostPath;
use massgen_isolation::session::StateDir;

use crate::app::App;
use massgen_setup::config::Config;
use massgen_terminal::CommandError;

/// What keeps the agent in its workspace
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Confinement")]
pub(crate) struct ProtectArgs {
    /// Confinement of the agent [default: auto]
    #[arg(long, value_enum, value_name = "LEVEL")]
    protect: Option<Protect>,
    /// Additional path the agent may write; repeatable
    #[arg(long, value_name = "PATH")]
    allow_write: Vec<PathBuf>,
    /// Additional path the agent may not read; repeatable
    #[arg(long, value_name = "PATH")]
    deny_read: Vec<PathBuf>,
    /// Network access (TCP) of the agent [default: allow]
    #[arg(long, value_enum, value_name = "WHETHER")]
    net: Option<Net>,
    /// Package manager caches: yours or the session's [default: shared]
    #[arg(long, value_enum, value_name = "WHOSE")]
    caches: Option<Caches>,
    /// Variables to pass although they look like keys (NAME or PREFIX*); comma-separated
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pass_env: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Protect {
    /// Enforced by the kernel where it can, else looked at afterwards
    Auto,
    /// Enforced by the kernel, or nothing runs
    Require,
    /// Not enforced; what was touched outside is told afterwards
    Audit,
    /// Nothing
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Net {
    Allow,
    Deny,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Caches {
    /// Yours, which they may fill
    Shared,
    /// The session's own, empty at first
    Private,
}

/// Variables that would lead the agent's git to the user's repository.
const LEADS_GIT: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
    "GIT_",
];

impl ProtectArgs {
    /// What is asked for, by options first, then by configuration.
    pub(crate) fn confinement(
        &self,
        app: &App,
        state: &StateDir,
    ) -> Result<Confinement, CommandError> {
        let config = &app.config;
        let protect = match self.protect {
            Some(protect) => protect,
            None => chosen(config, "isolation.protect")?,
        };
        let net = match self.net {
            Some(net) => net,
            None => chosen(config, "isolation.net")?,
        };
        let caches = match self.caches {
            Some(caches) => caches,
            None => chosen(config, "isolation.caches")?,
        };
        let configured = |key: &str| -> Vec<PathBuf> {
            config.list(key).map(|path| app.environment.expanded(path)).collect()
        };
        let mut asked = Confinement {
            protect: protect.into(),
            allow_write: Vec::new(),
            deny_read: Vec::new(),
            net: net.into(),
            caches: caches.into(),
            pass_env: config.list("isolation.pass_env").map(String::from).collect(),
        };
        for path in &self.allow_write {
            asked.allow_write.push(grant(&app.environment.path(path), state)?);
        }
        for path in configured("isolation.allow_write") {
            // What is configured is meant for many projects: it need not be there in each.
            if path.exists() {
                asked.allow_write.push(grant(&path, state)?);
            }
        }
        for path in self.deny_read.iter().map(|path| app.environment.path(path)) {
            let real = path.canonicalize().map_err(|error| {
                CommandError::usage(format!("--deny-read {} names nothing", path.display()))
                    .because(&error)
            })?;
            asked.deny_read.push(HostPath(real));
        }
        let denied = configured("isolation.deny_read").into_iter();
        asked.deny_read.extend(denied.filter_map(|path| path.canonicalize().ok()).map(HostPath));
        asked.pass_env.extend(self.pass_env.iter().cloned());
        self.check(asked)
    }

    fn check(&self, asked: Confinement) -> Result<Confinement, CommandError> {
        for name in &asked.pass_env {
            let start = name.trim_end_matches('*');
            if start.is_empty() || LEADS_GIT.contains(&start) {
                return Err(CommandError::usage(format!(
                    "{name} is not passed: it would lead the agent out of its workspace"
                )));
            }
        }
        let kernel_off = !asked.protect.wants_kernel();
        if kernel_off && (self.net == Some(Net::Deny) || !self.deny_read.is_empty()) {
            return Err(CommandError::usage(format!(
                "--net deny and --deny-read are kept by the kernel, which --protect {} leaves out",
                asked.protect.word()
            )));
        }
        // What only the configuration asks for gives way to an explicit option.
        match kernel_off {
            true => Ok(Confinement { net: confine::Net::Allow, deny_read: Vec::new(), ..asked }),
            false => Ok(asked),
        }
    }
}

fn chosen<T: ValueEnum>(config: &Config, key: &str) -> Result<T, CommandError> {
    let word = config.word(key);
    T::from_str(word, false).map_err(|_| {
        let names: Vec<_> = T::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value)
            .map(|value| value.get_name().to_string())
            .collect();
        CommandError::usage(format!("`{key}` is {word:?} in the configuration"))
            .hint(format!("it is one of {}; massgen config show tells the file", names.join(", ")))
    })
}

/// A place that the user lets the agent write. Our own state is nobody's to write: what a session began
/// from, and what was kept of it, would mean nothing.
fn grant(path: &Path, state: &StateDir) -> Result<HostPath, CommandError> {
    let real = path.canonicalize().map_err(|error| {
        CommandError::usage(format!("--allow-write {} names nothing", path.display()))
            .because(&error)
            .hint("make it first: only what is there can be granted")
    })?;
    let ours = state.root().canonicalize().unwrap_or_else(|_| state.root().to_path_buf());
    if ours.starts_with(&real) || real.starts_with(&ours) {
        return Err(CommandError::usage(format!(
            "{} can't be granted: sessions and what they began from are kept in {}",
            real.display(),
            ours.display()
        ))
        .hint("grant what lies beside it, or move the sessions with MASSGEN_STATE_DIR"));
    }
    Ok(HostPath(real))
}

impl From<Protect> for confine::Protect {
    fn from(protect: Protect) -> Self {
        match protect {
            Protect::Auto => Self::Auto,
            Protect::Require => Self::Require,
            Protect::Audit => Self::Audit,
            Protect::Off => Self::Off,
        }
    }
}

impl From<Net> for confine::Net {
    fn from(net: Net) -> Self {
        match net {
            Net::Allow => Self::Allow,
            Net::Deny => Self::Deny,
        }
    }
}

impl From<Caches> for confine::Caches {
    fn from(caches: Caches) -> Self {
        match caches {
            Caches::Shared => Self::Shared,
            Caches::Private => Self::Private,
        }
    }
}

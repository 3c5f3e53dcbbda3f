//! Well-known paths: caches of package managers, and secrets.

use std::path::{Path, PathBuf};

/// A directory that a tool keeps below the home directory.
#[derive(Debug)]
pub(super) struct Tool {
    /// The tool's name, used for directories of the session.
    pub(super) name: &'static str,
    /// The variable that relocates the directory.
    pub(super) variable: Option<&'static str>,
    /// The default path below the home directory.
    pub(super) home: &'static str,
    /// The writable entries, or empty for the whole directory. Never includes programs, configuration or hooks.
    pub(super) parts: &'static [&'static str],
}

impl Tool {
    /// Returns the directory for this user.
    pub(super) fn place(
        &self,
        home: Option<&Path>,
        variable: &dyn Fn(&str) -> Option<PathBuf>,
    ) -> Option<PathBuf> {
        let moved = self.variable.and_then(variable).filter(|place| place.is_absolute());
        moved.or_else(|| home.map(|home| home.join(self.home)))
    }

    /// Returns the writable paths.
    pub(super) fn writable(&self, place: &Path) -> Vec<PathBuf> {
        match self.parts {
            [] => vec![place.to_path_buf()],
            parts => parts.iter().map(|part| place.join(part)).collect(),
        }
    }
}

pub(super) const fn tool(
    name: &'static str,
    variable: Option<&'static str>,
    home: &'static str,
    parts: &'static [&'static str],
) -> Tool {
    Tool { name, variable, home, parts }
}

/// Caches, which their tools can rebuild.
pub(super) const CACHES: &[Tool] = &[
    tool(
        "cargo",
        Some("CARGO_HOME"),
        ".cargo",
        &["registry", "git", ".package-cache", ".package-cache-mutate", ".global-cache"],
    ),
    tool("npm", Some("npm_config_cache"), ".npm", &["_cacache", "_logs"]),
    tool("pip", Some("PIP_CACHE_DIR"), ".cache/pip", &[]),
    tool("uv", Some("UV_CACHE_DIR"), ".cache/uv", &[]),
    tool("yarn", Some("YARN_CACHE_FOLDER"), ".cache/yarn", &[]),
    tool("pnpm", Some("npm_config_store_dir"), ".local/share/pnpm/store", &[]),
    tool("go-build", Some("GOCACHE"), ".cache/go-build", &[]),
    tool("go-mod", Some("GOMODCACHE"), "go/pkg/mod", &[]),
    tool("gradle", Some("GRADLE_USER_HOME"), ".gradle", &["caches", "daemon", "native"]),
    tool("maven", None, ".m2/repository", &[]),
    tool("ccache", Some("CCACHE_DIR"), ".cache/ccache", &[]),
    tool("deno", Some("DENO_DIR"), ".cache/deno", &[]),
    tool("bun", Some("BUN_INSTALL_CACHE_DIR"), ".bun/install/cache", &[]),
    tool("composer", Some("COMPOSER_CACHE_DIR"), ".cache/composer", &[]),
    tool("nuget", Some("NUGET_PACKAGES"), ".nuget/packages", &[]),
];

/// Paths below the home directory: keys, tokens, wallets, browser profiles.
const SECRETS: &[&str] = &[
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".oci",
    ".kube",
    ".config/gcloud",
    ".config/doctl",
    ".config/hcloud",
    ".config/gh",
    ".config/hub",
    ".config/op",
    ".config/rclone",
    ".config/Bitwarden CLI",
    ".config/google-chrome",
    ".config/chromium",
    ".mozilla",
    ".docker/config.json",
    ".terraform.d/credentials.tfrc.json",
    ".vault-token",
    ".netrc",
    ".pypirc",
    ".pgpass",
    ".git-credentials",
    ".config/git/credentials",
    ".password-store",
    ".local/share/keyrings",
    ".local/share/kwalletd",
    ".cargo/credentials",
    ".cargo/credentials.toml",
];

/// Returns paths below a home directory that no agent needs to read.
pub fn secret_paths(home: &Path) -> Vec<PathBuf> {
    SECRETS.iter().map(|place| home.join(place)).collect()
}

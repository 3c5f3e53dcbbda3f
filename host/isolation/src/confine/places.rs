//! Well-known places: where package managers keep what they fetched, and where people keep secrets.

use std::path::{Path, PathBuf};

/// What a tool keeps below the home directory.
#[derive(Debug)]
pub(super) struct Tool {
    /// Its name, for directories of ours.
    pub(super) name: &'static str,
    /// The variable that moves the place.
    pub(super) variable: Option<&'static str>,
    /// The place, below the home directory.
    pub(super) home: &'static str,
    /// What may be written of it; empty: all of it. Programs, configuration and hooks never stand here.
    pub(super) parts: &'static [&'static str],
}

impl Tool {
    /// Where it is for this user.
    pub(super) fn place(
        &self,
        home: Option<&Path>,
        variable: &dyn Fn(&str) -> Option<PathBuf>,
    ) -> Option<PathBuf> {
        let moved = self.variable.and_then(variable).filter(|place| place.is_absolute());
        moved.or_else(|| home.map(|home| home.join(self.home)))
    }

    /// What may be written.
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

/// Caches: their tools can make them anew.
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

/// Below the home directory: keys, tokens, wallets, browsers' profiles.
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

/// Places below a home directory that no agent needs to read.
pub fn secret_places(home: &Path) -> Vec<PathBuf> {
    SECRETS.iter().map(|place| home.join(place)).collect()
}

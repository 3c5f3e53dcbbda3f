//! Recognises files whose names suggest secrets. They are reported, so that users know what an agent can
//! read.

use crate::path::RelPath;

const NAMES: &[&str] = &[
    ".npmrc",
    ".pypirc",
    ".netrc",
    ".pgpass",
    ".htpasswd",
    "credentials",
    "credentials.json",
    "service-account.json",
    "secrets.yml",
    "secrets.yaml",
    "secrets.json",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    ".git-credentials",
    "terraform.tfvars",
    "kubeconfig",
];
const ENDINGS: &[&str] =
    &[".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ovpn", ".tfstate"];
const EXAMPLES: &[&str] = &[".example", ".sample", ".template", ".dist"];

/// Returns whether the name of a file suggests secrets.
pub fn looks_secret(path: &RelPath) -> bool {
    let name = String::from_utf8_lossy(path.name()).to_lowercase();
    if EXAMPLES.iter().any(|ending| name.ends_with(ending)) {
        return false;
    }
    name == ".env"
        || name.starts_with(".env.")
        || NAMES.contains(&name.as_str())
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_names_are_recognised() {
        for (name, expect) in [
            (".env", true),
            ("deploy/.env.production", true),
            (".env.example", false),
            ("certs/server.pem", true),
            ("src/keys.rs", false),
            ("id_ed25519", true),
        ] {
            assert_eq!(looks_secret(&RelPath::new(name.as_bytes()).unwrap()), expect, "{name}");
        }
    }
}

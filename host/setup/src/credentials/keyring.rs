//! The system's keyring: the Secret Service on Linux, the Keychain on macOS. It is asked only for providers
//! that `auth set` put there.

use massgen_runtime::Secret;

/// The name under which the keyring lists what is ours.
const SERVICE: &str = "massgen";

/// Why the keyring did not do it.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The system has no keyring.
    #[error("no keyring answers here: a desktop's keyring service must run in this session")]
    Absent(#[source] ::keyring::Error),
    /// The keyring has no such entry.
    #[error("it has no such entry; it was removed by another program")]
    NoEntry,
    /// The keyring refused access.
    #[error("it refuses, or its question was not answered")]
    Refused(#[source] ::keyring::Error),
}

/// The key of a provider.
pub fn load(provider: &str) -> Result<Secret, KeyringError> {
    entry(provider)?.get_password().map(Secret::new).map_err(explained)
}

/// Keeps a key, and reads it back: some keyrings take what they can't give.
pub fn keep(provider: &str, key: &Secret) -> Result<(), KeyringError> {
    let entry = entry(provider)?;
    entry.set_password(key.expose()).map_err(explained)?;
    match entry.get_password() {
        Ok(read) if read == key.expose() => Ok(()),
        Ok(_) => Err(KeyringError::NoEntry),
        Err(error) => Err(explained(error)),
    }
}

/// Takes a key out; that there is none is fine.
pub fn remove(provider: &str) -> Result<(), KeyringError> {
    match entry(provider)?.delete_credential().map_err(explained) {
        Ok(()) | Err(KeyringError::NoEntry) => Ok(()),
        Err(error) => Err(error),
    }
}

fn entry(provider: &str) -> Result<::keyring::Entry, KeyringError> {
    ::keyring::Entry::new(SERVICE, provider).map_err(explained)
}

fn explained(error: ::keyring::Error) -> KeyringError {
    match error {
        ::keyring::Error::NoEntry => KeyringError::NoEntry,
        ::keyring::Error::PlatformFailure(_) => KeyringError::Absent(error),
        other => KeyringError::Refused(other),
    }
}

//! Credentials of clouds: variables and files as the clouds' own tools name and write them.

use std::path::PathBuf;

use massgen_runtime::{Credential, Secret};

use super::LoadError;
use crate::environment::Environment;

/// A file of Google credentials.
#[derive(Debug)]
pub(crate) struct CloudFile {
    pub(crate) path: PathBuf,
}

/// A profile in a file of AWS keys.
#[derive(Debug)]
pub(crate) struct AwsFile {
    pub(crate) path: PathBuf,
    pub(crate) profile: String,
}

/// An access key in `AWS_ACCESS_KEY_ID` and its companions; where it comes from.
pub(super) fn aws_from_environment(environment: &Environment) -> Option<(Credential, String)> {
    let var = |name: &str| environment.var(name).map(str::trim);
    let credential = Credential::Aws {
        access_key_id: var("AWS_ACCESS_KEY_ID")?.to_string(),
        secret_access_key: Secret::new(var("AWS_SECRET_ACCESS_KEY")?),
        session_token: var("AWS_SESSION_TOKEN").map(Secret::new),
    };
    Some((credential, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".into()))
}

/// `~/.aws/credentials` and the profile of `AWS_PROFILE`.
pub(super) fn aws_file(environment: &Environment) -> Option<AwsFile> {
    let path = match environment.var("AWS_SHARED_CREDENTIALS_FILE") {
        Some(path) => PathBuf::from(path),
        None => environment.home()?.join(".aws/credentials"),
    };
    let profile = environment.var("AWS_PROFILE").unwrap_or("default").to_string();
    path.is_file().then_some(AwsFile { path, profile })
}

/// The file that `GOOGLE_APPLICATION_CREDENTIALS` names.
pub(super) fn google_from_environment(environment: &Environment) -> Option<CloudFile> {
    let path = environment.var("GOOGLE_APPLICATION_CREDENTIALS")?;
    Some(CloudFile { path: environment.path(path.as_ref()) })
}

/// What `gcloud auth application-default login` left.
pub(super) fn google_file(environment: &Environment) -> Option<CloudFile> {
    let path = environment.home()?.join(".config/gcloud/application_default_credentials.json");
    path.is_file().then_some(CloudFile { path })
}

impl CloudFile {
    pub(crate) fn load(&self) -> Result<Credential, LoadError> {
        read(&self.path).map(|text| Credential::Google(Secret::new(text)))
    }

    /// The project that a service account belongs to.
    pub(crate) fn project(text: &str) -> Option<String> {
        let file: serde_json::Value = serde_json::from_str(text).ok()?;
        let project = file.get("project_id").or_else(|| file.get("quota_project_id"))?;
        project.as_str().map(String::from)
    }
}

impl AwsFile {
    pub(crate) fn load(&self) -> Result<Credential, LoadError> {
        let text = read(&self.path)?;
        let value = |name: &str| ini_value(&text, &self.profile, name);
        match (value("aws_access_key_id"), value("aws_secret_access_key")) {
            (Some(id), Some(secret)) => Ok(Credential::Aws {
                access_key_id: id,
                secret_access_key: Secret::new(secret),
                session_token: value("aws_session_token").map(Secret::new),
            }),
            _ => Err(LoadError::NoProfile {
                path: self.path.display().to_string(),
                profile: self.profile.clone(),
            }),
        }
    }
}

fn read(path: &std::path::Path) -> Result<String, LoadError> {
    std::fs::read_to_string(path)
        .map_err(|source| LoadError::File { path: path.display().to_string(), source })
}

/// A value of a section of an INI file.
fn ini_value(text: &str, section: &str, name: &str) -> Option<String> {
    let mut within = false;
    for line in text.lines().map(str::trim) {
        if let Some(title) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            within = title.trim() == section;
        } else if within
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == name
        {
            return Some(value.trim().to_string());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_of_a_file() {
        let text = "[default]\naws_access_key_id = A\n# aws_access_key_id = X\n\n[work]\naws_access_key_id=B\n";
        let id = |profile: &str| ini_value(text, profile, "aws_access_key_id");
        assert_eq!((id("default").as_deref(), id("work").as_deref()), (Some("A"), Some("B")));
        assert_eq!(id("none"), None);
    }
}

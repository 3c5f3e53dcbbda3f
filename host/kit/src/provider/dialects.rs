//! Recorded exchanges of common dialects, for plugins without cassettes.

use std::collections::BTreeMap;

use crate::cassette::{Cassette, parse};

/// Embeds cassettes of this repository.
macro_rules! cassettes {
    ($($folder:literal / [$($name:literal),*]),* $(,)?) => {
        &[$($(Embedded {
            folder: $folder,
            name: $name,
            files: &[
                ("case.toml", include_bytes!(concat!("../../../../plugins/", $folder, "/cassettes/", $name, "/case.toml"))),
                ("request.json", include_bytes!(concat!("../../../../plugins/", $folder, "/cassettes/", $name, "/request.json"))),
                ("1.out.http", include_bytes!(concat!("../../../../plugins/", $folder, "/cassettes/", $name, "/1.out.http"))),
                ("1.in.http", include_bytes!(concat!("../../../../plugins/", $folder, "/cassettes/", $name, "/1.in.http"))),
                ("expect.jsonl", include_bytes!(concat!("../../../../plugins/", $folder, "/cassettes/", $name, "/expect.jsonl"))),
            ],
        },)*)*]
    };
}

/// A cassette in the program.
struct Embedded {
    /// Folder of the plugin, below `plugins/`.
    folder: &'static str,
    name: &'static str,
    /// Names and contents.
    files: &'static [(&'static str, &'static [u8])],
}

const CASSETTES: &[Embedded] = cassettes! {
    "templates/chat" / ["hello", "tools", "whole"],
    "openai" / ["hello", "limit", "tools"],
    "anthropic" / ["hello", "tools"],
    "google" / ["hello", "tools"],
};

/// Returns the folder of the plugin whose dialect uses this request path.
fn folder_of_path(path: &str) -> Option<&'static str> {
    if path.ends_with("/chat/completions") {
        Some("templates/chat")
    } else if path.ends_with("/responses") {
        Some("openai")
    } else if path.ends_with("/messages") {
        Some("anthropic")
    } else if path.contains(":streamGenerateContent") || path.contains(":generateContent") {
        Some("google")
    } else {
        None
    }
}

/// Returns recorded exchanges of the dialect that uses this request path.
pub(super) fn of_path(path: &str) -> Vec<Cassette> {
    let Some(wanted) = folder_of_path(path) else { return Vec::new() };
    CASSETTES
        .iter()
        .filter(|embedded| embedded.folder == wanted)
        .filter_map(|Embedded { name, files, .. }| {
            let files: BTreeMap<String, Vec<u8>> =
                files.iter().map(|(name, bytes)| ((*name).to_string(), bytes.to_vec())).collect();
            parse(name, &files).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cassette_can_be_read() {
        for (path, count) in [
            ("/v1/chat/completions", 3),
            ("/responses", 3),
            ("/v1/messages", 2),
            ("/v1beta/models/x:streamGenerateContent", 2),
            ("/say", 0),
        ] {
            assert_eq!(of_path(path).len(), count, "{path}");
        }
    }
}

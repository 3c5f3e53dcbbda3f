//! Writing cassettes.

use std::collections::BTreeMap;
use std::path::Path;

use super::{COUNT_FILE, Cassette, CassetteError, wire};

/// Returns the files of a cassette by name and content.
pub fn files(cassette: &Cassette) -> Vec<(String, Vec<u8>)> {
    let mut case = toml::Table::new();
    case.insert("date".into(), cassette.date.clone().into());
    case.insert("recorder".into(), cassette.recorder.clone().into());
    if !cassette.settings.is_empty() {
        let settings: BTreeMap<_, _> = cassette.settings.iter().cloned().collect();
        let table = settings.into_iter().map(|(name, value)| (name, value.into()));
        case.insert("settings".into(), toml::Value::Table(table.collect()));
    }
    let request = serde_json::to_string_pretty(&cassette.request).unwrap_or_default();
    let mut files = vec![
        ("case.toml".to_string(), case.to_string().into_bytes()),
        ("request.json".to_string(), format!("{request}\n").into_bytes()),
    ];
    for (at, sent) in cassette.sent.iter().enumerate() {
        files.push((format!("{}.out.http", at + 1), wire::print_sent(sent)));
    }
    for (at, reply) in cassette.replies.iter().enumerate() {
        files.push((format!("{}.in.http", at + 1), wire::print_reply(reply)));
        if let Some(cuts) = wire::print_cuts(reply) {
            files.push((format!("{}.in.cuts", at + 1), cuts.into_bytes()));
        }
    }
    if let Some(count) = &cassette.count {
        files.push((COUNT_FILE.to_string(), wire::print_sent(count)));
    }
    files.push(("expect.jsonl".to_string(), cassette.expect.to_lines().into_bytes()));
    files
}

/// Writes a cassette to a folder, which is created if missing. Files of an earlier recording are replaced.
pub fn save(cassette: &Cassette, dir: &Path) -> Result<(), CassetteError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        |source| CassetteError::File { path, source }
    };
    std::fs::create_dir_all(dir).map_err(failed(dir))?;
    for (name, content) in files(cassette) {
        let path = dir.join(name);
        std::fs::write(&path, content).map_err(failed(&path))?;
    }
    Ok(())
}

//! Reading cassettes.

use std::collections::BTreeMap;
use std::path::Path;

use massgen_models::request::Request;
use serde::Deserialize;

use super::{COUNT_FILE, Cassette, CassetteError, Expect, wire};

/// Maximum size of a cassette's file. Larger files are ignored.
const FILE_BYTES_MAX: u64 = 16 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    date: String,
    #[serde(default)]
    recorder: String,
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

/// Loads all cassettes of a folder, sorted by name. A missing folder has none.
pub fn load_all(dir: &Path) -> Result<Vec<Cassette>, CassetteError> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Ok(Vec::new()) };
    let mut folders: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("request.json").is_file())
        .collect();
    folders.sort();
    folders.iter().map(|folder| load(folder)).collect()
}

/// Loads one cassette.
pub fn load(dir: &Path) -> Result<Cassette, CassetteError> {
    let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut files = BTreeMap::new();
    let failed = |path: &Path, source| CassetteError::File { path: path.into(), source };
    for entry in std::fs::read_dir(dir).map_err(|error| failed(dir, error))? {
        let entry = entry.map_err(|error| failed(dir, error))?;
        let path = entry.path();
        let meta = entry.metadata().map_err(|error| failed(&path, error))?;
        if meta.is_file() && meta.len() <= FILE_BYTES_MAX {
            let bytes = std::fs::read(&path).map_err(|error| failed(&path, error))?;
            files.insert(entry.file_name().to_string_lossy().into_owned(), bytes);
        }
    }
    parse(&name, &files)
}

/// Parses a cassette from its files, given by name and content.
pub fn parse(name: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Cassette, CassetteError> {
    let wrong = |file: &str, why: String| CassetteError::Content {
        cassette: name.to_string(),
        file: file.to_string(),
        why,
    };
    let text = |file: &str| -> Result<&str, CassetteError> {
        let bytes = files.get(file).ok_or_else(|| wrong(file, "the file is missing".into()))?;
        std::str::from_utf8(bytes).map_err(|_| wrong(file, "the file is not UTF-8".into()))
    };
    let case: Case = toml::from_str(text("case.toml")?)
        .map_err(|error| wrong("case.toml", error.to_string()))?;
    let request: Request = serde_json::from_str(text("request.json")?)
        .map_err(|error| wrong("request.json", error.to_string()))?;
    let (mut sent, mut replies) = (Vec::new(), Vec::new());
    for number in 1.. {
        let (out, back) = (format!("{number}.out.http"), format!("{number}.in.http"));
        // An author may leave this file empty until `plugin test --accept` writes it.
        if let Some(bytes) = files.get(&out).filter(|bytes| !bytes.is_empty()) {
            sent.push(wire::parse_sent(bytes).map_err(|why| wrong(&out, why))?);
        }
        let Some(bytes) = files.get(&back) else { break };
        let name_of_cuts = format!("{number}.in.cuts");
        let cuts = match files.contains_key(&name_of_cuts) {
            true => Some(text(&name_of_cuts)?),
            false => None,
        };
        replies.push(wire::parse_reply(bytes, cuts).map_err(|why| wrong(&back, why))?);
    }
    if replies.is_empty() {
        return Err(wrong("1.in.http", "the file is missing".into()));
    }
    let count = files.get(COUNT_FILE).map(|bytes| wire::parse_sent(bytes)).transpose();
    let count = count.map_err(|why| wrong(COUNT_FILE, why))?;
    let expect = Expect::parse(text("expect.jsonl")?).map_err(|why| wrong("expect.jsonl", why))?;
    Ok(Cassette {
        name: name.to_string(),
        date: case.date,
        recorder: case.recorder,
        settings: case.settings.into_iter().collect(),
        request,
        sent,
        replies,
        expect,
        count,
    })
}

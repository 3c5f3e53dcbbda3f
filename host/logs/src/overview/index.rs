//! What earlier looks at the runs of a directory found, kept in a file of the user's cache. A row is used again
//! while the stamp of everything that it was read from holds; anything else is read anew, so that a list with an
//! index is the list without one.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{Read, Write};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::sight::{self, Seen, Sight, holds};
use super::{Overview, on_all_processors, seen_overview};
use crate::locate;
use crate::redact::Redactor;

/// What a file of ours begins with.
const MAGIC: &[u8; 8] = b"mg-runs\n";

const HASH_BYTES: usize = 32;

/// Beyond this an index is neither read nor written: the oldest runs are left out.
const INDEX_BYTES_MAX: usize = 64 << 20;

/// A run that needs more (a very long question, a thousand attempts) is read each time.
const ENTRY_BYTES_MAX: usize = 32 << 10;

/// Indexes of other directories that are kept beside one that is written.
const OTHERS_MAX: usize = 63;

/// Changes with the code that rows are made by: what another build found is not taken for this one's.
const CODE: u64 = fingerprint(&[
    include_bytes!("mod.rs"),
    include_bytes!("sight.rs"),
    include_bytes!("index.rs"),
    include_bytes!("../locate.rs"),
]);

/// FNV-1a.
const fn fingerprint(files: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut file = 0;
    while file < files.len() {
        let mut at = 0;
        while at < files[file].len() {
            hash = (hash ^ files[file][at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
            at += 1;
        }
        file += 1;
    }
    hash
}

/// What is known of one run: the row, and what it was read from.
#[derive(Serialize, Deserialize)]
struct Entry {
    seen: Vec<Seen>,
    row: Overview,
}

/// The index of the runs of one directory.
#[derive(Debug)]
pub struct Index {
    /// The directory as it was named; rows have their paths below it.
    base: PathBuf,
    dir: Option<sight::Base>,
    /// Where the index is kept; none if there is no place for it.
    file: Option<PathBuf>,
    /// The file's content: entries are decoded when somebody looks at their run.
    bytes: Vec<u8>,
    kept: HashMap<String, Range<usize>>,
    fresh: HashMap<String, Vec<u8>>,
    looked_ns: i64,
}

impl Index {
    /// Opens the index of a directory of runs; empty if there is none, or none that this build wrote. Without a
    /// cache directory everything is read, and nothing is kept.
    pub fn open(cache: Option<&Path>, base: &Path) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self::open_at(cache, base, i64::try_from(now.as_nanos()).unwrap_or(0))
    }

    pub(super) fn open_at(cache: Option<&Path>, base: &Path, looked_ns: i64) -> Self {
        let canonical = base.canonicalize().ok();
        let file = cache.zip(canonical.as_deref()).map(|(cache, base)| {
            let name = blake3::hash(base.as_os_str().as_bytes()).to_hex();
            cache.join("runs").join(&name.as_str()[..32])
        });
        let bytes = file.as_deref().and_then(read).unwrap_or_default();
        let kept = canonical.and_then(|base| entries(&bytes, &base)).unwrap_or_default();
        Self {
            base: base.to_path_buf(),
            dir: sight::Base::open(base),
            file,
            bytes,
            kept,
            fresh: HashMap::new(),
            looked_ns,
        }
    }

    /// Looks at the runs of these names as [`super::overviews`] does. A row with a secret in it is not kept:
    /// copies of secrets are made nowhere.
    pub fn overviews(&mut self, names: &[String], redactor: &Redactor) -> Vec<Overview> {
        let looked = on_all_processors(names, |name| match self.known(name) {
            Some(row) => Some((row, None)),
            None => self.look(name, redactor),
        });
        let mut rows = Vec::with_capacity(looked.len());
        for (row, entry) in looked {
            if let Some(entry) = entry {
                self.fresh.insert(row.run.clone(), entry);
            }
            rows.push(row);
        }
        rows
    }

    /// The row of an earlier look, if it would be the same now.
    pub(super) fn known(&self, name: &str) -> Option<Overview> {
        let entry: Entry = postcard::from_bytes(&self.bytes[self.kept.get(name)?.clone()]).ok()?;
        let dir = self.dir.as_ref()?;
        holds(&entry.seen, |below| dir.stamp(name, below)).then(|| Overview {
            run: name.to_string(),
            path: self.base.join(name).to_string_lossy().into_owned(),
            ..entry.row
        })
    }

    /// A new look, and what is kept of it.
    fn look(&self, name: &str, redactor: &Redactor) -> Option<(Overview, Option<Vec<u8>>)> {
        let root = self.base.join(name);
        let mut sight = Sight::new(&root);
        let run = locate::run_dir_by(&root, |dir| _ = sight.note(dir)).ok()?;
        let row = seen_overview(&run, &mut sight);
        let is_secret = |text: &String| redactor.line(text) != text.as_str();
        let seen = sight.reliable(self.looked_ns);
        let Some(seen) = seen.filter(|_| !row.question.as_ref().is_some_and(is_secret)) else {
            return Some((row, None));
        };
        let entry = Entry { seen, row };
        let bytes = postcard::to_stdvec(&entry).ok();
        Some((entry.row, bytes.filter(|bytes| bytes.len() <= ENTRY_BYTES_MAX)))
    }

    /// Keeps what was found, if it is more than was known. `names`: all runs that there are, newest first; others
    /// are forgotten.
    pub fn keep(self, names: &[String]) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let there: HashSet<&str> = names.iter().map(String::as_str).collect();
        let gone = self.kept.keys().any(|name| !there.contains(name.as_str()));
        if self.fresh.is_empty() && !gone {
            return Ok(());
        }
        let base = self.base.canonicalize()?;
        let body = self.encode(&base, names);
        write(file, &body)
    }

    fn encode(&self, base: &Path, names: &[String]) -> Vec<u8> {
        let mut body = Vec::new();
        let mut add = |record: Result<Vec<u8>, postcard::Error>| match record {
            Ok(record) if body.len() + record.len() <= INDEX_BYTES_MAX => {
                body.extend_from_slice(&record);
            }
            _ => {}
        };
        add(postcard::to_stdvec(&(CODE, base.as_os_str().as_bytes())));
        for name in names {
            let kept = || self.kept.get(name).map(|range| &self.bytes[range.clone()]);
            if let Some(entry) = self.fresh.get(name).map(Vec::as_slice).or_else(kept) {
                add(postcard::to_stdvec(&(name.as_str(), entry)));
            }
        }
        body
    }
}

/// The whole file; none if it is too large or can't be read.
fn read(path: &Path) -> Option<Vec<u8>> {
    let limit = INDEX_BYTES_MAX + MAGIC.len() + HASH_BYTES;
    let file = File::open(path).ok()?;
    let meta = file.metadata().ok().filter(|meta| meta.is_file() && meta.len() <= limit as u64)?;
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).ok()? + 1);
    file.take(limit as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Where in an index each run's entry is; none if one bit of it is not as this build wrote it for this directory.
fn entries(bytes: &[u8], base: &Path) -> Option<HashMap<String, Range<usize>>> {
    let (hash, body) = bytes.strip_prefix(MAGIC)?.split_at_checked(HASH_BYTES)?;
    (blake3::hash(body).as_bytes() == hash).then_some(())?;
    let ((code, of), mut rest) = postcard::take_from_bytes::<(u64, &[u8])>(body).ok()?;
    (code == CODE && of == base.as_os_str().as_bytes()).then_some(())?;
    let mut found = HashMap::new();
    while !rest.is_empty() {
        let ((name, entry), after) = postcard::take_from_bytes::<(&str, &[u8])>(rest).ok()?;
        // An entry is the last thing of its record.
        let end = bytes.len() - after.len();
        found.insert(name.to_string(), end - entry.len()..end);
        rest = after;
    }
    Some(found)
}

/// Replaces the file in one step. It needs not survive a loss of power: what is not whole is not read.
fn write(path: &Path, body: &[u8]) -> std::io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    forget_oldest(dir, path);
    let mut file = tempfile::Builder::new().prefix(".index-").tempfile_in(dir)?;
    file.write_all(MAGIC)?;
    file.write_all(blake3::hash(body).as_bytes())?;
    file.write_all(body)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Removes the indexes that were not written for the longest time, and what a killed write left.
fn forget_oldest(dir: &Path, but: &Path) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut others: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path() != but)
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    others.sort_unstable_by(|a, b| b.cmp(a));
    for (_, path) in others.split_off(others.len().min(OTHERS_MAX)) {
        // Another program may have been first.
        _ = std::fs::remove_file(path);
    }
}

//! The changes of a session: the workspace compared with the baseline and with earlier applies.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::OnceLock;

use rustix::fs::{Mode, OFlags};

use crate::baseline::{self, Baseline, LoadError, Roots};
use crate::beneath;
use crate::changeset::{
    Changeset, CompareError, Effective, FileState, INSPECTED_BYTES_MAX, Source, compare,
};
use crate::context::Context;
use crate::entry::{Content, Hash, Node, Storage};
use crate::journal::records_in_force;
use crate::path::RelPath;
use crate::scan::{ScanError, scan};
use crate::session::{SaveError, Session, State};
use crate::store::Store;

const CHUNK_BYTES: usize = 32 << 10;

/// A session with everything needed to compute its changes.
#[derive(Debug)]
pub struct Opened {
    /// The session's record.
    pub session: Session,
    /// The session's directory.
    pub dir: PathBuf,
    /// The baseline.
    pub baseline: Baseline,
    /// The nodes that earlier applies left in the project. `None` if they deleted the path.
    pub delivered: BTreeMap<RelPath, Option<Node>>,
    store: Store,
    delivered_stores: BTreeMap<Hash, Store>,
    roots: Roots,
    /// The workspace's directory, opened on first use.
    workspace: OnceLock<OwnedFd>,
}

/// Why a session's changes cannot be computed.
#[derive(Debug, thiserror::Error)]
pub enum ChangesError {
    /// The session is archived.
    #[error("session {0} is discarded")]
    Discarded(String),
    /// Creating the session did not finish.
    #[error("creating session {0} did not finish")]
    Unfinished(String),
    /// The workspace is not a directory.
    #[error("{0} was replaced by something that is not a directory")]
    Replaced(PathBuf),
    /// The baseline cannot be read.
    #[error(transparent)]
    Baseline(#[from] LoadError),
    /// A record cannot be read.
    #[error(transparent)]
    Record(#[from] SaveError),
    /// The workspace cannot be read.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The comparison failed.
    #[error(transparent)]
    Compare(#[from] CompareError),
}

impl Opened {
    /// Opens a session that is neither discarded nor unfinished.
    pub fn open(context: &Context, session: Session) -> Result<Self, ChangesError> {
        match session.state {
            State::Discarded => return Err(ChangesError::Discarded(session.id)),
            State::Creating => return Err(ChangesError::Unfinished(session.id)),
            State::Open | State::Applied => {}
        }
        if session.workspace.symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
            // Following a link here would show unrelated files as the agent's work.
            return Err(ChangesError::Replaced(session.workspace.0));
        }
        let dir = context.state.session(&session.id);
        let baseline = baseline::load(&dir.join("baseline"))?;
        let mut delivered = BTreeMap::new();
        let mut delivered_stores = BTreeMap::new();
        for (record, record_dir) in records_in_force(&context.state)? {
            for delivery in record.deliveries_of(&session.id) {
                if let Some(content) = delivery.node.as_ref().and_then(Node::content) {
                    delivered_stores.insert(content.hash, Store::new(&record_dir));
                }
                delivered.insert(delivery.path.clone(), delivery.node.clone());
            }
        }
        let (store, roots) = (Store::new(&dir), session.roots());
        let workspace = OnceLock::new();
        Ok(Self { session, dir, baseline, delivered, store, delivered_stores, roots, workspace })
    }

    /// Returns the project and the workspace.
    pub fn roots(&self) -> &Roots {
        &self.roots
    }

    /// Returns the agent's changes that were not delivered yet.
    pub fn changeset(&self) -> Result<Changeset, ChangesError> {
        let scan = scan(&self.baseline, &self.roots)?;
        let before = Effective { baseline: &self.baseline, delivered: self.delivered.clone() };
        let scope = &self.session.scope;
        let mut changes = compare(&before, &scan, &self.roots, scope, self)?;
        changes.gone_dirs = scan
            .gone
            .iter()
            .filter(|path| matches!(before.node(path), Some(Node::Dir { .. })))
            .cloned()
            .collect();
        Ok(changes)
    }

    /// Returns every node of the workspace, for a comparison with another workspace.
    pub fn nodes(&self) -> Result<BTreeMap<RelPath, Node>, ChangesError> {
        let whole = Effective { baseline: &self.baseline, delivered: BTreeMap::new() };
        let scan = scan(&self.baseline, &self.roots)?;
        let changes = compare(&whole, &scan, &self.roots, &RelPath::root(), self)?;
        let entries = self.baseline.entries.iter();
        let mut nodes: BTreeMap<RelPath, Node> =
            entries.map(|entry| (entry.path.clone(), entry.node.clone())).collect();
        for change in changes.changes {
            if let Some(old) = &change.old_path {
                nodes.remove(old);
            }
            match change.new {
                Some(node) => _ = nodes.insert(change.path, node),
                None => _ = nodes.remove(&change.path),
            }
        }
        for gone in &scan.gone {
            nodes.remove(gone);
        }
        Ok(nodes)
    }

    /// Compares another session's workspace with this one's.
    pub fn against(&self, other: &Self) -> Result<Changeset, ChangesError> {
        let (ours, theirs) = (self.nodes()?, other.nodes()?);
        Ok(crate::changeset::between(&ours, &theirs, &self.session.scope))
    }

    /// Opens a file of the workspace without following links.
    fn open_file(&self, path: &RelPath) -> std::io::Result<File> {
        let root = match self.workspace.get() {
            Some(root) => root,
            None => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                let root = rustix::fs::open(&self.roots.workspace, flags, Mode::empty())?;
                self.workspace.get_or_init(|| root)
            }
        };
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        Ok(File::from(beneath::open(root, path, flags)?))
    }
}

fn unreadable(path: &RelPath) -> impl FnOnce(std::io::Error) -> CompareError {
    let path = path.lossy();
    move |source| CompareError::Workspace { path, source }
}

impl Source for Opened {
    fn bytes(&self, path: &RelPath, content: &Content) -> Result<Vec<u8>, CompareError> {
        match content.place {
            Storage::Pack { .. } => Ok(self.store.read(content)?),
            Storage::Loose => {
                let store = self.delivered_stores.get(&content.hash).unwrap_or(&self.store);
                Ok(store.read(content)?)
            }
            Storage::Workspace => {
                let mut bytes = Vec::new();
                self.open_file(path)
                    .and_then(|mut file| file.read_to_end(&mut bytes))
                    .map_err(unreadable(path))?;
                if content.hash != Hash::UNREAD && Hash::of(&bytes) != content.hash {
                    return Err(CompareError::Moving { path: path.lossy() });
                }
                Ok(bytes)
            }
        }
    }

    fn look(&self, path: &RelPath) -> Result<FileState, CompareError> {
        let mut hasher = blake3::Hasher::new();
        let mut file = self.open_file(path).map_err(unreadable(path))?;
        // A small buffer: clearing a large one would dominate the time for thousands of small files.
        let mut chunk = [0; CHUNK_BYTES];
        let mut bytes = Some(Vec::new());
        let mut size = 0;
        loop {
            let n = file.read(&mut chunk).map_err(unreadable(path))?;
            if n == 0 {
                break;
            }
            hasher.update(&chunk[..n]);
            size += n as u64;
            bytes = bytes.filter(|_| size <= INSPECTED_BYTES_MAX);
            if let Some(bytes) = &mut bytes {
                bytes.extend_from_slice(&chunk[..n]);
            }
        }
        let hash = Hash(*hasher.finalize().as_bytes());
        Ok(FileState { content: Content { size, hash, place: Storage::Workspace }, bytes })
    }
}

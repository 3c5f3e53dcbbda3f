//! Private repositories: they borrow the user's objects, hold copies of the user's refs, and belong to the agent. The
//! user's `.git` is only read. Layouts follow git's `gitrepository-layout(5)`.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::command::{Git, GitError};
use super::config;
use super::repository::Repository;

/// A work tree of a private repository.
#[derive(Debug, Clone)]
pub(crate) struct Worktree<'a> {
    /// The private repository.
    pub(crate) repository: &'a Path,
    /// The name of the work tree in it.
    pub(crate) name: &'a str,
    /// The workspace.
    pub(crate) workspace: &'a Path,
    /// The branch to check out; `None` for a detached `HEAD`.
    pub(crate) branch: Option<&'a str>,
    /// The commit to check out; `None` before the first commit.
    pub(crate) commit: Option<&'a str>,
    /// Whether to create the branch.
    pub(crate) new_branch: bool,
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> GitError {
    let path = path.to_path_buf();
    move |source| GitError::File { path, source }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), GitError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(file_error(parent))?;
    }
    fs::File::create(path).and_then(|mut file| file.write_all(bytes)).map_err(file_error(path))
}

/// Creates the private repository for a repository of the user.
pub(crate) fn create(git: &Git, source: &Repository, at: &Path) -> Result<(), GitError> {
    let format = format!("--object-format={}", source.object_format);
    let parent = at.parent().unwrap_or(at);
    fs::create_dir_all(parent).map_err(file_error(parent))?;
    git.at(parent).args(["init", "-q", "--bare", "--template=", &format]).args([at]).output()?;
    let mut alternates = source.common.join("objects").as_os_str().as_bytes().to_vec();
    if alternates.contains(&b'\n') || alternates.first() == Some(&b'"') {
        alternates = quote_alternate(&alternates);
    }
    alternates.push(b'\n');
    write(&at.join("objects/info/alternates"), &alternates)?;
    if source.shallow {
        copy(&source.common.join("shallow"), &at.join("shallow"))?;
    }
    write(&at.join("packed-refs"), &packed_refs(git, source)?)?;
    for file in ["info/exclude", "info/attributes"] {
        let from = source.common.join(file);
        if from.is_file() {
            copy(&from, &at.join(file))?;
        }
    }
    configure(source, at)?;
    // The bare repository's HEAD names an unused branch, so that work trees can check out any other.
    write(&at.join("HEAD"), b"ref: refs/heads/massgen/none\n")
}

/// Quotes a path in C style, as git's alternates file expects.
fn quote_alternate(path: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for byte in path {
        match byte {
            b'\n' => quoted.extend_from_slice(b"\\n"),
            b'"' | b'\\' => quoted.extend_from_slice(&[b'\\', *byte]),
            _ => quoted.push(*byte),
        }
    }
    quoted.push(b'"');
    quoted
}

/// Returns the user's branches, tags and remote branches in the format of `packed-refs`. Stashes and other sessions' pins
/// stay private.
fn packed_refs(git: &Git, source: &Repository) -> Result<Vec<u8>, GitError> {
    let listed = git
        .at(&source.root)
        .args(["for-each-ref", "--format=%(objectname) %(refname)"])
        .args(["refs/heads/", "refs/tags/", "refs/remotes/"])
        .output()?;
    Ok(listed)
}

fn configure(source: &Repository, at: &Path) -> Result<(), GitError> {
    let path = at.join("config");
    let detected = fs::read_to_string(&path).map_err(file_error(&path))?;
    // Copied files keep their modification times and the copied index stays valid if git compares sizes and whole
    // seconds instead of inodes. Files that are too recent are read again.
    let overrides = [
        ("core.checkstat", Some("minimal")),
        ("core.trustctime", Some("false")),
        ("core.logallrefupdates", Some("true")),
        ("gc.auto", Some("0")),
    ];
    let inherited: Vec<_> = source.config.inherited().chain(overrides).collect();
    // The user's settings replace those that `git init` detected: git refuses to change a value that is set
    // twice.
    let is_overridden = |line: &str| {
        let name = line.trim().split(' ').next().unwrap_or_default();
        inherited.iter().any(|(known, _)| *known == format!("core.{name}"))
    };
    let detected: String =
        detected.lines().filter(|line| !is_overridden(line)).map(|l| format!("{l}\n")).collect();
    let mut text = format!("{detected}{}", config::render(inherited));
    if source.config.is_partial() {
        text = text.replacen("repositoryformatversion = 0", "repositoryformatversion = 1", 1);
        let remote =
            source.config.get("extensions.partialclone").unwrap_or_else(|| "origin".into());
        text.push_str(&config::render([("extensions.partialclone", Some(remote.as_str()))]));
    }
    write(&path, text.as_bytes())
}

fn copy(from: &Path, to: &Path) -> Result<(), GitError> {
    let bytes = fs::read(from).map_err(file_error(from))?;
    write(to, &bytes)
}

/// Registers a workspace as a work tree of the private repository. The index is a copy of the user's, so staged changes
/// stay staged.
pub(crate) fn add_worktree(
    source: Option<&Repository>,
    tree: &Worktree<'_>,
) -> Result<PathBuf, GitError> {
    let admin = tree.repository.join("worktrees").join(tree.name);
    write(&admin.join("commondir"), b"../..\n")?;
    let pointer = tree.workspace.join(".git");
    write(&admin.join("gitdir"), &[pointer.as_os_str().as_bytes(), b"\n"].concat())?;
    let head = match (tree.branch, tree.commit) {
        (Some(branch), _) => format!("ref: refs/heads/{branch}\n"),
        (None, Some(commit)) => format!("{commit}\n"),
        (None, None) => "ref: refs/heads/main\n".to_string(),
    };
    write(&admin.join("HEAD"), head.as_bytes())?;
    if let (Some(branch), Some(commit), true) = (tree.branch, tree.commit, tree.new_branch) {
        write(&tree.repository.join("refs/heads").join(branch), format!("{commit}\n").as_bytes())?;
    }
    let pointer_content = [b"gitdir: ", admin.as_os_str().as_bytes(), b"\n"].concat();
    with_owner_access(tree.workspace, || write(&pointer, &pointer_content))?;
    if let Some(source) = source {
        carry_index(source, &admin)?;
    }
    Ok(admin)
}

/// Runs `act` with write permission on a directory of ours whose permissions, copied from the user's, may deny it.
fn with_owner_access(
    dir: &Path,
    act: impl FnOnce() -> Result<(), GitError>,
) -> Result<(), GitError> {
    const OWNER_WRITES: u32 = 0o300;
    let closed = fs::metadata(dir).map_err(file_error(dir))?.permissions();
    if closed.mode() & OWNER_WRITES == OWNER_WRITES {
        return act();
    }
    let open = Permissions::from_mode(closed.mode() | OWNER_WRITES);
    fs::set_permissions(dir, open).map_err(file_error(dir))?;
    let done = act();
    fs::set_permissions(dir, closed).map_err(file_error(dir))?;
    done
}

/// Copies index, shared index and sparse patterns, which record what is staged.
pub(crate) fn carry_index(source: &Repository, admin: &Path) -> Result<(), GitError> {
    let index = source.gitdir.join("index");
    if index.is_file() {
        let target = admin.join("index");
        copy(&index, &target)?;
        // git reads files again that are not older than the index: see `create::stamps`.
        let now = std::time::SystemTime::now();
        let second = now.duration_since(std::time::UNIX_EPOCH).map_or(0, |age| age.as_secs());
        let second = std::time::UNIX_EPOCH + std::time::Duration::from_secs(second);
        fs::File::options()
            .write(true)
            .open(&target)
            .and_then(|file| file.set_modified(second))
            .map_err(file_error(&target))?;
    }
    let listed = fs::read_dir(&source.gitdir).map_err(file_error(&source.gitdir))?;
    for entry in listed.flatten() {
        if entry.file_name().as_bytes().starts_with(b"sharedindex.") {
            copy(&entry.path(), &admin.join(entry.file_name()))?;
        }
    }
    let sparse = source.gitdir.join("info/sparse-checkout");
    if sparse.is_file() {
        copy(&sparse, &admin.join("info/sparse-checkout"))?;
    }
    Ok(())
}

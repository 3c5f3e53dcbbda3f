//! Applies a policy to one thread. What is started from it, and all that this starts, stays inside; the
//! rest of the program is not confined. Whether it holds is tried out, not believed.

mod reading;
mod rights;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus,
    PathBeneath, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::fs::{Mode, OFlags};
use rustix::thread::CapabilitySet;

use reading::Neighbours;

use super::outcome::{ConfineError, Reached};
use super::policy::{Layout, Policy, Prepared};
use super::request::Net;
use crate::small_file;

/// Most that is copied of an agent's settings.
const COPIED_BYTES_MAX: u64 = 1 << 20;

/// Confines a thread of its own, tries out whether it holds, makes what the policy prepares, and runs `act` in it.
pub fn within<T: Send>(
    policy: &Policy,
    layout: &Layout,
    act: impl FnOnce() -> T + Send,
) -> Result<(T, Reached), ConfineError> {
    make_scratch(layout)?;
    let rules = rules(policy)?;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("confined".into());
        let confined = thread.spawn_scoped(scope, || {
            let reached = enter(rules)?;
            probe(policy, layout)?;
            // From within: an agent of an earlier command may have put links in the way.
            prepare(&policy.prepared)?;
            Ok((act(), reached))
        });
        let confined = confined.map_err(ConfineError::Thread)?;
        confined.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Whether this kernel can confine at all, before there is anything to confine.
pub fn supported(net: Net) -> Result<(), ConfineError> {
    let handled = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(rights::writing())
        .map_err(|_| unsupported())?;
    if net == Net::Deny {
        handled.handle_access(AccessNet::from_all(rights::NET)).map_err(|_| no_net())?;
    }
    Ok(())
}

/// Whether a policy can be applied here.
pub fn check(policy: &Policy, layout: &Layout) -> Result<Reached, ConfineError> {
    within(policy, layout, || ()).map(|((), reached)| reached)
}

fn make_scratch(layout: &Layout) -> Result<(), ConfineError> {
    use std::os::unix::fs::DirBuilderExt;
    for name in ["tmp", "caches", "state", "run"] {
        let path = layout.scratch.join(name);
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|source| ConfineError::Scratch { path, source })?;
    }
    Ok(())
}

/// The rules, before they bind anybody.
fn rules(policy: &Policy) -> Result<RulesetCreated, ConfineError> {
    let reads = !policy.hidden.is_empty();
    let mut handled = rights::writing();
    if reads {
        handled |= AccessFs::ReadFile;
    }
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(handled)
        .map_err(|_| unsupported())?;
    if policy.net == Net::Deny {
        ruleset = ruleset.handle_access(AccessNet::from_all(rights::NET)).map_err(|_| no_net())?;
    }
    let mut ruleset = ruleset
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_write(rights::DEVICES) & AccessFs::IoctlDev)
        .and_then(|ruleset| ruleset.scope(Scope::from_all(rights::SCOPES)))
        .and_then(Ruleset::create)
        .map_err(refused)?;
    for place in &policy.write {
        // A link is not followed: an earlier command may have put it there.
        let fd = reading::open(place)
            .map_err(|errno| ConfineError::Grant { path: place.clone(), source: errno.into() })?;
        let mut rights =
            if rights::is_dir(&fd) { rights::in_directory() } else { rights::on_file() };
        if reads && policy.shown.contains(place) {
            rights |= AccessFs::ReadFile;
        }
        ruleset = add(ruleset, fd, rights)?;
    }
    ruleset = add_devices(ruleset)?;
    if reads {
        let beside = reading::beside(&policy.hidden);
        for Neighbours { dir, names } in
            beside.map_err(|errno| ConfineError::Reading(errno.into()))?
        {
            // What is gone again, or may not be reached, needs no grant.
            let Ok(dir) = reading::open(&dir) else { continue };
            for fd in names.iter().filter_map(|name| reading::open_in(&dir, name).ok()) {
                ruleset = add(ruleset, fd, AccessFs::ReadFile.into())?;
            }
        }
    }
    Ok(ruleset)
}

fn no_net() -> ConfineError {
    ConfineError::Unsupported("it can't close the network, for which it takes Linux 6.7's Landlock")
}

fn refused(error: landlock::RulesetError) -> ConfineError {
    ConfineError::Refused(Box::new(error))
}

fn unsupported() -> ConfineError {
    ConfineError::Unsupported("it has no Landlock, or one older than Linux 6.2's")
}

fn add(
    ruleset: RulesetCreated,
    place: impl AsFd,
    rights: BitFlags<AccessFs>,
) -> Result<RulesetCreated, ConfineError> {
    ruleset.add_rule(PathBeneath::new(place, rights)).map_err(refused)
}

fn add_devices(mut ruleset: RulesetCreated) -> Result<RulesetCreated, ConfineError> {
    for name in rights::DEVICE_FILES {
        if let Ok(fd) = reading::open(Path::new(name))
            && rights::is_device_or_dir(&fd)
        {
            ruleset = add(ruleset, fd, rights::on_device())?;
        }
    }
    let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    for stream in [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()] {
        if let Some(rights) = rights::of_stream(stream) {
            ruleset = add(ruleset, stream, rights)?;
        }
    }
    Ok(ruleset)
}

/// Binds this thread, for good.
fn enter(rules: RulesetCreated) -> Result<Reached, ConfineError> {
    drop_powers();
    let status = rules.restrict_self().map_err(refused)?;
    if status.ruleset == RulesetStatus::NotEnforced || !status.no_new_privs {
        return Err(unsupported());
    }
    let LandlockStatus::Available { effective_abi, .. } = status.landlock else {
        return Err(unsupported());
    };
    let mut notes = Vec::new();
    if effective_abi < rights::SCOPES {
        notes.push("this kernel lets the agent send signals to your other programs".to_string());
    }
    if effective_abi < rights::DEVICES {
        notes.push("this kernel lets the agent control devices that it may read".to_string());
    }
    Ok(Reached { version: version(effective_abi), notes })
}

fn version(abi: ABI) -> u32 {
    abi as u32
}

/// Powers of the superuser that reach around every rule on files. What ordinary tools of root use stays.
/// Somebody who has none loses none.
fn drop_powers() {
    let kept = CapabilitySet::CHOWN
        | CapabilitySet::DAC_OVERRIDE
        | CapabilitySet::FOWNER
        | CapabilitySet::FSETID
        | CapabilitySet::KILL
        | CapabilitySet::SETGID
        | CapabilitySet::SETUID
        | CapabilitySet::SETPCAP
        | CapabilitySet::SETFCAP
        | CapabilitySet::NET_BIND_SERVICE
        | CapabilitySet::NET_RAW
        | CapabilitySet::SYS_CHROOT
        | CapabilitySet::AUDIT_WRITE;
    for bit in 0..u64::BITS {
        let Some(one) = CapabilitySet::from_bits(1 << bit) else { continue };
        if !kept.contains(one) {
            // Refused to those who have no powers, and for those that this kernel does not know.
            _ = rustix::thread::remove_capability_from_bounding_set(one);
        }
    }
}

/// Opens a file without a name, of which nothing is left. Where a file system has none, nothing is known.
fn can_be_written(dir: &Path) -> bool {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::open(dir, flags, Mode::RUSR).is_ok()
}

/// Makes what agents find in the session's own places.
fn prepare(prepared: &[Prepared]) -> Result<(), ConfineError> {
    for wanted in prepared {
        let (path, made) = match wanted {
            Prepared::Dir(path) => (path, std::fs::create_dir_all(path)),
            Prepared::Link { at, to } => (at, unless_there(std::os::unix::fs::symlink(to, at))),
            Prepared::Copy { at, from } => (at, unless_there(put_copy(at, from))),
        };
        made.map_err(|source| ConfineError::Scratch { path: path.clone(), source })?;
    }
    Ok(())
}

/// What the agent made of it is its own business, and stays.
fn unless_there(made: std::io::Result<()>) -> std::io::Result<()> {
    match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

fn put_copy(at: &Path, from: &Path) -> std::io::Result<()> {
    let bytes = match small_file::read(from, COPIED_BYTES_MAX) {
        // What may not be read, or is no file, is not there for the agent.
        Err(_) => return Ok(()),
        Ok(bytes) => bytes,
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(at)?;
    file.write_all(&bytes)
}

/// Tries what must fail and what must not. Nothing of the user's is touched: the places are our own.
fn probe(policy: &Policy, layout: &Layout) -> Result<(), ConfineError> {
    let outside = layout.session.join("probe");
    match OpenOptions::new().write(true).create_new(true).open(&outside) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
        Err(_) => {
            return Err(ConfineError::Leaky("a write outside of it failed for another reason"));
        }
        Ok(_) => return Err(ConfineError::Leaky("a write outside of it succeeded")),
    }
    let inside = layout.temporary().join(format!(".probe-{}", rustix::thread::gettid()));
    let written = std::fs::write(&inside, b"x").and_then(|()| std::fs::remove_file(&inside));
    written.map_err(|source| ConfineError::Scratch { path: inside, source })?;
    if !policy.reaches_project && layout.kept.iter().any(|place| can_be_written(place)) {
        return Err(ConfineError::Leaky("a write into your own files succeeded"));
    }
    let hides = policy.hidden.iter().any(|place| layout.session.starts_with(place));
    let record = std::fs::File::open(layout.session.join("session.json"));
    match record {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        _ if !hides => Ok(()),
        _ => Err(ConfineError::Leaky("a hidden file can be read")),
    }
}

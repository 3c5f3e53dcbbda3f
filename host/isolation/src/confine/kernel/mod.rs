//! Applies a policy to one thread. Everything started from that thread inherits it; the rest of the program is not
//! confined. The effect is tested each time before the agent starts.

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

use super::enforcement::{ConfineError, Enforcement};
use super::policy::{Layout, Policy, ScratchEntry};
use super::request::Net;
use crate::small_file;

/// Maximum size of a copied settings file, in bytes.
const COPIED_BYTES_MAX: u64 = 1 << 20;

/// Confines a new thread, tests the confinement, creates the scratch files of the policy, and runs `act` in the thread.
pub fn run_confined<T: Send>(
    policy: &Policy,
    layout: &Layout,
    act: impl FnOnce() -> T + Send,
) -> Result<(T, Enforcement), ConfineError> {
    make_scratch(layout)?;
    let rules = rules(policy)?;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("confined".into());
        let confined = thread.spawn_scoped(scope, || {
            let enforcement = enter(rules)?;
            probe(policy, layout)?;
            // Confined, since an agent of an earlier command may have planted links in the scratch directory.
            create_scratch_entries(&policy.scratch_entries)?;
            Ok((act(), enforcement))
        });
        let confined = confined.map_err(ConfineError::Thread)?;
        confined.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Returns an error if this kernel can't confine at all, or can't block the network as requested.
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

/// Applies a policy without running anything.
pub fn check(policy: &Policy, layout: &Layout) -> Result<Enforcement, ConfineError> {
    run_confined(policy, layout, || ()).map(|((), enforcement)| enforcement)
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

/// Builds the ruleset without enforcing it.
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
        // Links are not followed: an earlier command may have planted one.
        let fd = reading::open(place)
            .map_err(|errno| ConfineError::Grant { path: place.clone(), source: errno.into() })?;
        let mut rights =
            if rights::is_dir(&fd) { rights::in_directory() } else { rights::on_file() };
        if reads && policy.readable.contains(place) {
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
            // Vanished or inaccessible paths need no grant.
            let Ok(dir) = reading::open(&dir) else { continue };
            for fd in names.iter().filter_map(|name| reading::open_in(&dir, name).ok()) {
                ruleset = add(ruleset, fd, AccessFs::ReadFile.into())?;
            }
        }
    }
    Ok(ruleset)
}

fn no_net() -> ConfineError {
    ConfineError::Unsupported("blocking the network requires Landlock as of Linux 6.7")
}

fn refused(error: landlock::RulesetError) -> ConfineError {
    ConfineError::Refused(Box::new(error))
}

fn unsupported() -> ConfineError {
    ConfineError::Unsupported("Landlock is missing or older than that of Linux 6.2")
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

/// Enforces the ruleset on this thread, irrevocably.
fn enter(rules: RulesetCreated) -> Result<Enforcement, ConfineError> {
    drop_capabilities();
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
        notes.push("this kernel lets the agent control devices that it can read".to_string());
    }
    Ok(Enforcement { version: version(effective_abi), notes })
}

fn version(abi: ABI) -> u32 {
    abi as u32
}

/// Drops capabilities that bypass file rules. Those that ordinary tools of root use are kept. No effect for processes
/// without capabilities.
fn drop_capabilities() {
    let retained = CapabilitySet::CHOWN
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
        if !retained.contains(one) {
            // Fails for processes without capabilities, and for capabilities unknown to this kernel.
            _ = rustix::thread::remove_capability_from_bounding_set(one);
        }
    }
}

/// Returns whether an unnamed file can be created in a directory; `false` where the file system has none.
fn can_be_written(dir: &Path) -> bool {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::open(dir, flags, Mode::RUSR).is_ok()
}

/// Creates the scratch files of a policy.
fn create_scratch_entries(scratch_entries: &[ScratchEntry]) -> Result<(), ConfineError> {
    for entry in scratch_entries {
        let (path, made) = match entry {
            ScratchEntry::Dir(path) => (path, std::fs::create_dir_all(path)),
            ScratchEntry::Link { at, to } => {
                (at, allow_existing(std::os::unix::fs::symlink(to, at)))
            }
            ScratchEntry::Copy { at, from } => (at, allow_existing(copy_settings(at, from))),
        };
        made.map_err(|source| ConfineError::Scratch { path: path.clone(), source })?;
    }
    Ok(())
}

/// Treats an existing path as success: the agent may have replaced it and may keep it.
fn allow_existing(made: std::io::Result<()>) -> std::io::Result<()> {
    match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

fn copy_settings(at: &Path, from: &Path) -> std::io::Result<()> {
    let bytes = match small_file::read(from, COPIED_BYTES_MAX) {
        // Unreadable and special files are left out.
        Err(_) => return Ok(()),
        Ok(bytes) => bytes,
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(at)?;
    file.write_all(&bytes)
}

/// Tests operations that must fail and one that must succeed. Touches only files of the session.
fn probe(policy: &Policy, layout: &Layout) -> Result<(), ConfineError> {
    let outside = layout.session.join("probe");
    match OpenOptions::new().write(true).create_new(true).open(&outside) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
        Err(_) => {
            return Err(ConfineError::Leaky(
                "a write outside of the workspace failed for another reason",
            ));
        }
        Ok(_) => return Err(ConfineError::Leaky("a write outside of the workspace succeeded")),
    }
    let inside = layout.temporary().join(format!(".probe-{}", rustix::thread::gettid()));
    let written = std::fs::write(&inside, b"x").and_then(|()| std::fs::remove_file(&inside));
    written.map_err(|source| ConfineError::Scratch { path: inside, source })?;
    if !policy.reaches_project && layout.protected.iter().any(|place| can_be_written(place)) {
        return Err(ConfineError::Leaky("a write to your own files succeeded"));
    }
    let hides = policy.hidden.iter().any(|place| layout.session.starts_with(place));
    let record = std::fs::File::open(layout.session.join("session.json"));
    match record {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        _ if !hides => Ok(()),
        _ => Err(ConfineError::Leaky("a hidden file can be read")),
    }
}

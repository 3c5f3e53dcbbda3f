//! Plays a scenario from the first command to the last archive, and checks after every command what must
//! hold in all of them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::scenario::Scenario;
use crate::stage::{Said, Stage};
use crate::tree::{self, Item, Tree};

type Checked<T = ()> = Result<T, String>;

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn same(what: &str, before: &Tree, after: &Tree) -> Checked {
    let differences = tree::differences(before, after);
    ensure(differences.is_empty(), || format!("{what}:\n{}", differences.join("\n")))
}

/// Whether a path belongs to the one ref that a session may have in the user's repository. Where refs
/// are kept in tables, it is one more entry of a table.
fn is_pin(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.contains("refs/massgen") || text.contains(".git/reftable")
}

/// The project with its `.git`, without the pin. A linked work tree is in the user's repository by the
/// user's own wish, with the commits that are made there.
fn project(stage: &Stage) -> Tree {
    let linked = |path: &Path| {
        stage.linked && (path.starts_with(".git/worktrees") || path.starts_with(".git/objects"))
    };
    tree::read(&stage.project, &|path| is_pin(path) || linked(path))
}

/// The home directory without what the program keeps there, and what lies outside.
fn surroundings(stage: &Stage) -> (Tree, Tree) {
    let own = |path: &Path| {
        path.starts_with(".local/state/massgen")
            || path.starts_with(".cache/massgen")
            || path == Path::new(".local")
            || path == Path::new(".local/state")
            || path == Path::new(".cache")
    };
    let own = move |path: &Path| own(path) && !path.ends_with(".gitconfig");
    (tree::read(&stage.home(), &own), tree::read(&stage.outside(), &is_pin))
}

fn workspace(path: &Path) -> Tree {
    tree::read(path, &|_| false)
}

pub(crate) fn play(scenario: &Scenario, strategy: &str) -> Checked {
    let stage = Stage::new(scenario)?;
    let (begin, around) = (project(&stage), surroundings(&stage));
    let mut args = vec!["isolate", "run", "--json", "--strategy", strategy];
    args.extend(scenario.run_args.iter().map(String::as_str));
    if scenario.agent_plays_user {
        args.extend(["--protect", "audit"]);
    }
    args.extend(["--", "sh", "-eu", "-c", &scenario.agent]);
    let ran = stage.massgen(&args, "");
    ensure(ran.code == scenario.run_exit, || format!("run ended in {}: {ran:#?}", ran.code))?;
    if !scenario.agent_plays_user {
        same("run changed the project", &begin, &project(&stage))?;
    }
    if let Some(expected) = &scenario.run_error {
        ensure(ran.stderr.contains(expected), || {
            format!("the error lacks {expected:?}: {ran:#?}")
        })?;
        return no_traces(&stage);
    }
    let now = surroundings(&stage);
    same("run changed the home directory", &around.0, &now.0)?;
    same("run changed something outside", &around.1, &now.1)?;
    let session = ran.json()?;
    check_session(scenario, &session)?;
    one_pin(&stage, &session)?;
    stage.script("meanwhile", &scenario.meanwhile, &stage.project, &[])?;
    check_changes(scenario, &stage)?;
    let before = project(&stage);
    apply(scenario, &stage, &session, &before)?;
    archive(&stage, &session, &before)
}

fn check_session(scenario: &Scenario, session: &Value) -> Checked {
    let listed = session["not_carried"].as_array().unwrap();
    for (path, reason) in &scenario.not_carried {
        let found = listed.iter().any(|left| {
            left["path"] == path.as_str() && left["reason"].as_str().unwrap().contains(reason)
        });
        ensure(found, || format!("{path} is not named as not carried ({reason}): {session:#}"))?;
    }
    let unexpected = listed
        .iter()
        .find(|left| !scenario.not_carried.contains_key(left["path"].as_str().unwrap_or_default()));
    ensure(unexpected.is_none(), || {
        format!("not carried, and nobody expected it: {unexpected:?}")
    })?;
    let notes = session["notes"].to_string();
    for note in &scenario.notes {
        ensure(notes.contains(note), || format!("no note says {note:?}: {notes}"))?;
    }
    Ok(())
}

/// A session has at most one ref in the user's repository, and it names the session.
fn one_pin(stage: &Stage, session: &Value) -> Checked {
    let dir = stage.project.join(".git/refs/massgen/sessions");
    let pins: Vec<OsString> = std::fs::read_dir(&dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|pin| pin.file_name())
        .collect();
    let id = OsString::from(session["id"].as_str().unwrap());
    ensure(pins.iter().all(|pin| *pin == id) && pins.len() <= 1, || format!("pins: {pins:?}"))
}

fn check_changes(scenario: &Scenario, stage: &Stage) -> Checked {
    let said = stage.massgen(&["isolate", "diff", "@last", "--json"], "");
    ensure(said.code == 0, || format!("diff failed: {said:#?}"))?;
    let document = said.json()?;
    let (mut inside, mut elsewhere) = (Vec::new(), Vec::new());
    for file in document["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        match file["scope"].as_str().unwrap() {
            "in" => inside.push(line(file, path)),
            scope => elsewhere.push(format!("{scope} {path}")),
        }
        if let Some(risks) = scenario.risks.get(path) {
            let told: Vec<String> = serde_json::from_value(file["risks"].clone()).unwrap();
            ensure(risks.iter().all(|risk| told.contains(risk)), || {
                format!("risks of {path}: {told:?}")
            })?;
        }
    }
    for (expected, found) in
        [(&scenario.changes, &mut inside), (&scenario.elsewhere, &mut elsewhere)]
    {
        if let Some(expected) = expected {
            let mut expected = expected.clone();
            expected.sort();
            found.sort();
            ensure(expected == *found, || format!("changes {found:#?}\nexpected {expected:#?}"))?;
        }
    }
    // The other forms work for every change, too.
    for form in ["--stat", "--name-status", "--patch"] {
        let said = stage.massgen(&["isolate", "diff", "@last", form], "");
        ensure(said.code == 0, || format!("diff {form} failed: {said:#?}"))?;
    }
    Ok(())
}

fn line(file: &Value, path: &str) -> String {
    match file["status"].as_str().unwrap() {
        "added" => format!("A {path}"),
        "modified" => format!("M {path}"),
        "deleted" => format!("D {path}"),
        "type_changed" => format!("T {path}"),
        "mode_changed" => format!("X {path}"),
        "renamed" => format!("R {} -> {path}", file["old_path"].as_str().unwrap()),
        other => format!("{other} {path}"),
    }
}

fn apply(scenario: &Scenario, stage: &Stage, session: &Value, before: &Tree) -> Checked {
    let mut args = vec!["isolate", "apply", "@last", "--json"];
    args.extend(scenario.apply_args.iter().map(String::as_str));
    let dry: Vec<&str> = args.iter().copied().chain(["--dry-run"]).collect();
    if !scenario.apply_args.iter().any(|arg| arg == "--as-branch") {
        stage.massgen(&dry, &scenario.stdin);
        same("a dry run changed the project", before, &project(stage))?;
    }
    let said = stage.massgen(&args, &scenario.stdin);
    ensure(said.code == scenario.apply_exit, || {
        format!("apply ended in {}: {said:#?}", said.code)
    })?;
    let workspace = PathBuf::from(session["workspace"].as_str().unwrap());
    let place = workspace.to_string_lossy().into_owned();
    for conflict in &scenario.conflicts {
        let told = said.stdout.contains(conflict) || said.stderr.contains(conflict);
        ensure(told, || format!("nothing says {conflict:?}: {said:#?}"))?;
    }
    if scenario.apply_exit != 0 {
        same("a refused apply changed the project", before, &project(stage))?;
        return stage.script("after", &scenario.after, &stage.project, &[("WORKSPACE", &place)]);
    }
    let document = said.json()?;
    if document["branch"].is_string() {
        return stage.script("after", &scenario.after, &stage.project, &[("WORKSPACE", &place)]);
    }
    let after = project(stage);
    let root = Path::new(session["project"].as_str().unwrap());
    let below = |tree: &Tree| -> Tree {
        // Paths are told from the root of what is isolated, which may lie deeper.
        let prefix = root.strip_prefix(&stage.project).unwrap_or(Path::new(""));
        let inside = tree.iter().filter_map(|(path, item)| {
            Some((Path::new(path).strip_prefix(prefix).ok()?.as_os_str().to_owned(), item.clone()))
        });
        inside.collect()
    };
    let (before_below, after_below) = (below(before), below(&after));
    only_what_was_applied(&before_below, &after_below, &document, &said)?;
    if scenario.exact {
        as_in_workspace(&after_below, &workspace, &document)?;
    }
    stage.script("after", &scenario.after, &stage.project, &[("WORKSPACE", &place)])?;
    if document["undo_id"].is_string() {
        let undone = stage.massgen(&["isolate", "undo", "--json"], "");
        ensure(undone.code == 0, || format!("undo failed: {undone:#?}"))?;
        same("undo did not bring the project back", before, &project(stage))?;
    }
    Ok(())
}

/// Every difference is an applied path, a directory above one, or the old name of a renamed one.
fn only_what_was_applied(before: &Tree, after: &Tree, document: &Value, said: &Said) -> Checked {
    let applied: Vec<&str> =
        document["applied"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    for (path, item) in before.iter().chain(after) {
        if before.get(path) == after.get(path) {
            continue;
        }
        let text = path.to_string_lossy();
        let is_dir = matches!(item, Item::Dir(_));
        let above = is_dir || applied.iter().any(|a| text.starts_with(&format!("{a}/")));
        let gone = before.contains_key(path) && !after.contains_key(path);
        ensure(applied.contains(&text.as_ref()) || above || gone, || {
            format!("{text} changed and was not applied: {said:#?}")
        })?;
        ensure(!path.as_bytes().starts_with(b".git/"), || format!("apply wrote {text}"))?;
    }
    Ok(())
}

fn as_in_workspace(after: &Tree, workspace: &Path, document: &Value) -> Checked {
    for path in document["applied"].as_array().unwrap() {
        let path = path.as_str().unwrap();
        let theirs = std::fs::read(workspace.join(path));
        if let (Some(Item::File(_, ours)), Ok(theirs)) = (after.get(&OsString::from(path)), theirs)
        {
            ensure(*ours == theirs, || format!("{path} is not what the agent wrote"))?;
        }
    }
    Ok(())
}

/// Discarding leaves nothing in the project, and restoring brings every byte back.
fn archive(stage: &Stage, session: &Value, project_before: &Tree) -> Checked {
    let id = session["id"].as_str().unwrap();
    let place = PathBuf::from(session["workspace"].as_str().unwrap());
    let run = |args: &[&str]| {
        let said = stage.massgen(args, "");
        ensure(said.code == 0, || format!("{args:?} failed: {said:#?}"))
    };
    let unrefreshed = |tree: Tree| -> Tree {
        // A branch that was asked for stays; its objects are the user's by now.
        tree.into_iter().filter(|(path, _)| !path.as_bytes().starts_with(b".git/")).collect()
    };
    let held = workspace(&place);
    run(&["isolate", "discard", id])?;
    ensure(!place.exists(), || "the workspace is still there".into())?;
    let left = stage.project.join(".git/refs/massgen");
    ensure(!left.exists(), || "a ref is left in the user's repository".into())?;
    run(&["isolate", "gc"])?;
    run(&["isolate", "restore", id])?;
    same("restore did not bring the workspace back", &held, &workspace(&place))?;
    run(&["isolate", "diff", id, "--json"])?;
    run(&["isolate", "discard", id])?;
    run(&["isolate", "gc", "--older-than", "0d"])?;
    run(&["isolate", "doctor"])?;
    let now = unrefreshed(project(stage));
    same("the archive's end changed the project", &unrefreshed(project_before.clone()), &now)?;
    no_traces(stage)
}

/// No session, no ref, no linked work tree of ours, nothing in the trash.
fn no_traces(stage: &Stage) -> Checked {
    let state = stage.home().join(".local/state/massgen/isolation");
    let mut places = vec![state.join("sessions"), state.join("trash")];
    places.push(stage.project.join(".git/refs/massgen"));
    if stage.linked {
        places.push(stage.project.join(".git/worktrees"));
    }
    for place in places {
        let left: Vec<_> = std::fs::read_dir(&place).into_iter().flatten().flatten().collect();
        ensure(left.is_empty(), || format!("left in {}: {left:?}", place.display()))?;
    }
    Ok(())
}

//! JSON documents of sessions and changes, as scripts rely on them.

use massgen_isolation::audit::Escape;
use massgen_isolation::changeset::{Change, Counts, Hunk};
use massgen_isolation::entry::{Node, NodeKind};
use massgen_isolation::path::RelPath;
use massgen_isolation::plan::PathReason;
use massgen_isolation::review::path_bytes_b64;
use massgen_isolation::session::{Session, State};
use serde_json::{Map, Value, json};

use massgen_review::diff::FileDiff;

/// `path`, and `path_bytes_b64` where the name is no text.
pub(super) fn path_fields(name: &str, path: &RelPath) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert(name.to_string(), path.lossy().into());
    if let Some(encoded) = path_bytes_b64(path) {
        fields.insert(format!("{name}_bytes_b64"), encoded.into());
    }
    fields
}

/// The word for a session's state.
pub(super) fn state_word(session: &Session) -> &'static str {
    match session.state {
        State::Creating => "broken",
        State::Open if !session.workspace.is_dir() => "broken",
        State::Open => "open",
        State::Applied => "applied",
        State::Discarded => "discarded",
    }
}

/// `session/1`.
pub(super) fn session(session: &Session, changes: Option<Counts>) -> Value {
    let not_carried = session.not_carried.iter().map(|left| {
        let mut fields = path_fields("path", &left.path);
        fields.insert("reason".into(), left.reason.clone().into());
        Value::Object(fields)
    });
    let command = session.command.as_ref().map(|command| {
        json!({"argv": command.argv, "exit_code": command.exit_code, "signal": command.signal,
               "timed_out": command.timed_out, "duration_ms": command.duration_ms,
               "left_running": command.left_running})
    });
    let (strategy, version) = session.strategy.split_once(' ').unwrap_or((&session.strategy, ""));
    json!({
        "schema": "session/1",
        "id": session.id,
        "name": session.name,
        "strategy": strategy,
        "strategy_version": version,
        "state": state_word(session),
        "created_unix_ms": session.created_unix_ms,
        "project": session.project.to_string_lossy(),
        "scope": session.scope.lossy(),
        "workspace": session.workspace.to_string_lossy(),
        "start": session.workspace.join(session.start.as_path()).components().as_path().to_string_lossy(),
        "base_commit": session.base_commit,
        "git": session.git.as_ref().map(|side| side.kind),
        "protection": session.protection,
        "command": command,
        "carried": session.carried,
        "not_carried": not_carried.collect::<Vec<_>>(),
        "secrets": session.secrets.iter().map(RelPath::lossy).collect::<Vec<_>>(),
        "notes": session.notes,
        "changes": changes,
        "escapes": session.escapes.iter().map(escape).collect::<Vec<_>>(),
    })
}

/// Something that was changed outside of the workspace.
pub(super) fn escape(escape: &Escape) -> Value {
    json!({
        "path": escape.path,
        "kind": escape.kind,
        "change": escape.change,
        "place": escape.place.to_string_lossy(),
        "kept": escape.is_restorable(),
        "restored": escape.restored,
    })
}

/// One file of `changeset/1`.
pub(super) fn change(change: &Change, file: &FileDiff) -> Value {
    let mode = |node: &Option<Node>| node.as_ref().map(|node| format!("{:06o}", node.mode()));
    let target = |node: &Option<Node>| match node {
        Some(Node::Link { target }) => Some(String::from_utf8_lossy(target).into_owned()),
        _ => None,
    };
    let stats = file.stats();
    let kind = match change.kind() {
        NodeKind::File => "file",
        NodeKind::Symlink => "symlink",
        NodeKind::Dir => "dir",
    };
    let mut fields = path_fields("path", &change.path);
    fields.insert("status".into(), json!(change.status));
    if let Some(old) = &change.old_path {
        fields.extend(path_fields("old_path", old));
    }
    let rest = json!({
        "old_mode": mode(&change.old),
        "new_mode": mode(&change.new),
        "kind": kind,
        "binary": stats.binary,
        "size": change.new.as_ref().or(change.old.as_ref()).map_or(0, Node::size),
        "additions": stats.additions,
        "deletions": stats.deletions,
        "hunks": file.hunks().iter().map(|h| hunk(h, file)).collect::<Vec<_>>(),
        "old_target": target(&change.old),
        "new_target": target(&change.new),
        "risks": change.risks,
        "scope": change.scope,
    });
    if let Value::Object(rest) = rest {
        fields.extend(rest);
    }
    Value::Object(fields)
}

fn hunk(hunk: &Hunk, file: &FileDiff) -> Value {
    json!({
        "index": hunk.index,
        "old_start": hunk.old_start,
        "old_lines": hunk.old_lines,
        "new_start": hunk.new_start,
        "new_lines": hunk.new_lines,
        "text": String::from_utf8_lossy(&hunk.text(&file.old, &file.new)),
    })
}

/// Paths with reasons.
pub(super) fn because(list: &[PathReason]) -> Vec<Value> {
    let one = |because: &PathReason| {
        let mut fields = path_fields("path", &because.path);
        fields.insert("reason".into(), because.reason.clone().into());
        Value::Object(fields)
    };
    list.iter().map(one).collect()
}

use super::*;

fn run() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let attempt = dir.path().join("turn_1/attempt_1");
    std::fs::create_dir_all(attempt.join(".git/objects")).unwrap();
    std::fs::write(
        attempt.join("events.jsonl"),
        "one\ntwo Needle here\napi_key: hunter22\n\u{fc}four",
    )
    .unwrap();
    std::fs::write(attempt.join(".git/objects/x"), "needle").unwrap();
    std::fs::write(attempt.join("bytes"), [0xff, b'a', b'\n', b'b', b'\r', b'\n']).unwrap();
    std::fs::write(dir.path().parent().unwrap().join("outside.txt"), "secret").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", attempt.join("link")).unwrap();
    dir
}

fn files(dir: &tempfile::TempDir) -> RunFiles {
    RunFiles::new(dir.path(), Redactor::default())
}

#[test]
fn lines_are_numbered_redacted_and_bounded() {
    let dir = run();
    let files = files(&dir);
    let lines = files.read_lines("turn_1/attempt_1/events.jsonl", 2, 2, 1000).unwrap();
    assert_eq!(lines.lines, ["two Needle here", "api_key: [redacted]"]);
    assert_eq!((lines.start, lines.total_lines, lines.truncated), (2, 4, true));
    let rest = files.read_lines("turn_1/attempt_1/events.jsonl", 4, 10, 1000).unwrap();
    assert_eq!((rest.lines.len(), rest.truncated), (1, false));
    let beyond = files.read_lines("turn_1/attempt_1/events.jsonl", 99, 10, 1000).unwrap();
    assert!(beyond.lines.is_empty());
    let bytes = files.read_lines("turn_1/attempt_1/bytes", 1, 10, 1000).unwrap();
    assert_eq!(bytes.lines, ["\u{fffd}a", "b"]);
}

#[test]
fn checkpoints_do_not_change_the_result() {
    let dir = run();
    let files = files(&dir);
    let path = "turn_1/attempt_1/events.jsonl";
    let pick = |wanted: &[u64], checkpoints: &[Checkpoint]| {
        let mut found = Vec::new();
        files
            .pick_lines(path, wanted, checkpoints, |line, text| {
                found.push((line, text.to_string()));
            })
            .unwrap();
        found
    };
    let all: Vec<_> =
        [1, 2, 3, 4].map(|line| Checkpoint { line, at: [0, 4, 20, 38][line as usize - 1] }).into();
    for wanted in [&[1, 4][..], &[4], &[2, 2, 3], &[3, 9], &[0]] {
        let without = pick(wanted, &[]);
        for checkpoints in [&all[..], &all[2..], &all[..1], &all[3..]] {
            assert_eq!(pick(wanted, checkpoints), without, "{wanted:?} {checkpoints:?}");
        }
    }
    // Checkpoints are trusted: nothing before them is read.
    let moved = [Checkpoint { line: 3, at: 4 }];
    assert_eq!(pick(&[3], &moved), [(3, "two Needle here".to_string())]);
}

#[test]
fn paths_cannot_leave_the_run() {
    let dir = run();
    let files = files(&dir);
    for path in
        ["../outside.txt", "/etc/passwd", "turn_1/../../outside.txt", "turn_1/attempt_1/link"]
    {
        assert!(
            matches!(files.read_lines(path, 1, 1, 10), Err(ReadFileError::Outside(_))),
            "{path}"
        );
    }
    assert!(matches!(files.read_lines("turn_1", 1, 1, 10), Err(ReadFileError::NotAFile(_))));
    assert!(matches!(files.read_lines("nope", 1, 1, 10), Err(ReadFileError::Missing(_))));
    assert!(files.list("../", 10).is_err());
}

#[test]
fn the_list_excludes_links_and_repositories() {
    let dir = run();
    let (entries, more) = files(&dir).list("", 10).unwrap();
    let paths: Vec<_> = entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["turn_1/attempt_1/bytes", "turn_1/attempt_1/events.jsonl"]);
    assert!(!more);
    std::fs::write(dir.path().join("turn_1/analysis.json"), "an earlier report").unwrap();
    assert_eq!(files(&dir).list("turn_1/an", 10).unwrap().0, []);
    assert!(matches!(
        files(&dir).read_lines("turn_1/analysis.json", 1, 1, 10),
        Err(ReadFileError::Missing(_))
    ));
    assert_eq!(files(&dir).list("", 1).unwrap().0.len(), 1);
    assert!(files(&dir).list("", 1).unwrap().1);
}

#[test]
fn search_ignores_case_and_returns_the_original_text() {
    let dir = run();
    let hits = files(&dir).search("needle", "", 10).unwrap();
    assert_eq!(hits.len(), 1);
    assert_eq!((hits[0].line, hits[0].text.as_str()), (2, "two Needle here"));
    assert!(files(&dir).search("  ", "", 10).unwrap().is_empty());
}

#[test]
fn long_lines_are_truncated() {
    let dir = run();
    std::fs::write(dir.path().join("long"), format!("{}\nnext\n", "x".repeat(3 << 20))).unwrap();
    let lines = files(&dir).read_lines("long", 1, 5, 1 << 20).unwrap();
    assert_eq!(lines.total_lines, 2);
    assert!(lines.lines[0].len() < 5_000, "{}", lines.lines[0].len());
    assert_eq!(lines.lines[1], "next");
}

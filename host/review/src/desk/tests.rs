use std::sync::Arc;

use massgen_isolation::changeset::{Change, ChangeStatus, Scope};
use massgen_isolation::path::RelPath;
use massgen_isolation::review::Accept;

use super::*;
use crate::screen::{Highlights, Size, render};

/// A file of fifty lines in which every tenth was edited.
fn five_hunks() -> FileDiff {
    let old: String = (1..=50).map(|n| format!("line {n}\n")).collect();
    let new: String = (1..=50)
        .map(|n| if n % 10 == 5 { format!("LINE {n}\n") } else { format!("line {n}\n") })
        .collect();
    FileDiff::of(old.into(), new.into())
}

/// Gives everything the same diff.
struct Same(Arc<FileDiff>);

impl Diffs for Same {
    fn diff(&mut self, _: usize, _: &Change) -> Result<Arc<FileDiff>, String> {
        Ok(self.0.clone())
    }
}

fn item(path: &str) -> Item {
    let change = Change {
        path: RelPath::new(path.as_bytes()).unwrap(),
        old_path: None,
        status: ChangeStatus::Modified,
        old: None,
        new: None,
        scope: Scope::In,
        risks: Vec::new(),
    };
    Item { change, accept: Accept::No, stats: None, stale: false }
}

fn tab(label: &str, paths: &[&str]) -> Tab {
    Tab::new(label.into(), label.into(), paths.iter().map(|path| item(path)).collect(), 0)
}

fn desk() -> (Desk, Same) {
    let desk = Desk::new(vec![tab("one", &["a.rs", "src/b.rs", "src/deep/c.rs", "z.rs"])]);
    (desk, Same(Arc::new(five_hunks())))
}

fn press(desk: &mut Desk, diffs: &mut Same, keys: &str) -> Vec<Effect> {
    let named = |c| match c {
        '↓' => Key::Down,
        '↑' => Key::Up,
        '⏎' => Key::Enter,
        '⎋' => Key::Esc,
        '⇥' => Key::Tab,
        c => Key::Char(c),
    };
    let effects = keys.chars().map(|c| desk.on(named(c), diffs));
    effects.filter(|effect| *effect != Effect::None).collect()
}

fn parts(desk: &Desk, item: usize) -> Vec<usize> {
    match &desk.tab().items[item].accept {
        Accept::Parts(parts) => parts.iter().map(|part| part.hunk).collect(),
        Accept::Yes => vec![1, 2, 3, 4, 5],
        Accept::No => vec![],
    }
}

#[test]
fn hunks_are_taken_one_by_one_and_the_cursor_stays() {
    let (mut desk, mut diffs) = desk();
    // Too often at the end, and back by one.
    assert_eq!(press(&mut desk, &mut diffs, "]]]]]]]h"), [Effect::Save(vec![0])]);
    assert_eq!(parts(&desk, 0), [5]);
    press(&mut desk, &mut diffs, "[h");
    assert_eq!(parts(&desk, 0), [4, 5]);
    assert_eq!(desk.tab().place.hunk, 3);
    press(&mut desk, &mut diffs, "h[[[[[[h");
    assert_eq!(parts(&desk, 0), [1, 5]);
    assert_eq!(desk.tab().cursor, 0);
    // Another file begins at its first hunk.
    press(&mut desk, &mut diffs, "↓h");
    assert_eq!(parts(&desk, 1), [1]);
    assert_eq!(Mark::of(&desk.tab().items[1].accept), Mark::Partly);
}

#[test]
fn files_everything_nothing() {
    let (mut desk, mut diffs) = desk();
    press(&mut desk, &mut diffs, "↓ ");
    assert_eq!(desk.tab().items[1].accept, Accept::Yes);
    press(&mut desk, &mut diffs, "hhhh");
    assert_eq!(desk.tab().items[1].accept, Accept::Yes);
    assert_eq!(press(&mut desk, &mut diffs, "a"), [Effect::Save(vec![0, 2, 3])]);
    assert_eq!(desk.tab().tally(), Tally { total: 4, taken: 4, partly: 0 });
    press(&mut desk, &mut diffs, "r");
    assert_eq!(desk.tab().tally().taken, 0);
    // ↑ and ↓ stop at the ends.
    press(&mut desk, &mut diffs, "↑↑↑↑↑↑ ↓↓↓↓↓↓↓↓ ");
    assert_eq!([0, 3].map(|at| desk.tab().items[at].accept.clone()), [Accept::Yes, Accept::Yes]);
}

#[test]
fn nothing_is_applied_before_it_was_shown() {
    let (mut desk, mut diffs) = desk();
    assert_eq!(press(&mut desk, &mut diffs, "⏎"), []);
    assert!(desk.notice.is_some());
    assert_eq!(press(&mut desk, &mut diffs, "h⏎")[1], Effect::Preview { merge: false });
    desk.mode = Mode::Summary(Preview {
        conflicts: vec![("a.rs".into(), "it changed".into())],
        ..Preview::default()
    });
    assert_eq!(press(&mut desk, &mut diffs, "y⏎m"), [Effect::Preview { merge: true }]);
    desk.mode =
        Mode::Summary(Preview { applied: vec![("a.rs".into(), "in part")], ..Preview::default() });
    assert_eq!(press(&mut desk, &mut diffs, "y"), [Effect::Apply { merge: false }]);
    assert_eq!(press(&mut desk, &mut diffs, "⎋"), []);
    assert_eq!(press(&mut desk, &mut diffs, "⎋"), [Effect::Leave]);
}

#[test]
fn lines_are_taken_one_by_one() {
    let (mut desk, mut diffs) = desk();
    // Two changed lines in each hunk: the third is the first one of the second hunk.
    press(&mut desk, &mut diffs, "l↓↓ ↓↓↓↓↓↓↓↓↓↓↓↓↓ l");
    let Accept::Parts(parts) = &desk.tab().items[0].accept else { panic!() };
    let told: Vec<_> = parts.iter().map(|part| (part.hunk, part.lines.clone())).collect();
    assert_eq!(told, [(2, Some(vec![1])), (5, Some(vec![2]))]);
    assert_eq!((desk.mode.clone(), desk.tab().place.line), (Mode::Files, None));
}

#[test]
fn the_filter_keeps_the_cursor_on_what_is_shown() {
    let (mut desk, mut diffs) = desk();
    press(&mut desk, &mut diffs, "fdeep⏎ ");
    assert_eq!(desk.tab().order, [2]);
    assert_eq!(desk.tab().items[2].accept, Accept::Yes);
    press(&mut desk, &mut diffs, "⎋");
    assert_eq!((desk.tab().order.len(), desk.tab().current()), (4, Some(2)));
    press(&mut desk, &mut diffs, "/LINE 25⏎");
    assert_eq!(desk.tab().place.hunk, 2);
}

#[test]
fn sessions_are_decided_apart() {
    let mut desk = Desk::new(vec![tab("one", &["a"]), tab("two", &["a", "b"])]);
    let mut diffs = Same(Arc::new(five_hunks()));
    press(&mut desk, &mut diffs, "]h⇥h");
    assert_eq!(desk.active, 1);
    assert_eq!(
        [&desk.tabs[0], &desk.tabs[1]].map(|tab| Mark::of(&tab.items[0].accept)),
        [Mark::Partly; 2]
    );
    assert_eq!(desk.rival(), Some((0, 0)));
    press(&mut desk, &mut diffs, "c");
    assert_eq!(desk.mode, Mode::Compare);
    press(&mut desk, &mut diffs, "⇥c");
    assert_eq!(desk.mode, Mode::Files);
}

#[test]
fn screens_are_as_large_as_the_terminal_in_every_mode() {
    let (mut desk, mut diffs) = desk();
    let preview = Preview {
        applied: (0..40).map(|n| (format!("{n}"), "new")).collect(),
        risks: vec![("p".into(), "bidi-control".into())],
        ..Preview::default()
    };
    let modes = [
        Mode::Files,
        Mode::Lines,
        Mode::Help,
        Mode::Discard,
        Mode::Compare,
        Mode::Summary(preview),
    ];
    for mode in modes {
        for (width, height) in [(80, 24), (200, 60), (40, 10), (20, 5), (1, 1)] {
            desk.mode = mode.clone();
            desk.look(&mut diffs);
            let rows = render(&desk, &Highlights::default(), Size { width, height });
            assert_eq!(rows.len(), height.max(4).min(height), "{mode:?}");
            for row in &rows {
                assert_eq!(crate::text::row_width(row), width, "{mode:?} {row:?}");
            }
        }
    }
}

#[test]
fn the_first_screen_tells_what_there_is() {
    let (mut desk, mut diffs) = desk();
    press(&mut desk, &mut diffs, "h");
    desk.look(&mut diffs);
    let rows = render(&desk, &Highlights::default(), Size { width: 80, height: 24 });
    let text: Vec<String> =
        rows.iter().map(|row| row.iter().map(|s| s.text.as_str()).collect()).collect();
    let screen = text.join("\n");
    for expected in [
        "0 of 4 files taken, 1 in part",
        "▶◐ M a.rs",
        " ○   M c.rs",
        "src/",
        "▶✓ hunk 1 of 5  @@ -2,7 +2,7 @@",
        "-line 5",
        "+LINE 5",
        " ○ hunk 2 of 5",
        "space file",
    ] {
        assert!(screen.contains(expected), "{expected:?} is not in\n{screen}");
    }
}

#[test]
fn where_everything_can_be_pointed_at_a_decision_says_what_shall_be() {
    let (mut desk, mut diffs) = desk();
    let hunk = (Choice::Hunk(2), true);
    for _ in 0..2 {
        // Said twice, it is what it was; and the cursor is elsewhere.
        assert_eq!(desk.put(3, hunk, &mut diffs), Ok(Effect::Save(vec![3])));
        let part = massgen_isolation::changeset::HunkPart::whole(2);
        assert_eq!(desk.tab().items[3].accept, Accept::Parts(vec![part]));
    }
    desk.put(3, (Choice::Line(2, 1), false), &mut diffs).unwrap();
    assert_eq!(Mark::of_hunk(&desk.tab().items[3].accept, 2), Mark::Partly);
    desk.put(3, (Choice::File, false), &mut diffs).unwrap();
    assert_eq!(desk.tab().items[3].accept, Accept::No);
    for choice in [Choice::Hunk(0), Choice::Hunk(6), Choice::Line(1, 3), Choice::Line(9, 1)] {
        assert!(desk.put(3, (choice, true), &mut diffs).is_err(), "{choice:?}");
    }
    assert!(desk.put(4, hunk, &mut diffs).is_err());
    assert_eq!(desk.tab().items[3].accept, Accept::No);
    // What was looked at before a decision is not what would be applied after it.
    desk.mode = Mode::Summary(Preview::default());
    desk.put(0, (Choice::File, true), &mut diffs).unwrap();
    assert_eq!(desk.on(Key::Char('y'), &mut diffs), Effect::None);
}

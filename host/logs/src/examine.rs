//! Facts and problems of a run, from its directory.

use crate::facts::{self, Facts};
use crate::files::RunFiles;
use crate::locate::RunDir;
use crate::problems;
use crate::read;
use crate::redact::Redactor;
use crate::run::Run;

/// Reads and measures one turn of a run (`None`: the last), detects problems and quotes their evidence.
pub fn examine(dir: &RunDir, turn: Option<u32>, redactor: &Redactor) -> Facts {
    examine_with(dir, turn, redactor).0
}

/// Does the same as [`examine`], and also returns the record that was read.
pub fn examine_with(dir: &RunDir, turn: Option<u32>, redactor: &Redactor) -> (Facts, Run) {
    let turn = turn.or_else(|| dir.turns.last().map(|turn| turn.number));
    let mut run = read::read(dir, turn);
    let mut facts = facts::measure(&run);
    facts.problems = problems::detect(&run, &facts);
    let files = RunFiles::new(&dir.root, redactor.clone());
    problems::quote(&mut facts.problems, &files, &run);
    facts.diagnostics = std::mem::take(&mut run.diagnostics);
    facts.redact(redactor);
    (facts, run)
}

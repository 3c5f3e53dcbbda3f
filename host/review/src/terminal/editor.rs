//! The user's editor.

use std::path::Path;
use std::process::Command;

/// Runs the editor on a file, as git does: its name may hold words.
pub(crate) fn run(editor: &str, file: &Path) -> std::io::Result<()> {
    let status =
        Command::new("sh").args(["-c", &format!("{editor} \"$@\""), editor]).arg(file).status()?;
    match status.success() {
        true => Ok(()),
        false => Err(std::io::Error::other("the editor failed; nothing was taken over")),
    }
}

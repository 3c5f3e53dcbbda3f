//! Reduces a shell command to its pattern: `cd /a && npm install left-pad` becomes `npm install`.

/// Programs with subcommands.
const WITH_SUBCOMMAND: &[&str] = &[
    "npm",
    "npx",
    "yarn",
    "pnpm",
    "pip",
    "pip3",
    "uv",
    "poetry",
    "cargo",
    "go",
    "git",
    "docker",
    "make",
    "apt",
    "apt-get",
    "brew",
    "kubectl",
    "gh",
    "conda",
    "bun",
    "deno",
    "dotnet",
    "mvn",
    "gradle",
    "terraform",
];

/// Words that run the program that follows them.
const WRAPPERS: &[&str] = &["sudo", "env", "time", "nice", "nohup", "exec", "command", "timeout"];

const PATTERN_CHARS_MAX: usize = 60;

/// Returns the pattern of a command; empty if the command has no words.
pub(super) fn pattern(command: &str) -> String {
    let step = command
        .split(['\n', ';'])
        .flat_map(|line| line.split("&&"))
        .map(str::trim)
        .find(|step| !step.is_empty() && !is_setup(step))
        .unwrap_or_else(|| command.trim());
    let mut words = step.split_whitespace().skip_while(|word| {
        WRAPPERS.contains(word) || is_assignment(word) || word.bytes().all(|b| b.is_ascii_digit())
    });
    let Some(program) = words.next() else { return String::new() };
    let program = program.rsplit('/').next().unwrap_or(program);
    let subcommand = if WITH_SUBCOMMAND.contains(&program) {
        words.find(|word| !word.starts_with('-'))
    } else if program.starts_with("python") {
        match words.next() {
            Some("-m") => words.next(),
            Some("-c") => Some("-c"),
            word => word.map(|word| word.rsplit('/').next().unwrap_or(word)),
        }
    } else {
        None
    };
    let pattern = subcommand
        .map_or_else(|| program.to_string(), |subcommand| format!("{program} {subcommand}"));
    pattern.chars().take(PATTERN_CHARS_MAX).collect()
}

/// Returns whether a step only prepares for the next one.
fn is_setup(step: &str) -> bool {
    let first = step.split_whitespace().next().unwrap_or_default();
    matches!(first, "cd" | "export" | "set" | "source" | "." | "mkdir" | "true" | "pushd")
        || first.starts_with('#')
        || step.split_whitespace().all(is_assignment)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (command, expect) in [
            ("npm install left-pad", "npm install"),
            ("cd /tmp/x && python3 test.py --all", "python3 test.py"),
            ("FOO=1 sudo /usr/bin/git status", "git status"),
            ("ls -la", "ls"),
            ("make", "make"),
            ("timeout 30 pytest -q", "pytest"),
            ("python -m http.server", "python http.server"),
            ("# a remark\ncat a | wc -l", "cat"),
            ("cd /tmp", "cd"),
            ("", ""),
        ] {
            assert_eq!(pattern(command), expect, "{command}");
        }
    }
}

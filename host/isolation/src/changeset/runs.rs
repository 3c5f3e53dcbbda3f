//! Recognises files that run on the user's machine: programs, and names that tools execute or read
//! instructions from according to their documentation.

use crate::path::RelPath;

/// Read by shells, editors, debuggers and version managers on entering a directory.
const ON_ENTERING: &[&str] = &[
    ".envrc",
    ".bashrc",
    ".bash_profile",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".inputrc",
    ".tmux.conf",
    ".exrc",
    ".vimrc",
    ".nvimrc",
    ".nvim.lua",
    ".dir-locals.el",
    ".gdbinit",
    ".lldbinit",
    ".tool-versions",
    "mise.toml",
    ".mise.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
    "flake.nix",
    "shell.nix",
    "default.nix",
    "devbox.json",
    ".devcontainer.json",
    "sitecustomize.py",
    "usercustomize.py",
];

/// Read by git and by hook managers.
const GIT: &[&str] = &[
    ".gitattributes",
    ".gitmodules",
    ".gitconfig",
    ".lfsconfig",
    ".pre-commit-config.yaml",
    ".pre-commit-hooks.yaml",
    "lefthook.yml",
    "lefthook.yaml",
    ".lefthook.yml",
    ".huskyrc",
    ".lintstagedrc",
    ".overcommit.yml",
];

/// Read by build tools, test runners and package managers.
const BUILD: &[&str] = &[
    "makefile",
    "gnumakefile",
    "justfile",
    ".justfile",
    "taskfile.yml",
    "taskfile.yaml",
    "rakefile",
    "gemfile",
    "package.json",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pnpmfile.cjs",
    ".pnp.cjs",
    "bunfig.toml",
    "deno.json",
    "deno.jsonc",
    "gulpfile.js",
    "gruntfile.js",
    ".eslintrc.js",
    ".eslintrc.cjs",
    ".prettierrc.js",
    "binding.gyp",
    "build.rs",
    "cargo.toml",
    "build.gradle",
    "build.gradle.kts",
    "settings.gradle",
    "settings.gradle.kts",
    "gradlew",
    "mvnw",
    "pom.xml",
    "build.xml",
    "build.sbt",
    "build.zig",
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "conftest.py",
    "noxfile.py",
    "tox.ini",
    "pytest.ini",
    "tasks.py",
    "fabfile.py",
    "dodo.py",
    "sconstruct",
    "sconscript",
    "wscript",
    "cmakelists.txt",
    "cmakepresets.json",
    "meson.build",
    "configure",
    "configure.ac",
    "build.bazel",
    "workspace.bazel",
    "module.bazel",
    ".bazelrc",
    "composer.json",
    "mix.exs",
    "package.swift",
    "podfile",
    "dockerfile",
    "containerfile",
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.yml",
    "compose.yaml",
    "vagrantfile",
    "procfile",
    "tiltfile",
];

/// Read by continuous integration.
const CI: &[&str] = &[
    ".gitlab-ci.yml",
    "jenkinsfile",
    ".travis.yml",
    ".drone.yml",
    ".woodpecker.yml",
    ".cirrus.yml",
    ".appveyor.yml",
    "appveyor.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "cloudbuild.yaml",
    "buildspec.yml",
];

/// Read by other agents.
const AGENTS: &[&str] = &[
    "agents.md",
    "agent.md",
    "claude.md",
    "claude.local.md",
    "gemini.md",
    "qwen.md",
    "skill.md",
    "copilot-instructions.md",
    ".mcp.json",
    "mcp.json",
    "opencode.json",
    ".cursorrules",
    ".windsurfrules",
    ".clinerules",
    ".roomodes",
    ".aider.conf.yml",
];

const ENDINGS: &[&str] = &[
    ".sh",
    ".bash",
    ".zsh",
    ".fish",
    ".bat",
    ".cmd",
    ".ps1",
    ".mk",
    ".gradle",
    ".gemspec",
    ".pth",
    ".service",
    ".desktop",
    ".code-workspace",
    ".config.js",
    ".config.cjs",
    ".config.mjs",
    ".config.ts",
    ".config.mts",
];

const FOLDERS: &[&str] = &[
    ".husky",
    ".githooks",
    ".git-hooks",
    "hooks",
    ".lefthook",
    ".github/workflows",
    ".github/actions",
    ".gitlab",
    ".gitea/workflows",
    ".forgejo/workflows",
    ".circleci",
    ".buildkite",
    ".woodpecker",
    ".vscode",
    ".idea",
    ".run",
    ".zed",
    ".fleet",
    ".devcontainer",
    ".cargo",
    ".mvn",
    ".yarn/releases",
    ".yarn/plugins",
    ".config/mise",
    ".claude",
    ".codex",
    ".cursor",
    ".gemini",
    ".qwen",
    ".windsurf",
    ".continue",
    ".clinerules",
    ".roo",
    ".kiro",
    ".opencode",
    ".agents",
    ".massgen",
];

/// MassGen's records of its runs. Nothing executes them, and each run writes dozens.
const RECORDS: &str = ".massgen/massgen_logs/";

/// Returns whether tools execute a path or read instructions from it. Ignores case, as some file systems do.
pub(super) fn is_run_by_tools(path: &RelPath) -> bool {
    let text = path.lossy().to_lowercase();
    let name = text.rsplit('/').next().unwrap_or_default();
    [ON_ENTERING, GIT, BUILD, CI, AGENTS].iter().any(|names| names.contains(&name))
        || name.starts_with("dockerfile.")
        || ENDINGS.iter().any(|end| name.ends_with(end))
        || is_in_a_folder_of_tools(below_records(&text))
}

/// Returns the part of a path below the records of a run, or the whole path.
fn below_records(text: &str) -> &str {
    match text.find(RECORDS) {
        Some(at) if at == 0 || text.as_bytes()[at - 1] == b'/' => &text[at + RECORDS.len()..],
        _ => text,
    }
}

/// Returns whether one of the folders starts at a component boundary.
fn is_in_a_folder_of_tools(text: &str) -> bool {
    let slashes = text.match_indices('/').map(|(at, _)| at + 1);
    let begins = |at: usize, dir: &str| {
        text[at..].strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
    };
    std::iter::once(0).chain(slashes).any(|at| FOLDERS.iter().any(|dir| begins(at, dir)))
}

/// Returns whether bytes are a program: a script with an interpreter line, or an executable format.
pub(super) fn is_program(bytes: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 5] =
        [b"#!", b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"];
    BEGINNINGS.iter().any(|beginning| bytes.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_tools_run_are_recognised() {
        for (path, expect) in [
            (".husky/pre-commit", true),
            ("hooks/post-merge", true),
            (".envrc", true),
            ("web/package.json", true),
            ("web/vite.config.ts", true),
            (".github/workflows/ci.yml", true),
            (".vscode/tasks.json", true),
            (".gitattributes", true),
            ("sub/.gitmodules", true),
            ("AGENTS.md", true),
            (".claude/settings.json", true),
            ("Makefile", true),
            ("Dockerfile.prod", true),
            ("run.sh", true),
            ("src/main.rs", false),
            ("docs/README.md", false),
            ("src/config.ts", false),
            ("webhooks/list.ts", false),
            ("a/b/.yarn/plugins/x.cjs", true),
            ("a/.yarn/other/x.cjs", false),
            ("a/hooks", false),
            (".massgen/config.toml", true),
            (".massgen/massgen_logs/log_1/turn_1/status.json", false),
            ("a/.massgen/massgen_logs/log_1/workspace/.vscode/tasks.json", true),
            (".massgen/massgen_logs/log_1/workspace/run.sh", true),
        ] {
            assert_eq!(is_run_by_tools(&RelPath::new(path.as_bytes()).unwrap()), expect, "{path}");
        }
    }

    #[test]
    fn programs_are_recognised() {
        assert!(is_program(b"#!/bin/sh\n") && is_program(b"\x7fELF\x02"));
        assert!(!is_program(b"# a comment") && !is_program(b""));
    }
}

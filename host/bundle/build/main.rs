//! Builds the bundled plugins and writes `plugins.rs`, which embeds them.

mod guests;
mod sources;

use std::fmt::Write as _;
use std::path::PathBuf;

/// The plugins that ship with the program.
const BUNDLED: &[guests::Guest] = &[
    guests::Guest { folder: "plugins/anthropic", package: "massgen-provider-anthropic" },
    guests::Guest { folder: "plugins/bedrock", package: "massgen-provider-bedrock" },
    guests::Guest { folder: "plugins/copy", package: "massgen-strategy-copy" },
    guests::Guest { folder: "plugins/google", package: "massgen-provider-google" },
    guests::Guest { folder: "plugins/ollama", package: "massgen-provider-ollama" },
    guests::Guest { folder: "plugins/openai", package: "massgen-provider-openai" },
    guests::Guest {
        folder: "plugins/openai-compatible",
        package: "massgen-provider-openai-compatible",
    },
    guests::Guest { folder: "plugins/worktree", package: "massgen-strategy-worktree" },
];

fn main() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built = guests::build(&root, BUNDLED).unwrap_or_else(|why| panic!("\n\n{why}\n"));
    let mut source = String::from(
        "/// Every plugin that ships with the program, sorted by id.\npub static PLUGINS: &[BundledPlugin] = &[\n",
    );
    for plugin in built {
        writeln!(
            source,
            "    BundledPlugin {{ id: {:?}, manifest_toml: include_str!({:?}), component: include_bytes!({:?}) }},",
            plugin.id, plugin.manifest, plugin.component
        )
        .expect("writing to a String never fails");
    }
    source.push_str("];\n");
    sources::embed(&root, &mut source);
    std::fs::write(guests::out_dir().join("plugins.rs"), source).expect("OUT_DIR is writable");
}

//! The recipes of the contributing guide name files that exist.
#![expect(clippy::unwrap_used, reason = "a test may")]

use massgen_tidy::{complain, root};

/// The required number of recipes.
const RECIPES_MIN: usize = 12;

/// The recipes: title and text.
fn recipes(page: &str) -> Vec<(&str, &str)> {
    let (_, recipes) = page.split_once("\n## Recipes\n").unwrap();
    let recipes = recipes.split("\n## ").next().unwrap();
    recipes.split("\n### ").skip(1).map(|recipe| recipe.split_once('\n').unwrap()).collect()
}

fn is_path(span: &str) -> bool {
    let tops = [".github/", "docs/", "host/", "plugins/", "scripts/", "tests/", "wit/"];
    tops.iter().any(|top| span.starts_with(top))
}

/// Faults of one recipe.
fn faults(title: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let first = text.lines().find_map(|line| line.strip_prefix("First file: `")?.strip_suffix('`'));
    if !first.is_some_and(is_path) {
        faults.push(format!("{title}: name the first file to open"));
    }
    let steps = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count();
    if !(2..=3).contains(&steps) {
        faults.push(format!("{title}: {steps} steps; two or three are expected"));
    }
    let spans = text.split('`').skip(1).step_by(2);
    let missing = spans.filter(|span| is_path(span) && !root().join(span).exists());
    faults.extend(missing.map(|path| format!("{title}: {path} does not exist")));
    faults
}

#[test]
fn recipes_name_existing_files() {
    let page = std::fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let recipes = recipes(&page);
    assert!(recipes.len() >= RECIPES_MIN, "only {} recipes", recipes.len());
    let faults: Vec<String> =
        recipes.iter().flat_map(|(title, text)| faults(title, text)).collect();
    complain(&faults);
}

#[test]
fn a_recipe_without_a_file_is_a_fault() {
    assert_eq!(faults("Add", "\n1. Do it.\n2. Test it.\n").len(), 1);
    assert_eq!(faults("Add", "\nFirst file: `host/none.rs`\n\n1. Do.\n2. Test.\n").len(), 1);
    assert_eq!(faults("Add", "\nFirst file: `tests/tidy/src/lib.rs`\n\n1. Do.\n").len(), 1);
}

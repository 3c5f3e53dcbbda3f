//! `docs/facts.md` lists every field of `facts/1` with its doc comment. `UPDATE_DOCS=1` writes the page.

use std::collections::{BTreeMap, VecDeque};

use massgen_tidy::{files, root};

const PAGE: &str = "docs/facts.md";
const BEGIN: &str = "<!-- fields -->\n";

#[test]
fn every_field_of_the_facts_is_explained() {
    let types = types();
    let wanted = tables(&types);
    let path = root().join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let (opening, tables) = page.split_once(BEGIN).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{opening}{BEGIN}{wanted}")).unwrap();
        return;
    }
    assert!(wanted.lines().count() > 200, "the fields were not found");
    let first = wanted.lines().zip(tables.lines()).find(|(wanted, there)| wanted != there);
    assert!(
        wanted == tables,
        "{PAGE} is behind the code from {first:?} on: UPDATE_DOCS=1 cargo test -p massgen-tidy"
    );
}

/// A type that is written as JSON.
enum Type {
    Object(Vec<Field>),
    /// The values of the enum in JSON, in source order.
    Words(Vec<String>),
}

struct Field {
    name: String,
    kind: String,
    meaning: String,
    flattened: bool,
}

/// Returns the serialised types of the log reader, by name.
fn types() -> BTreeMap<String, Type> {
    let mut found = BTreeMap::new();
    for (_, text) in files(".rs").iter().filter(|(path, _)| path.starts_with("host/logs/src/")) {
        for block in text.split("\n\n").filter(|block| block.contains("Serialize")) {
            let Some((head, rest)) = block.split_once(" {\n") else { continue };
            let body = rest.split("\n}").next().unwrap_or_default();
            let (attributes, item) = head.rsplit_once('\n').unwrap_or(("", head));
            if let Some(name) = item.strip_prefix("pub struct ") {
                found.insert(name.to_string(), Type::Object(fields(body)));
            } else if let Some(name) = item.strip_prefix("pub enum ") {
                let snake = attributes.contains("snake_case");
                let variants = body
                    .lines()
                    .map(str::trim)
                    .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
                let words = variants.map(|line| word(line.trim_end_matches(','), snake));
                found.insert(name.to_string(), Type::Words(words.collect()));
            }
        }
    }
    found
}

/// Returns the JSON value of a variant.
fn word(variant: &str, snake: bool) -> String {
    let mut word = String::new();
    for letter in variant.chars() {
        if snake && letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

fn fields(body: &str) -> Vec<Field> {
    let mut fields = Vec::new();
    let (mut meaning, mut serde) = (Vec::new(), String::new());
    for line in body.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            meaning.push(text);
        } else if line.starts_with("#[serde") {
            serde.push_str(line);
        } else if let Some((name, kind)) =
            line.strip_prefix("pub ").and_then(|line| line.split_once(": "))
        {
            let renamed = serde.split("rename = \"").nth(1).and_then(|rest| rest.split('"').next());
            if !serde.contains("skip)") {
                fields.push(Field {
                    name: renamed.unwrap_or(name).to_string(),
                    kind: kind.trim_end_matches(',').to_string(),
                    meaning: meaning.join(" ").replace("[`", "`").replace("`]", "`"),
                    flattened: serde.contains("flatten"),
                });
            }
            meaning.clear();
            serde.clear();
        }
    }
    fields
}

/// Returns a table for each object, outer ones first.
fn tables(types: &BTreeMap<String, Type>) -> String {
    let mut page = String::new();
    let mut known = BTreeMap::from([("Facts", String::new())]);
    let mut waiting = VecDeque::from(["Facts"]);
    while let Some(name) = waiting.pop_front() {
        let place = known[name].clone();
        if !place.is_empty() {
            page.push_str(&format!("\n## `{place}`\n"));
        }
        page.push_str("\n| field | what it is |\n|---|---|\n");
        for field in all_fields(types, name) {
            let mut meaning = field.meaning.replace('|', "\\|");
            if let Some((inner, found)) = types.iter().find(|(inner, _)| names(&field.kind, inner))
            {
                match found {
                    Type::Words(words) => meaning.push_str(&format!(" `{}`.", words.join("`, `"))),
                    Type::Object(_) => {
                        let many = match field.kind {
                            _ if field.kind.contains("Map<") => ".*",
                            _ if field.kind.contains("Vec<") => "[]",
                            _ => "",
                        };
                        let dot = if place.is_empty() { "" } else { "." };
                        let there = known.entry(inner).or_insert_with(|| {
                            waiting.push_back(inner);
                            format!("{place}{dot}{}{many}", field.name)
                        });
                        meaning.push_str(&format!(" See `{there}`."));
                    }
                }
            }
            page.push_str(&format!("| `{}` | {meaning} |\n", field.name));
        }
    }
    page
}

/// Returns the fields of an object, including flattened ones.
fn all_fields<'a>(types: &'a BTreeMap<String, Type>, name: &str) -> Vec<&'a Field> {
    let Some(Type::Object(fields)) = types.get(name) else { return Vec::new() };
    let inner = |field: &'a Field| match field.flattened {
        true => types
            .keys()
            .find(|inner| names(&field.kind, inner))
            .map_or(Vec::new(), |inner| all_fields(types, inner)),
        false => vec![field],
    };
    fields.iter().flat_map(inner).collect()
}

/// Returns whether the type of a field mentions this name.
fn names(kind: &str, name: &str) -> bool {
    kind.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == name)
}

//! Builds the guests for tests.

#[path = "../../../host/bundle/build/guests.rs"]
mod guests;

fn main() {
    let root = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let guests = [
        guests::Guest { folder: "plugins/templates/chat", package: "template-chat" },
        guests::Guest { folder: "tests/guests/faulty", package: "massgen-guest-faulty" },
        guests::Guest { folder: "tests/guests/misbehave", package: "massgen-provider-misbehave" },
        guests::Guest { folder: "tests/guests/mischief", package: "massgen-guest-mischief" },
        guests::Guest { folder: "tests/guests/plain", package: "massgen-guest-plain" },
    ];
    let built = guests::build(&root, &guests).unwrap_or_else(|why| panic!("\n\n{why}\n"));
    assert!(built.iter().all(|guest| guest.component.is_file() && guest.manifest.is_file()));
    let ids: Vec<&str> = built.iter().map(|guest| guest.id.as_str()).collect();
    assert_eq!(ids, ["template-chat", "faulty", "misbehave", "mischief", "plain"]);
}

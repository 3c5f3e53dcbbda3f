//! Builds the guest that misbehaves.

#[path = "../../../host/bundle/build/guests.rs"]
mod guests;

fn main() {
    let root = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let guest =
        guests::Guest { folder: "tests/guests/misbehave", package: "massgen-provider-misbehave" };
    let built = guests::build(&root, &[guest]).unwrap_or_else(|why| panic!("\n\n{why}\n"));
    assert_eq!(built[0].id, "misbehave");
    assert!(built[0].component.is_file() && built[0].manifest.is_file());
}

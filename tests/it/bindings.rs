//! The Rust SDK's bindings are what `wit/` says. `UPDATE=1` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use wit_bindgen_core::wit_parser::{PackageId, Resolve};
use wit_bindgen_core::{Files, WorldGenerator as _};
use wit_bindgen_rust::{Opts, WithOption};

/// What the worlds share is generated once, from a world of its own; in the others it is a name.
const SHARED: &str = "
package cofferdam:sdk;
world shared {
  import cofferdam:plugin/types@0.1.0;
  import cofferdam:plugin/log@0.1.0;
  import cofferdam:plugin/progress@0.1.0;
  import cofferdam:plugin/modes@0.1.0;
}
";

#[test]
fn the_checked_in_bindings_are_those_of_wit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = root.join("plugin-sdk/rust/src/bindings");
    for (name, text) in generate(&root.join("wit/plugin.wit")) {
        let file = folder.join(&name);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&file, &text).expect("the bindings can be written");
        }
        let found = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == text,
            "`plugin-sdk/rust/src/bindings/{name}` is not what `wit/` says: run this test with UPDATE=1"
        );
    }
}

fn generate(wit: &Path) -> Vec<(String, String)> {
    let mut resolve = Resolve::default();
    let contract = fs::read_to_string(wit).expect("wit/plugin.wit can be read");
    let plugin = resolve
        .push_str(wit, &contract)
        .expect("wit/plugin.wit is valid");
    let shared = resolve
        .push_str(PathBuf::from("shared.wit"), SHARED)
        .expect("the shared world is valid");
    let options = Opts {
        format: true,
        generate_all: true,
        generate_unused_types: true,
        additional_derive_attributes: vec!["PartialEq".into(), "Eq".into()],
        additional_derive_ignore: Vec::new(),
        ..Opts::default()
    };
    let mut files = vec![world(&mut resolve, shared, "shared", options)];
    for name in ["action", "planner", "suite", "deployer"] {
        let mut with = vec![part("types"), part("log"), part("progress")];
        if name != "planner" {
            with.push(part("modes"));
        }
        let options = Opts {
            format: true,
            with,
            pub_export_macro: true,
            export_macro_name: Some(format!("export_{name}")),
            default_bindings_module: Some(format!("cofferdam_plugin::bindings::{name}")),
            ..Opts::default()
        };
        let (file, text) = world(&mut resolve, plugin, name, options);
        files.push((file, without_imports_section(&text)));
    }
    files
}

/// The imports of all four worlds would be linked into every plugin. The export macro describes those of its own.
fn without_imports_section(text: &str) -> String {
    let start = "#[rustfmt::skip]\n#[cfg(target_arch = \"wasm32\")]\n#[unsafe(\n    link_section";
    let (before, _) = text
        .split_once(start)
        .expect("the generated section stands where it was");
    before.to_owned()
}

/// Where an interface of the contract already has its Rust.
fn part(interface: &str) -> (String, WithOption) {
    let path = format!("crate::bindings::shared::cofferdam::plugin::{interface}");
    let key = format!("cofferdam:plugin/{interface}@0.1.0");
    (key, WithOption::Path(path))
}

fn world(resolve: &mut Resolve, package: PackageId, name: &str, options: Opts) -> (String, String) {
    let id = resolve
        .select_world(&[package], Some(name))
        .unwrap_or_else(|error| panic!("wit/ has no world `{name}`: {error}"));
    let mut files = Files::default();
    options
        .build()
        .generate(resolve, id, &mut files)
        .unwrap_or_else(|error| panic!("world `{name}`: {error:#}"));
    let (name, bytes) = files.iter().next().expect("the generator writes one file");
    let text = String::from_utf8(bytes.to_vec()).expect("the generator writes text");
    (name.to_owned(), text)
}

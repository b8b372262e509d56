use cofferdam_plugin::{FailureKind, Harness};
use serde_json::{Value, json};

use super::run;

const CARGO: &str = r#"
version = 4

[[package]]
name = "app"
version = "0.3.0"
dependencies = ["a", "b 1.0.0", "b 2.0.0+x"]

[[package]]
name = "a"
version = "1.2.3"
source = "registry+https://example.org/crates.io-index"
checksum = "00ff"

[[package]]
name = "b"
version = "1.0.0"
source = "git+https://example.org/b?branch=main#abc123"

[[package]]
name = "b"
version = "2.0.0+x"
source = "sparse+https://example.org/own/"
dependencies = ["a"]
"#;

const NPM: &str = r#"{
  "name": "web", "lockfileVersion": 3,
  "packages": {
    "": {"name": "web", "version": "2.0.0", "workspaces": ["tools/*"],
         "dependencies": {"left": "^1"}, "devDependencies": {"@types/node": "*", "tool": "*"}},
    "node_modules/left": {"version": "1.0.1", "resolved": "https://example.org/left-1.0.1.tgz",
         "integrity": "sha256-AAEC sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", "dependencies": {"deep": "2"}},
    "node_modules/deep": {"version": "1.0.0", "dev": true},
    "node_modules/left/node_modules/deep": {"version": "2.0.0", "optional": true},
    "node_modules/@types/node": {"version": "20.1.0", "dev": true, "dependencies": {"deep": "1"}},
    "node_modules/tool": {"resolved": "tools/tool", "link": true},
    "tools/tool": {"version": "0.0.1", "dependencies": {"left": "1"}}
  }
}"#;

fn bom(harness: &Harness, config: &str) -> Value {
    harness.run(run, config).unwrap();
    serde_json::from_slice(&harness.read("/out/bom.cdx.json")).unwrap()
}

fn graph(bom: &Value) -> Vec<String> {
    let dependencies = bom["dependencies"].as_array().unwrap().iter();
    dependencies
        .map(|entry| format!("{} {}", entry["ref"], entry["dependsOn"]))
        .collect()
}

#[test]
fn cargo_s_lock() {
    let harness = Harness::new();
    harness.file("/src/Cargo.lock", CARGO);
    let bom = bom(&harness, "{}");
    assert_eq!(bom["metadata"]["component"]["name"], "app");
    assert_eq!(bom["metadata"]["component"]["version"], "0.3.0");
    let git =
        "pkg:cargo/b@1.0.0?vcs_url=git%2Bhttps%3A%2F%2Fexample.org%2Fb%3Fbranch%3Dmain%40abc123";
    let own = "pkg:cargo/b@2.0.0%2Bx?repository_url=https%3A%2F%2Fexample.org%2Fown%2F";
    assert_eq!(
        graph(&bom),
        [
            r#""root" ["cargo:app@0.3.0"]"#.to_owned(),
            format!(r#""cargo:app@0.3.0" ["pkg:cargo/a@1.2.3","{git}","{own}"]"#),
            r#""pkg:cargo/a@1.2.3" []"#.to_owned(),
            format!(r#""{git}" []"#),
            format!(r#""{own}" ["pkg:cargo/a@1.2.3"]"#),
        ]
    );
    assert_eq!(
        bom["components"][1],
        json!({
            "bom-ref": "pkg:cargo/a@1.2.3", "type": "library", "name": "a", "version": "1.2.3",
            "purl": "pkg:cargo/a@1.2.3", "scope": "required",
            "hashes": [{"alg": "SHA-256", "content": "00ff"}],
        })
    );
}

#[test]
fn npm_s_lock() {
    let harness = Harness::new();
    harness.file("/src/package-lock.json", NPM);
    let bom = bom(&harness, "{}");
    assert_eq!(
        graph(&bom),
        [
            r#""root" ["npm:tool@0.0.1","pkg:npm/%40types/node@20.1.0","pkg:npm/left@1.0.1"]"#,
            r#""npm:tool@0.0.1" ["pkg:npm/left@1.0.1"]"#,
            r#""pkg:npm/%40types/node@20.1.0" ["pkg:npm/deep@1.0.0"]"#,
            r#""pkg:npm/deep@1.0.0" []"#,
            r#""pkg:npm/deep@2.0.0" []"#,
            r#""pkg:npm/left@1.0.1" ["pkg:npm/deep@2.0.0"]"#,
        ]
    );
    let components = bom["components"].as_array().unwrap();
    let scopes: Vec<&Value> = components
        .iter()
        .map(|component| &component["scope"])
        .collect();
    assert_eq!(
        scopes,
        ["required", "excluded", "excluded", "optional", "required"]
    );
    assert_eq!(components[1]["group"], "@types");
    assert_eq!(
        components[4]["hashes"],
        json!([{"alg": "SHA-512", "content": "00".repeat(64)}])
    );
    assert_eq!(
        components[4]["externalReferences"][0]["url"],
        "https://example.org/left-1.0.1.tgz"
    );
}

#[test]
fn several_locks_and_a_name() {
    let harness = Harness::new();
    harness
        .file("/src/Cargo.lock", CARGO)
        .file("/src/web/package-lock.json", NPM);
    let config =
        r#"{"locks": ["web/package-lock.json", "Cargo.lock"], "name": "shop", "version": "9"}"#;
    let bom = bom(&harness, config);
    assert_eq!(bom["metadata"]["component"]["name"], "shop");
    assert_eq!(bom["components"].as_array().unwrap().len(), 9);
    assert_eq!(
        bom["dependencies"][0]["dependsOn"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

#[test]
fn what_is_wrong_has_a_place() {
    let harness = Harness::new();
    harness
        .file("/src/Cargo.lock", "[[package]]\nname = 3\n")
        .file(
            "/src/one/Cargo.lock",
            CARGO.replace("name = \"a\"", "name = \"z\""),
        )
        .file("/src/package-lock.json", "{\n  \"lockfileVersion\": 1\n}")
        .file("/src/yarn.lock", "");
    for (lock, message) in [
        (
            "Cargo.lock",
            "/src/Cargo.lock:2:8: is not a Cargo.lock: invalid type: integer `3`, expected a string",
        ),
        (
            "one/Cargo.lock",
            "/src/one/Cargo.lock: `app` depends on `a`, which the file does not have: let cargo write it anew",
        ),
        (
            "package-lock.json",
            "/src/package-lock.json: has version 1: only 2 and 3 say enough; let npm 7 or later write it anew",
        ),
        (
            "yarn.lock",
            "at `locks`: `yarn.lock` is neither a `Cargo.lock` nor a `package-lock.json`",
        ),
        (
            "none/Cargo.lock",
            "/src/none/Cargo.lock: cannot be read: No such file or directory (os error 2)",
        ),
    ] {
        let failures = harness
            .run(run, &format!(r#"{{"locks": ["{lock}"]}}"#))
            .unwrap_err();
        assert_eq!(failures.to_string(), message);
    }
    let failures = Harness::new().run(run, "{}").unwrap_err();
    assert_eq!(failures.0[0].kind, FailureKind::Config);
}

use std::collections::BTreeMap;
use std::io::Read as _;

use cofferdam_plugin::{FailureKind, Harness, files};
use serde_json::{Value, json};

use super::run;
use crate::blob::Hashed;

fn a_project() -> Harness {
    let harness = Harness::new();
    harness
        .file("/in/base/etc/motd", "hello")
        .file("/in/base/usr/bin/tool", "#!/bin/sh\n")
        .file("/in/app/srv/index.html", "<p>".repeat(1000))
        .folder("/in/app/var/empty");
    files::set_executable(harness.path("/in/base/usr/bin/tool"), true).unwrap();
    files::symlink("usr/bin", harness.path("/in/base/bin")).unwrap();
    harness
}

fn blob(harness: &Harness, descriptor: &Value) -> Vec<u8> {
    let digest = descriptor["digest"].as_str().unwrap();
    let bytes = harness.read(&format!("/out/blobs/{}", digest.replace(':', "/")));
    assert_eq!(sha256(&bytes), digest);
    assert_eq!(descriptor["size"], json!(bytes.len()));
    bytes
}

fn sha256(bytes: &[u8]) -> String {
    let mut hashed = Hashed::new(std::io::sink());
    std::io::Write::write_all(&mut hashed, bytes).unwrap();
    hashed.blob().digest()
}

/// Follows the image from its index: manifest, config, uncompressed layers.
fn read(harness: &Harness) -> (Value, Value, Vec<Vec<u8>>) {
    let index: Value = serde_json::from_slice(&harness.read("/out/index.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&blob(harness, &index["manifests"][0])).unwrap();
    let config: Value = serde_json::from_slice(&blob(harness, &manifest["config"])).unwrap();
    let layers = manifest["layers"].as_array().unwrap().iter();
    let plain: Vec<Vec<u8>> = layers
        .map(|layer| {
            let bytes = blob(harness, layer);
            let mut plain = Vec::new();
            match layer["mediaType"].as_str().unwrap().rsplit_once('+') {
                Some((_, "gzip")) => drop(
                    flate2::read::GzDecoder::new(bytes.as_slice())
                        .read_to_end(&mut plain)
                        .unwrap(),
                ),
                Some((_, "zstd")) => plain = zstd::decode_all(bytes.as_slice()).unwrap(),
                _ => plain = bytes,
            }
            plain
        })
        .collect();
    let diff_ids: Vec<String> = plain.iter().map(|layer| sha256(layer)).collect();
    assert_eq!(config["rootfs"]["diff_ids"], json!(diff_ids));
    (index, config, plain)
}

fn members(layer: &[u8]) -> BTreeMap<String, (u32, u64)> {
    let mut tape = tar::Archive::new(layer);
    let entries = tape.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        let header = entry.header();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        (name, (header.mode().unwrap(), header.mtime().unwrap()))
    });
    entries.collect()
}

#[test]
fn a_layer_for_each_need_in_the_order_of_the_config() {
    for compression in ["gzip", "zstd", "none"] {
        let harness = a_project();
        let config = format!(
            r#"{{"layers": ["base", "app"], "compression": "{compression}", "mtime": 5, "tag": "v1"}}"#
        );
        harness.run(run, &config).unwrap();
        let (index, _, layers) = read(&harness);
        let name = &index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"];
        assert_eq!(name, "v1");
        assert_eq!(
            members(&layers[0]),
            BTreeMap::from([
                ("bin".to_owned(), (0o777, 5)),
                ("etc/".to_owned(), (0o755, 5)),
                ("etc/motd".to_owned(), (0o644, 5)),
                ("usr/".to_owned(), (0o755, 5)),
                ("usr/bin/".to_owned(), (0o755, 5)),
                ("usr/bin/tool".to_owned(), (0o755, 5)),
            ])
        );
        let names: Vec<String> = members(&layers[1]).into_keys().collect();
        assert_eq!(names, ["srv/", "srv/index.html", "var/", "var/empty/"]);
        assert!(!harness.path("/out/blobs/unfinished").exists());
    }
}

#[test]
fn the_config_says_how_to_start_it() {
    let harness = a_project();
    let config = r#"{
        "entrypoint": ["/usr/bin/tool"], "cmd": ["serve"], "env": {"PATH": "/bin", "A": "b"},
        "labels": {"org.opencontainers.image.title": "t"}, "workdir": "/srv", "user": "1000:1000",
        "ports": ["8080", "53/udp"], "architecture": "arm64", "created": "2026-01-31T00:00:00.5+01:00"
    }"#;
    harness.run(run, config).unwrap();
    let (index, image, _) = read(&harness);
    assert_eq!(
        image["config"],
        json!({
            "Entrypoint": ["/usr/bin/tool"],
            "Cmd": ["serve"],
            "Env": ["A=b", "PATH=/bin"],
            "Labels": {"org.opencontainers.image.title": "t"},
            "WorkingDir": "/srv",
            "User": "1000:1000",
            "ExposedPorts": {"53/udp": {}, "8080/tcp": {}},
        })
    );
    assert_eq!(image["created"], "2026-01-31T00:00:00.5+01:00");
    assert_eq!(image["history"].as_array().unwrap().len(), 2);
    assert_eq!(
        index["manifests"][0]["platform"],
        json!({"architecture": "arm64", "os": "linux"})
    );
    assert_eq!(image["architecture"], "arm64");
}

#[test]
fn the_same_trees_make_the_same_bytes() {
    let image = || {
        let harness = a_project();
        harness.run(run, r#"{"compression": "zstd"}"#).unwrap();
        harness.tree("/out")
    };
    assert!(image() == image());
}

#[test]
fn the_config_is_checked() {
    let harness = a_project();
    for (config, message) in [
        (
            r#"{"layers": []}"#,
            "an image needs layers: give the action `needs`",
        ),
        (
            r#"{"layers": ["x"]}"#,
            "at `layers`: `x` is not among the action's `needs`",
        ),
        (
            r#"{"ports": ["http"]}"#,
            "at `ports`: `http` is not a port, such as `8080` or `53/udp`",
        ),
        (
            r#"{"created": "2026-01-31"}"#,
            "at `created`: `2026-01-31` is not a time, such as `2026-01-31T00:00:00Z`",
        ),
        (
            r#"{"tag": ""}"#,
            "at `tag`: a tag has at least one character",
        ),
    ] {
        let failures = harness.run(run, config).unwrap_err();
        assert_eq!(failures.0[0].kind, FailureKind::Config);
        assert_eq!(failures.0[0].message, message);
    }
}

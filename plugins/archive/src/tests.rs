use std::collections::BTreeMap;
use std::io::Read as _;

use cofferdam_plugin::{FailureKind, Harness, files};

use super::run;

/// Kind, mode, time and bytes of each member.
type Listing = BTreeMap<String, (char, u32, u64, Vec<u8>)>;

fn a_tree(harness: &Harness, need: &str) {
    let long = format!("{}/name.txt", "folder".repeat(20));
    harness
        .file(&format!("/in/{need}/bin/tool"), "#!/bin/sh\n")
        .file(&format!("/in/{need}/a.txt"), "a")
        .file(&format!("/in/{need}/ünïcode"), "u")
        .file(&format!("/in/{need}/{long}"), "deep".repeat(10_000))
        .folder(&format!("/in/{need}/empty"));
    files::set_executable(harness.path(&format!("/in/{need}/bin/tool")), true).unwrap();
    files::symlink("bin/tool", harness.path(&format!("/in/{need}/link"))).unwrap();
}

fn untar(bytes: &[u8]) -> Listing {
    let mut tape = tar::Archive::new(bytes);
    let entries = tape.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        let kind = match header.entry_type() {
            tar::EntryType::Directory => 'd',
            tar::EntryType::Symlink => 'l',
            _ => '-',
        };
        if let Some(target) = entry.link_name_bytes() {
            bytes = target.into_owned();
        }
        let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let header = entry.header();
        (
            name,
            (kind, header.mode().unwrap(), header.mtime().unwrap(), bytes),
        )
    });
    entries.collect()
}

#[test]
fn a_tar_holds_the_tree() {
    let harness = Harness::new();
    a_tree(&harness, "site");
    harness
        .run(
            run,
            r#"{"name": "site.tar", "prefix": "site-1.0", "mtime": 77}"#,
        )
        .unwrap();
    let found = untar(&harness.read("/out/site.tar"));
    let deep = format!("site-1.0/{}", "folder".repeat(20));
    let expected = BTreeMap::from([
        ("site-1.0/a.txt".to_owned(), ('-', 0o644, 77, b"a".to_vec())),
        ("site-1.0/bin/".to_owned(), ('d', 0o755, 77, vec![])),
        (
            "site-1.0/bin/tool".to_owned(),
            ('-', 0o755, 77, b"#!/bin/sh\n".to_vec()),
        ),
        ("site-1.0/empty/".to_owned(), ('d', 0o755, 77, vec![])),
        (format!("{deep}/"), ('d', 0o755, 77, vec![])),
        (
            format!("{deep}/name.txt"),
            ('-', 0o644, 77, b"deep".repeat(10_000)),
        ),
        (
            "site-1.0/link".to_owned(),
            ('l', 0o777, 77, b"bin/tool".to_vec()),
        ),
        (
            "site-1.0/ünïcode".to_owned(),
            ('-', 0o644, 77, b"u".to_vec()),
        ),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn compression_changes_nothing_inside() {
    let harness = Harness::new();
    a_tree(&harness, "site");
    for name in ["s.tar", "s.tar.gz", "s.tgz", "s.tar.zst"] {
        harness
            .run(run, &format!(r#"{{"name": "{name}"}}"#))
            .unwrap();
    }
    let plain = harness.read("/out/s.tar");
    let packed = harness.read("/out/s.tar.gz");
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_end(&mut unpacked)
        .unwrap();
    assert!(unpacked == plain);
    assert_eq!(packed, harness.read("/out/s.tgz"));
    assert!(zstd::decode_all(harness.read("/out/s.tar.zst").as_slice()).unwrap() == plain);
}

#[test]
fn several_needs_have_folders_and_the_order_of_making_does_not_matter() {
    let archive = |needs: [&str; 2], name: &str| {
        let harness = Harness::new();
        for need in needs {
            a_tree(&harness, need);
        }
        let config = format!(r#"{{"name": "{name}"}}"#);
        harness.run_with(run, &config, &needs).unwrap();
        harness.read(&format!("/out/{name}"))
    };
    for name in ["s.tar", "s.tar.gz", "s.tar.zst", "s.zip"] {
        assert!(
            archive(["a", "b"], name) == archive(["b", "a"], name),
            "{name}"
        );
    }
    let names: Vec<String> = untar(&archive(["a", "b"], "s.tar")).into_keys().collect();
    assert!(names.contains(&"b/bin/tool".to_owned()), "{names:?}");
}

#[test]
fn a_zip_holds_the_tree() {
    let harness = Harness::new();
    a_tree(&harness, "site");
    harness.run(run, r#"{"name": "site.zip"}"#).unwrap();
    let bytes = harness.read("/out/site.zip");
    let archive = rawzip::ZipArchive::from_slice(bytes.as_slice()).unwrap();
    let mut found = BTreeMap::new();
    for entry in archive.entries() {
        let entry = entry.unwrap();
        let place = archive.get_entry(entry.wayfinder()).unwrap();
        let plain = place.verifying_reader(flate2::read::DeflateDecoder::new(place.data()));
        let mut plain = plain;
        let mut content = Vec::new();
        if !entry.is_dir() {
            plain.read_to_end(&mut content).unwrap();
        }
        let name = entry
            .file_path()
            .try_normalize()
            .unwrap()
            .as_ref()
            .to_owned();
        found.insert(name, (entry.mode().value() & 0o777, content.len()));
    }
    let deep = "folder".repeat(20);
    let expected = BTreeMap::from([
        ("a.txt".to_owned(), (0o644, 1)),
        ("bin/".to_owned(), (0o755, 0)),
        ("bin/tool".to_owned(), (0o755, 10)),
        ("empty/".to_owned(), (0o755, 0)),
        (format!("{deep}/"), (0o755, 0)),
        (format!("{deep}/name.txt"), (0o644, 40_000)),
        ("link".to_owned(), (0o777, 8)),
        ("ünïcode".to_owned(), (0o644, 1)),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn the_config_is_checked() {
    let harness = Harness::new();
    for config in [
        r#"{"name": "site.rar"}"#,
        r#"{"name": ".zip"}"#,
        r#"{"name": "a/b.zip"}"#,
        r#"{"name": "a.zip", "prefix": "a/../b"}"#,
        r#"{"name": "a.zip", "mtime": -1}"#,
        "{}",
    ] {
        let failures = harness.run(run, config).unwrap_err();
        assert_eq!(failures.0[0].kind, FailureKind::Config, "{config}");
    }
}

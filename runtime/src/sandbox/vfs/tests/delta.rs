//! What is left when the guest has ended.

use super::*;

#[test]
fn nothing_written_is_nothing_left() {
    let (mut guest, _) = Guest::usual(&["a=1", "d/b=2"]);
    assert_eq!(guest.dump("build"), ["a=1", "d/", "d/b=2"]);
    let file = guest.open("build/a", PLAIN, WRITE).unwrap();
    guest.vfs.write(&file, 0, b"").unwrap();
    guest.vfs.close(file);
    guest.write("build/new", "").unwrap();
    guest.unlink("build/new").unwrap();
    let built = guest.vfs.finish();
    let names: Vec<&str> = built.deltas.iter().map(|(at, _)| &**at).collect();
    assert_eq!(names, ["/build", "/out"]);
    assert!(
        built
            .deltas
            .iter()
            .all(|(_, delta)| delta.entries.is_empty())
    );
}

#[test]
fn whiteouts_stand_only_where_a_layer_has_the_name() {
    let (mut guest, _) = Guest::usual(&["a=1", "d/b=2", "d/c=3"]);
    guest.unlink("build/a").unwrap();
    guest.unlink("build/d/b").unwrap();
    guest.write("build/n", "").unwrap();
    guest.unlink("build/n").unwrap();
    guest.write("out/n", "").unwrap();
    guest.unlink("out/n").unwrap();
    assert_eq!(guest.finish("/build").0, ["-a", "d/", "-d/b"]);
}

#[test]
fn a_directory_made_anew_is_opaque() {
    let (mut guest, _) = Guest::usual(&["d/b=2", "f=1"]);
    guest.unlink("build/d/b").unwrap();
    guest.rmdir("build/d").unwrap();
    guest.mkdir("build/d").unwrap();
    assert_eq!(guest.list("build/d").unwrap(), "");
    guest.write("build/d/c", "3").unwrap();
    guest.mkdir("build/e").unwrap();
    assert_eq!(guest.finish("/build").0, ["d//", "d/c=3", "e/"]);
}

#[test]
fn a_moved_file_below_goes_by_reference() {
    let (mut guest, below) = Guest::usual(&["a*=1", "d/l->x"]);
    guest.rename("build/a", "build/b").unwrap();
    guest.rename("build/d/l", "build/l").unwrap();
    assert_eq!(below.read.load(std::sync::atomic::Ordering::Relaxed), 0);
    let stored = cofferdam_cache::Digest::of(b"1").short();
    let (delta, observed) = guest.finish("/build");
    assert_eq!(
        delta,
        ["-a", &format!("b*=#{stored}"), "d/", "-d/l", "l->x"]
    );
    assert_eq!(
        facts(&observed),
        [
            "a file content",
            "b absent",
            "d directory",
            "d/l symlink link",
            "l absent"
        ]
    );
}

#[test]
fn what_is_not_stored_goes_as_bytes() {
    let below = Memory::of(&["a*=1", "b=2"]);
    let id = LowerId {
        stored: false,
        ..lower(0, &below)
    };
    let mut guest = Guest::new(vec![
        overlay("/build", vec![id.clone()]),
        overlay("/out", vec![]),
    ]);
    guest.link("build/b", "build/a2").unwrap();
    guest.rename("build/a", "build/z").unwrap();
    guest.link("build/b", "out/b").unwrap();
    guest.append("build/a2", "").unwrap();
    let built = guest.vfs.finish();
    let (mut build, mut out) = (Vec::new(), Vec::new());
    write_delta(&built.deltas[0].1, "", &mut build);
    write_delta(&built.deltas[1].1, "", &mut out);
    assert_eq!(build, ["-a", "a2=2", "z*=1"]);
    assert_eq!(out, ["b=2"]);
}

#[test]
fn both_names_of_a_changed_file_are_written() {
    for (old, new) in [("b", "a"), ("a", "b")] {
        let (mut guest, _) = Guest::usual(&[&format!("{old}=1")]);
        guest
            .link(&format!("build/{old}"), &format!("build/{new}"))
            .unwrap();
        guest.append(&format!("build/{new}"), "2").unwrap();
        assert_eq!(guest.finish("/build").0, ["a=12", "b=12"]);
    }
}

#[test]
fn the_executable_bit_stays_with_content_and_goes_with_truncation() {
    let (mut guest, _) = Guest::usual(&["a*=1", "b*=1", "c*=1"]);
    guest.append("build/a", "2").unwrap();
    guest.write("build/b", "2").unwrap();
    let file = guest.open("build/c", PLAIN, WRITE).unwrap();
    guest.vfs.set_size(&file, 0).unwrap();
    assert_eq!(guest.finish("/build").0, ["a*=12", "b=2", "c="]);
}

#[test]
fn unlinked_but_open_files_leave_nothing() {
    let (mut guest, _) = Guest::usual(&[]);
    let file = guest.open("out/a", CREATE, WRITE).unwrap();
    guest.unlink("out/a").unwrap();
    guest.vfs.write(&file, 0, b"gone").unwrap();
    assert!(guest.finish("/out").0.is_empty());
}

//! Limits on what a guest can make the host keep.

use super::*;

fn limited(change: impl FnOnce(&mut Quotas)) -> Guest {
    let mut quotas = Quotas::default();
    change(&mut quotas);
    let below = Memory::of(&["a/b=0123456789", "a/c=0123456789", "deep/er/x=1"]);
    let id = lower(0, &below);
    let mounts = vec![
        tree("/src", id.clone()),
        overlay("/build", vec![id]),
        overlay("/out", vec![]),
        scratch("/tmp"),
    ];
    Guest::with(mounts, quotas)
}

#[test]
fn bad_input_bytes_are_limited_and_given_back() {
    for mount in ["out", "tmp"] {
        let mut guest = limited(|quotas| quotas.bytes = 100);
        let path = format!("{mount}/f");
        let other = format!("{mount}/g");
        guest.write(&path, &"x".repeat(60)).unwrap();
        assert_eq!(
            code(guest.write(&other, &"x".repeat(60))),
            Code::InsufficientSpace
        );
        assert_eq!(guest.stat(&other).unwrap().size, 0);
        guest.write(&other, &"x".repeat(40)).unwrap();
        assert_eq!(code(guest.append(&other, "x")), Code::InsufficientSpace);
        guest.unlink(&path).unwrap();
        guest.append(&other, &"x".repeat(60)).unwrap();
        // An open file is held on to.
        let open = guest.open(&other, PLAIN, WRITE).unwrap();
        guest.unlink(&other).unwrap();
        assert_eq!(code(guest.write(&path, "x")), Code::InsufficientSpace);
        guest.vfs.set_size(&open, 10).unwrap();
        guest.write(&path, &"x".repeat(90)).unwrap();
        guest.vfs.close(open);
        guest.append(&path, &"x".repeat(10)).unwrap();
        assert_eq!(code(guest.symlink("x", "out/l")), Code::InsufficientSpace);
    }
}

#[test]
fn bad_input_a_file_is_no_larger_than_the_quota() {
    let mut guest = limited(|quotas| quotas.bytes = 100);
    for mount in ["out", "tmp"] {
        let file = guest.open(&format!("{mount}/f"), CREATE, WRITE).unwrap();
        for far in [100, 1 << 40, u64::MAX - 1] {
            assert_eq!(
                code(guest.vfs.write(&file, far, b"x")),
                Code::InsufficientSpace
            );
            assert_eq!(
                code(guest.vfs.set_size(&file, far + 1)),
                Code::InsufficientSpace
            );
        }
        assert_eq!(guest.vfs.stat(&file).unwrap().size, 0);
    }
}

#[test]
fn holes_cost_nothing_where_nothing_is_kept() {
    let mut guest = limited(|quotas| quotas.bytes = 10 << 30);
    for name in 0..10 {
        let file = guest.open(&format!("tmp/{name}"), CREATE, WRITE).unwrap();
        guest.vfs.write(&file, (10 << 30) - 1, b"x").unwrap();
        assert_eq!(guest.vfs.read(&file, 5 << 30, 4).unwrap()[..], [0; 4]);
    }
    let file = guest.open("out/hole", CREATE, WRITE).unwrap();
    guest.vfs.write(&file, (9 << 30) - 1, b"x").unwrap();
    let second = guest.open("out/second", CREATE, WRITE).unwrap();
    assert_eq!(
        code(guest.vfs.set_size(&second, 2 << 30)),
        Code::InsufficientSpace
    );
    let (delta, bytes) = (guest.vfs.finish().deltas.remove(1).1, 9 << 30);
    let BuiltNode::File {
        file: BuiltFile::Bytes(hole),
        ..
    } = &delta.entries[0].1
    else {
        panic!("the hole is kept as bytes");
    };
    assert_eq!((hole.len(), hole[0], hole[bytes - 1]), (bytes, 0, b'x'));
}

#[test]
fn a_copy_from_below_counts_when_it_is_kept() {
    let mut guest = limited(|quotas| quotas.bytes = 15);
    guest.append("build/a/b", "x").unwrap();
    assert_eq!(
        code(guest.append("build/a/c", "x")),
        Code::InsufficientSpace
    );
    assert_eq!(guest.read("build/a/c").unwrap(), "0123456789");
    // By reference it costs nothing.
    guest.link("build/a/c", "out/c").unwrap();
    let delta = guest.finish("/build").0;
    assert_eq!(delta, ["a/", "a/b=0123456789x"]);
}

#[test]
fn bad_input_files_are_limited() {
    let mut guest = limited(|quotas| quotas.files = 3);
    guest.write("out/a", "").unwrap();
    guest.mkdir("out/b").unwrap();
    guest.symlink("x", "tmp/c").unwrap();
    assert_eq!(code(guest.write("out/d", "")), Code::InsufficientSpace);
    assert_eq!(code(guest.mkdir("out/d")), Code::InsufficientSpace);
    assert_eq!(code(guest.symlink("x", "out/d")), Code::InsufficientSpace);
    assert_eq!(code(guest.link("out/a", "out/d")), Code::InsufficientSpace);
    assert_eq!(
        code(guest.link("src/a/b", "out/d")),
        Code::InsufficientSpace
    );
    assert_eq!(
        code(guest.rename("build/a/b", "build/d")),
        Code::InsufficientSpace
    );
    guest.rename("out/a", "out/b/a").unwrap();
    guest.unlink("out/b/a").unwrap();
    guest.rename("build/a/b", "build/d").unwrap();
    assert_eq!(
        code(guest.rename("build/deep", "build/e")),
        Code::InsufficientSpace
    );
    assert_eq!(guest.read("build/deep/er/x").unwrap(), "1");
    let delta = guest.finish("/build").0;
    assert_eq!(delta[..2], ["a/", "-a/b"]);
    assert_eq!(delta.len(), 3);
}

#[test]
fn bad_input_depth_is_limited() {
    let mut guest = limited(|quotas| quotas.depth = 4);
    guest.mkdir("out/2").unwrap();
    guest.mkdir("out/2/3").unwrap();
    guest.mkdir("out/2/3/4").unwrap();
    assert_eq!(code(guest.mkdir("out/2/3/4/5")), Code::InsufficientSpace);
    guest.mkdir("out/x").unwrap();
    guest.mkdir("out/x/y").unwrap();
    assert_eq!(
        code(guest.rename("out/x", "out/2/3/x")),
        Code::InsufficientSpace
    );
    guest.rename("out/x", "out/2/x").unwrap();
    guest.mkdir("build/1").unwrap();
    guest.mkdir("build/1/2").unwrap();
    assert_eq!(
        code(guest.rename("build/deep", "build/1/2/deep")),
        Code::InsufficientSpace
    );
}

#[test]
fn bad_input_observations_and_descriptors_end_the_execution() {
    let mut guest = limited(|quotas| quotas.observations = 3);
    guest.stat("src/a").unwrap();
    guest.stat("src/none").unwrap_err();
    let over = guest.stat("src/other").unwrap_err();
    assert_eq!(over, FsError::Quota("looked at more than 3 paths".into()));
    guest.stat("src/a").unwrap();

    let mut guest = limited(|quotas| quotas.descriptors = 3);
    let first = guest.open("src/a/b", PLAIN, READ).unwrap();
    let second = guest.vfs.duplicate(&first).unwrap();
    let over = guest.open("src/a/b", PLAIN, READ).unwrap_err();
    assert_eq!(
        over,
        FsError::Quota("held more than 3 descriptors open".into())
    );
    guest.vfs.close(second);
    guest.vfs.close(first);
    guest.open("src/a/b", PLAIN, READ).unwrap();
}

#[test]
fn what_is_removed_takes_no_room() {
    let mut guest = limited(|quotas| {
        quotas.files = 2;
        quotas.bytes = 100;
    });
    for round in 0..1000 {
        let name = format!("tmp/{round}");
        guest.write(&name, &"x".repeat(90)).unwrap();
        guest.mkdir("tmp/d").unwrap();
        guest.rename(&name, "tmp/d/f").unwrap();
        guest.unlink("tmp/d/f").unwrap();
        guest.rmdir("tmp/d").unwrap();
    }
}

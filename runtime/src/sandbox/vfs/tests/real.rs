//! Real folders.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::*;

/// A folder `inside` beside a secret, mounted at `/deploy`.
fn guest(writable: bool) -> (Guest, tempfile::TempDir) {
    let outside = tempfile::tempdir().unwrap();
    let inside = outside.path().join("inside");
    fs::create_dir(&inside).unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    fs::write(inside.join("a"), "real").unwrap();
    let folder = Dir::open_ambient_dir(&inside, ambient_authority()).unwrap();
    let mount = Mount {
        at: "/deploy".into(),
        kind: MountKind::HostDir { folder, writable },
    };
    let below = Memory::of(&["a=below", "into->../deploy/d", "there->../deploy"]);
    let mounts = vec![
        mount,
        tree("/src", lower(0, &below)),
        overlay("/out", vec![]),
    ];
    (Guest::new(mounts), outside)
}

#[test]
fn works_like_any_other_folder() {
    let (mut guest, outside) = guest(true);
    assert_eq!(guest.list("deploy").unwrap(), "a");
    assert_eq!(guest.read("deploy/a").unwrap(), "real");
    guest.write("deploy/b", "new").unwrap();
    guest.append("deploy/b", "er").unwrap();
    guest.mkdir("deploy/d").unwrap();
    guest.rename("deploy/b", "deploy/d/b").unwrap();
    guest.link("deploy/d/b", "deploy/c").unwrap();
    guest.symlink("d/b", "deploy/l").unwrap();
    assert_eq!(guest.readlink("deploy/l").unwrap(), "d/b");
    assert_eq!(guest.read("deploy/l").unwrap(), "newer");
    assert_eq!(guest.read("src/into/b").unwrap(), "newer");
    assert_eq!(guest.read("src/there/d/../d/b").unwrap(), "newer");
    assert_eq!(guest.stat("deploy/c").unwrap().links, 2);
    assert_eq!(guest.list("deploy").unwrap(), "a c d/ l@");
    assert_eq!(guest.list("deploy/d/").unwrap(), "b");
    let d = guest.open("deploy/d", DIRECTORY, READ).unwrap();
    let b = guest.vfs.open_at(&d, "b", true, PLAIN, WRITE).unwrap();
    let c = guest.open("deploy/c", PLAIN, READ).unwrap();
    assert!(guest.vfs.is_same(&b, &c) && !guest.vfs.is_same(&b, &d));
    assert_eq!(guest.vfs.identity(&b), guest.vfs.identity_at(&d, "b", true));
    guest.vfs.set_size(&b, 3).unwrap();
    guest.vfs.sync(&b).unwrap();
    guest.vfs.set_times(&b).unwrap();
    assert_eq!(guest.read_open(&c).unwrap(), "new");
    guest.unlink("deploy/d/b").unwrap();
    guest.rmdir("deploy/d").unwrap();
    assert_eq!(
        fs::read_to_string(outside.path().join("inside/c")).unwrap(),
        "new"
    );
}

#[test]
fn errors_are_those_of_other_folders() {
    let (mut guest, _outside) = guest(true);
    guest.mkdir("deploy/d").unwrap();
    guest.symlink("a", "deploy/l").unwrap();
    assert_eq!(code(guest.read("deploy/none")), Code::NoEntry);
    assert_eq!(code(guest.read("deploy/a/x")), Code::NotDirectory);
    assert_eq!(code(guest.mkdir("deploy/a")), Code::Exist);
    assert_eq!(code(guest.rmdir("deploy/a")), Code::NotDirectory);
    assert_eq!(code(guest.unlink("deploy/d")), Code::IsDirectory);
    assert_eq!(code(guest.write("deploy/d", "")), Code::IsDirectory);
    assert_eq!(code(guest.open("deploy/a", EXCLUSIVE, WRITE)), Code::Exist);
    assert_eq!(
        code(guest.open("deploy/a", DIRECTORY, READ)),
        Code::NotDirectory
    );
    assert_eq!(code(guest.rmdir("deploy")), Code::Busy);
    assert_eq!(code(guest.rename("deploy", "x")), Code::Busy);
    assert_eq!(code(guest.rename("deploy/a", "out/a")), Code::CrossDevice);
    assert_eq!(code(guest.rename("out", "deploy/out")), Code::Busy);
    assert_eq!(code(guest.link("deploy/a", "out/a")), Code::CrossDevice);
    assert_eq!(code(guest.link("src/a", "deploy/b")), Code::CrossDevice);
    assert_eq!(code(guest.link("deploy/l", "deploy/b")), Code::NotPermitted);
    let nofollow = guest
        .vfs
        .open_at(&guest.root, "deploy/l", false, PLAIN, READ);
    assert_eq!(code(nofollow), Code::Loop);
    let long = format!("deploy/{}", "n".repeat(256));
    assert_eq!(code(guest.write(&long, "")), Code::NameTooLong);
}

#[test]
fn escape_a_folder_without_the_right_is_not_written() {
    let (mut guest, outside) = guest(false);
    assert_eq!(guest.read("deploy/a").unwrap(), "real");
    for result in [
        guest.write("deploy/a", "x"),
        guest.write("deploy/new", "x"),
        guest.mkdir("deploy/new"),
        guest.unlink("deploy/a"),
        guest.rmdir("deploy/a"),
        guest.rename("deploy/a", "deploy/b"),
        guest.link("deploy/a", "deploy/b"),
        guest.symlink("a", "deploy/b"),
        guest.vfs.set_times_at(&guest.root, "deploy/a", true),
    ] {
        assert_eq!(code(result), Code::ReadOnly);
    }
    let inside = outside.path().join("inside");
    assert_eq!(fs::read_dir(inside).unwrap().count(), 1);
}

#[test]
fn escape_nothing_leads_out_of_it() {
    let (mut guest, outside) = guest(true);
    let inside = outside.path().join("inside");
    symlink("../secret", inside.join("up")).unwrap();
    symlink(outside.path().join("secret"), inside.join("absolute")).unwrap();
    symlink("..", inside.join("parent")).unwrap();
    symlink("/", inside.join("root")).unwrap();
    fs::create_dir(inside.join("d")).unwrap();
    for path in [
        "deploy/up",
        "deploy/absolute",
        "deploy/parent/secret",
        "deploy/d/../../secret",
        "deploy/root/etc/passwd",
    ] {
        assert_eq!(code(guest.read(path)), Code::NotPermitted, "{path}");
        assert_eq!(code(guest.write(path, "x")), Code::NotPermitted, "{path}");
    }
    let link = guest
        .vfs
        .link_at(&guest.root, true, "deploy/up", &guest.root, "deploy/hard");
    assert_eq!(code(link), Code::NotPermitted);
    assert_eq!(
        code(guest.rename("deploy/a", "deploy/parent/a")),
        Code::NotPermitted
    );
    assert_eq!(
        code(guest.unlink("deploy/parent/secret")),
        Code::NotPermitted
    );
    assert_eq!(code(guest.mkdir("deploy/parent/new")), Code::NotPermitted);
    assert_eq!(
        code(guest.symlink("../secret", "deploy/d/../../x")),
        Code::NotPermitted
    );
    let d = guest.open("deploy/d", DIRECTORY, READ).unwrap();
    let above = guest.vfs.open_at(&d, "../a", true, PLAIN, READ);
    assert_eq!(code(above), Code::NotPermitted);
    assert_eq!(
        fs::read_to_string(outside.path().join("secret")).unwrap(),
        "secret"
    );
    // Out of the mount, but not of the guest's own root.
    assert_eq!(guest.read("deploy/../src/a").unwrap(), "below");
}

/// Another process swaps a folder for a link to the outside and back, all the time.
#[test]
fn escape_a_link_swapped_in_leads_nowhere() {
    let (mut guest, outside) = guest(true);
    let inside = outside.path().join("inside");
    fs::write(outside.path().join("f"), "secret").unwrap();
    fs::create_dir(inside.join("real")).unwrap();
    fs::write(inside.join("real/f"), "harmless").unwrap();
    symlink("..", inside.join("evil")).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let name = |name: &str| inside.join(name);
            while !done.load(Ordering::Relaxed) {
                for fake in ["real", "evil"] {
                    let _ = fs::rename(name(fake), name("d"));
                    let _ = fs::rename(name("d"), name(fake));
                }
            }
        });
        let mut harmless = 0;
        for round in 0..20_000 {
            match guest.read("deploy/d/f") {
                Ok(text) => {
                    assert_eq!(text, "harmless");
                    harmless += 1;
                }
                Err(FsError::Code(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
            let name = format!("deploy/d/w{}", round % 10);
            let _ = guest.write(&name, "w");
            let _ = guest.unlink(&name);
            let _ = guest.rename("deploy/a", "deploy/d/moved");
            let _ = guest.rename("deploy/d/moved", "deploy/a");
            if harmless > 50 && round > 2_000 {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let mut left: Vec<_> = fs::read_dir(outside.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["f", "inside", "secret"]);
    assert_eq!(
        fs::read_to_string(outside.path().join("f")).unwrap(),
        "secret"
    );
}

#[test]
fn escape_pipes_are_not_opened_and_names_that_are_not_text_are_an_error() {
    use std::os::unix::ffi::OsStrExt;
    let (mut guest, outside) = guest(true);
    let inside = outside.path().join("inside");
    let folder = rustix::fs::open(
        &inside,
        rustix::fs::OFlags::DIRECTORY,
        rustix::fs::Mode::empty(),
    );
    let mode = rustix::fs::Mode::RUSR;
    rustix::fs::mkfifoat(folder.unwrap(), "pipe", mode).unwrap();
    assert_eq!(code(guest.read("deploy/pipe")), Code::NoSuchDevice);
    assert_eq!(guest.list("deploy").unwrap(), "a pipe!");
    fs::write(inside.join(std::ffi::OsStr::from_bytes(b"\xff")), "").unwrap();
    assert_eq!(code(guest.list("deploy")), Code::IllegalByteSequence);
}

#[test]
fn fault_what_the_host_cannot_do_is_a_fault() {
    use std::io::Error;
    for errno in [
        rustix::io::Errno::IO,
        rustix::io::Errno::MFILE,
        rustix::io::Errno::NFILE,
        rustix::io::Errno::NOSPC,
        rustix::io::Errno::NOMEM,
        rustix::io::Errno::DQUOT,
        rustix::io::Errno::STALE,
    ] {
        let error = Error::from_raw_os_error(errno.raw_os_error());
        assert!(matches!(host::error(error), FsError::Fault(_)), "{errno:?}");
    }
}

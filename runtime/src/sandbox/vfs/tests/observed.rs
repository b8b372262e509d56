//! What is recorded, and what is not.

use std::sync::atomic::Ordering;

use super::*;

fn after(things: &[&str], what: impl FnOnce(&mut Guest)) -> Vec<String> {
    let (mut guest, below) = Guest::usual(things);
    what(&mut guest);
    let observed = guest.vfs.finish().observations;
    assert_true(&observed, &[&below]);
    facts(&observed)
}

#[test]
fn each_operation_records_what_its_result_depends_on() {
    let things = &["a/b=text", "l->a", "e/"];
    type Case = (&'static str, fn(&mut Guest), &'static [&'static str]);
    let cases: &[Case] = &[
        ("nothing", |_| (), &[]),
        (
            "list the root",
            |guest| drop(guest.list("src").unwrap()),
            &[" directory listing"],
        ),
        (
            "open",
            |guest| assert!(guest.open("src/a/b", PLAIN, READ).is_ok()),
            &["a directory", "a/b file"],
        ),
        (
            "read nothing",
            |guest| {
                let file = guest.open("src/a/b", PLAIN, READ).unwrap();
                guest.vfs.read(&file, 0, 0).unwrap();
                guest.vfs.read_into(&file, 0, &mut []).unwrap();
            },
            &["a directory", "a/b file"],
        ),
        (
            "read",
            |guest| drop(guest.read("src/a/b").unwrap()),
            &["a directory", "a/b file content"],
        ),
        (
            "read past the end",
            |guest| {
                let file = guest.open("src/a/b", PLAIN, READ).unwrap();
                guest.vfs.read(&file, 100, 1).unwrap();
            },
            &["a directory", "a/b file content"],
        ),
        (
            "stat",
            |guest| assert!(guest.stat("src/a/b").is_ok()),
            &["a directory", "a/b file size"],
        ),
        (
            "read and stat",
            |guest| {
                guest.read("src/a/b").unwrap();
                guest.stat("src/a/b").unwrap();
            },
            &["a directory", "a/b file size content"],
        ),
        (
            "stat a directory",
            |guest| assert!(guest.stat("src/a").is_ok()),
            &["a directory"],
        ),
        (
            "through a link",
            |guest| drop(guest.read("src/l/b").unwrap()),
            &["a directory", "a/b file content", "l symlink link"],
        ),
        (
            "lstat a link",
            |guest| assert!(guest.stat("src/l").is_ok()),
            &["l symlink link"],
        ),
        (
            "miss",
            |guest| drop(guest.read("src/a/x/y").unwrap_err()),
            &["a directory", "a/x absent"],
        ),
        (
            "a file on the way",
            |guest| drop(guest.read("src/a/b/c").unwrap_err()),
            &["a directory", "a/b file"],
        ),
        (
            "both mounts of a tree",
            |guest| {
                guest.read("src/a/b").unwrap();
                guest.read("build/a/b").unwrap();
                guest.stat("build/l").unwrap();
            },
            &["a directory", "a/b file content", "l symlink link"],
        ),
        (
            "create",
            |guest| guest.write("build/a/new", "").unwrap(),
            &["a directory", "a/new absent"],
        ),
        (
            "overwrite",
            |guest| {
                guest.write("build/a/b", "new").unwrap();
                guest.read("build/a/b").unwrap();
                guest.stat("build/a/b").unwrap();
            },
            &["a directory", "a/b file"],
        ),
        (
            "append",
            |guest| guest.append("build/a/b", "more").unwrap(),
            &["a directory", "a/b file content"],
        ),
        (
            "truncate to some",
            |guest| {
                let file = guest.open("build/a/b", PLAIN, WRITE).unwrap();
                guest.vfs.set_size(&file, 2).unwrap();
            },
            &["a directory", "a/b file content"],
        ),
        (
            "truncate to none",
            |guest| {
                let file = guest.open("build/a/b", PLAIN, WRITE).unwrap();
                guest.vfs.set_size(&file, 0).unwrap();
            },
            &["a directory", "a/b file"],
        ),
        (
            "exclusive create of what exists",
            |guest| assert!(guest.open("build/a/b", EXCLUSIVE, WRITE).is_err()),
            &["a directory", "a/b file"],
        ),
        (
            "unlink",
            |guest| guest.unlink("build/a/b").unwrap(),
            &["a directory", "a/b file"],
        ),
        (
            "remove a directory",
            |guest| guest.rmdir("build/e").unwrap(),
            &["e directory listing"],
        ),
        (
            "fail to remove one with something new",
            |guest| {
                guest.write("build/e/n", "").unwrap();
                guest.rmdir("build/e").unwrap_err();
            },
            &["e directory", "e/n absent"],
        ),
        (
            "a merged listing",
            |guest| {
                guest.write("build/a/n", "").unwrap();
                guest.list("build/a").unwrap();
            },
            &["a directory listing", "a/n absent"],
        ),
        (
            "rename over",
            |guest| guest.rename("build/a/b", "build/e/b").unwrap(),
            &[
                "a directory",
                "a/b file content",
                "e directory",
                "e/b absent",
            ],
        ),
        (
            "rename a directory",
            |guest| guest.rename("build/a", "build/n").unwrap(),
            &["a directory listing", "a/b file content", "n absent"],
        ),
        (
            "remove from a read-only tree",
            |guest| drop(guest.unlink("src/a/b").unwrap_err()),
            &["a directory"],
        ),
        (
            "its own files",
            |guest| {
                guest.write("out/a", "1").unwrap();
                guest.read("out/a").unwrap();
                guest.list("out").unwrap();
                guest.rename("out/a", "out/b").unwrap();
            },
            &[],
        ),
    ];
    for (name, what, expected) in cases {
        assert_eq!(after(things, what), *expected, "{name}");
    }
}

#[test]
fn the_first_answer_is_pinned() {
    let (mut guest, below) = Guest::usual(&["a=old", "d/x=1", "l->a"]);
    let before = Memory::from_snapshot(below.snapshot());
    assert_eq!(guest.read("src/a").unwrap(), "old");
    assert_eq!(guest.list("src/d").unwrap(), "x");
    assert_eq!(guest.readlink("src/l").unwrap(), "a");
    assert_eq!(code(guest.stat("src/new")), Code::NoEntry);
    below.put("a", Thing::Directory);
    below.put("d/y", Thing::Directory);
    below.put("new", Thing::Directory);
    below.put("l", Thing::Link("d".into()));
    assert_eq!(guest.read("build/a").unwrap(), "old");
    assert_eq!(guest.stat("src/a").unwrap().size, 3);
    assert_eq!(guest.list("build/d").unwrap(), "x");
    assert_eq!(code(guest.stat("src/d/y")), Code::NoEntry);
    assert_eq!(code(guest.stat("build/new")), Code::NoEntry);
    assert_eq!(guest.read("src/l").unwrap(), "old");
    assert_true(&guest.vfs.finish().observations, &[&before]);
}

#[test]
fn fault_contradictory_answers_end_the_execution() {
    let (mut guest, below) = Guest::usual(&["a=old", "b=old", "c=old"]);
    guest.stat("src/a").unwrap();
    guest
        .vfs
        .open_at(&guest.root, "src/b", true, PLAIN, READ)
        .unwrap();
    guest.list("src").unwrap();
    guest.link("src/c", "out/c").unwrap();
    for path in ["a", "b", "c"] {
        let thing = Thing::File {
            bytes: b"newer".to_vec(),
            executable: false,
        };
        below.put(path, thing);
    }
    let message = fault(guest.read("src/a")).message;
    assert_eq!(message, "`a` changed while the action ran: run it again");
    // Its size was never told, so the new content is as good as the old.
    assert_eq!(guest.read("src/b").unwrap(), "newer");
    // Its digest was.
    fault(guest.read("src/c"));
}

#[test]
fn fault_contents_that_were_dropped_must_come_back_the_same() {
    let (mut guest, below) = Guest::usual(&["a=text", "b=text"]);
    guest.vfs.sight.most_retained = 4;
    let a = guest.open("src/a", PLAIN, READ).unwrap();
    assert_eq!(guest.read_open(&a).unwrap(), "text");
    assert_eq!(guest.read("src/b").unwrap(), "text");
    below.put("a", Thing::Directory);
    // Still open, so still held.
    assert_eq!(guest.read("src/a").unwrap(), "text");
    guest.vfs.close(a);
    assert_eq!(guest.read("src/b").unwrap(), "text");
    let thing = Thing::File {
        bytes: b"TEXT".to_vec(),
        executable: false,
    };
    below.put("b", thing);
    fault(guest.read("src/b"));
}

#[test]
fn fault_is_never_a_code() {
    let (mut guest, below) = Guest::usual(&["a=1", "d/x=1", "l->a"]);
    for path in ["a", "d/x", "l"] {
        below.break_at(path);
    }
    assert_eq!(guest.list("src").unwrap(), "a d/ l@");
    fault(guest.read("src/a"));
    fault(guest.stat("src/a"));
    fault(guest.read("src/d/x"));
    fault(guest.readlink("src/l"));
    fault(guest.link("src/a", "out/a"));
    fault(guest.append("build/a", "x"));
    fault(guest.rename("build/d", "build/e"));
}

#[test]
fn each_fact_is_asked_for_once() {
    let (mut guest, below) = Guest::usual(&["d/a=1", "d/b=2"]);
    let asked = || below.asked.load(Ordering::Relaxed);
    for _ in 0..3 {
        guest.read("src/d/a").unwrap();
        guest.stat("src/d/a").unwrap();
        guest.stat("build/d/a").unwrap();
        guest.stat("src/d/none").unwrap_err();
    }
    // Three stats, and a read that asks twice.
    assert_eq!(asked(), 5);
    guest.list("src/d").unwrap();
    assert_eq!(asked(), 6);
    // The listing tells the kinds of the rest.
    guest.open("src/d/b", PLAIN, READ).unwrap();
    guest.stat("src/d/missing").unwrap_err();
    assert_eq!(asked(), 6);
}

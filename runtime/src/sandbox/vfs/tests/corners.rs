//! POSIX, corner by corner.

use super::*;

#[test]
fn reads_what_lies_below_and_writes_over_it() {
    let (mut guest, below) = Guest::usual(&["a/b.txt=hello", "a/c=other"]);
    assert_eq!(guest.read("src/a/b.txt").unwrap(), "hello");
    guest.write("build/a/b.txt", "new").unwrap();
    guest.write("build/a/d", "d").unwrap();
    assert_eq!(guest.read("build/a/b.txt").unwrap(), "new");
    assert_eq!(guest.read("src/a/b.txt").unwrap(), "hello");
    assert_eq!(guest.list("build/a").unwrap(), "b.txt c d");
    assert_eq!(guest.list("src/a").unwrap(), "b.txt c");
    let (delta, observed) = guest.finish("/build");
    assert_eq!(delta, ["a/", "a/b.txt=new", "a/d=d"]);
    assert_true(&observed, &[&below]);
}

#[test]
fn folders_above_mounts_list_them_and_are_read_only() {
    let below = Memory::of(&["x=1"]);
    let mut guest = Guest::new(vec![
        overlay("/out", vec![]),
        tree("/in/pages", lower(0, &below)),
        tree("/in/app", lower(1, &below)),
    ]);
    assert_eq!(guest.list(".").unwrap(), "in/ out/");
    assert_eq!(guest.list("in").unwrap(), "app/ pages/");
    assert_eq!(guest.read("in/../in/./pages//x").unwrap(), "1");
    assert_eq!(code(guest.write("new", "")), Code::ReadOnly);
    assert_eq!(code(guest.mkdir("in/new")), Code::ReadOnly);
    assert_eq!(code(guest.mkdir("in")), Code::Exist);
    assert_eq!(code(guest.rmdir("out")), Code::Busy);
    assert_eq!(code(guest.rmdir("nothing")), Code::NoEntry);
    assert_eq!(code(guest.unlink("out")), Code::IsDirectory);
    assert_eq!(code(guest.rename("out", "out2")), Code::Busy);
    assert_eq!(code(guest.rename("in/pages", "out/pages")), Code::Busy);
    assert_eq!(code(guest.rename("nothing", "out/x")), Code::NoEntry);
}

#[test]
fn a_mount_can_be_all_there_is() {
    let below = Memory::of(&["a=1"]);
    let mut guest = Guest::new(vec![overlay("/", vec![lower(0, &below)])]);
    guest.write("b", "2").unwrap();
    assert_eq!(guest.list(".").unwrap(), "a b");
}

#[test]
fn the_start_is_a_folder_of_a_mount() {
    let below = Memory::of(&["app/main=1"]);
    let mut vfs = Vfs::new(Layout {
        mounts: vec![overlay("/build", vec![lower(0, &below)])],
        start: "/build/app".into(),
        quotas: Quotas::default(),
    });
    let preopens = vfs.preopens().unwrap();
    assert_eq!((&*preopens[0].1, &*preopens[1].1), ("/", "."));
    let (root, start) = (&preopens[0].0, &preopens[1].0);
    let a = vfs
        .open_at(root, "build/app/main", true, PLAIN, READ)
        .unwrap();
    let b = vfs.open_at(start, "main", true, PLAIN, READ).unwrap();
    assert!(vfs.is_same(&a, &b));
    assert!(!vfs.is_same(&a, root));
}

#[test]
fn escape_trees_are_read_only() {
    let (mut guest, _) = Guest::usual(&["a=1", "d/x=2", "l->a"]);
    for result in [
        guest.write("src/a", "2"),
        guest.write("src/new", "2"),
        guest.mkdir("src/new"),
        guest.rmdir("src/d"),
        guest.unlink("src/a"),
        guest.unlink("src/nothing"),
        guest.rename("src/a", "src/b"),
        guest.link("src/a", "src/b"),
        guest.symlink("a", "src/b"),
        guest.vfs.set_times_at(&guest.root, "src/a", true),
        guest.open("src/a", TRUNCATE, READ).map(drop),
        guest.open("src/a", PLAIN, WRITE).map(drop),
    ] {
        assert_eq!(code(result), Code::ReadOnly);
    }
    assert_eq!(code(guest.mkdir("src/a")), Code::Exist);
    assert_eq!(code(guest.open("src/a", EXCLUSIVE, READ)), Code::Exist);
    let file = guest.open("src/a", CREATE, READ).unwrap();
    assert_eq!(code(guest.vfs.write(&file, 0, b"x")), Code::BadDescriptor);
    assert_eq!(code(guest.vfs.set_size(&file, 0)), Code::BadDescriptor);
    assert_eq!(code(guest.vfs.set_times(&file)), Code::ReadOnly);
}

#[test]
fn an_unlinked_file_lives_while_it_is_open() {
    let (mut guest, _) = Guest::usual(&["a=below"]);
    for path in ["build/a", "build/b"] {
        guest.write(path, "text").unwrap();
        let file = guest.open(path, PLAIN, WRITE).unwrap();
        guest.unlink(path).unwrap();
        assert_eq!(code(guest.stat(path)), Code::NoEntry);
        assert_eq!(guest.vfs.stat(&file).unwrap().links, 0);
        guest.vfs.append(&file, b"!").unwrap();
        guest.write(path, "another").unwrap();
        assert_eq!(guest.read_open(&file).unwrap(), "text!");
        assert_eq!(guest.read(path).unwrap(), "another");
        guest.vfs.close(file);
    }
    // One that was only below, too.
    let (mut guest, _) = Guest::usual(&["a=below"]);
    let file = guest.open("build/a", PLAIN, READ).unwrap();
    guest.unlink("build/a").unwrap();
    assert_eq!(guest.read_open(&file).unwrap(), "below");
    guest.vfs.close(file);
    assert_eq!(guest.finish("/build").0, ["-a"]);
}

#[test]
fn rename_over_an_open_file_leaves_it_to_its_readers() {
    let (mut guest, _) = Guest::usual(&["a=old"]);
    let old = guest.open("build/a", PLAIN, WRITE).unwrap();
    guest.write("build/b", "new").unwrap();
    guest.rename("build/b", "build/a").unwrap();
    assert_eq!(guest.read_open(&old).unwrap(), "old");
    assert_eq!(guest.read("build/a").unwrap(), "new");
    assert_eq!(code(guest.stat("build/b")), Code::NoEntry);
    guest.vfs.write(&old, 0, b"OLD").unwrap();
    assert_eq!(guest.read("build/a").unwrap(), "new");
    guest.vfs.close(old);
    assert_eq!(guest.finish("/build").0, ["a=new"]);
}

#[test]
fn a_removed_directory_stays_open_and_empty() {
    let (mut guest, _) = Guest::usual(&["d/"]);
    let dir = guest.open("build/d", DIRECTORY, READ).unwrap();
    guest.rmdir("build/d").unwrap();
    assert_eq!(guest.list_open(&dir).unwrap(), "");
    assert_eq!(guest.vfs.stat(&dir).unwrap().links, 0);
    let vfs = &mut guest.vfs;
    assert_eq!(code(vfs.create_directory_at(&dir, "x")), Code::NoEntry);
    assert_eq!(code(vfs.symlink_at("x", &dir, "x")), Code::NoEntry);
    assert_eq!(
        code(vfs.open_at(&dir, "x", true, CREATE, WRITE)),
        Code::NoEntry
    );
    assert_eq!(code(vfs.stat_at(&dir, "x", true)), Code::NoEntry);
    guest.mkdir("build/d").unwrap();
    guest.write("build/d/x", "1").unwrap();
    assert_eq!(guest.list_open(&dir).unwrap(), "");
    guest.vfs.close(dir);
}

#[test]
fn an_open_directory_moves_with_its_name() {
    let (mut guest, _) = Guest::usual(&["d/x=1", "e/"]);
    let dir = guest.open("build/d", DIRECTORY, READ).unwrap();
    guest.rename("build/d", "build/e/f").unwrap();
    let file = guest.vfs.open_at(&dir, "y", true, CREATE, WRITE).unwrap();
    guest.vfs.close(file);
    assert_eq!(guest.list("build/e/f").unwrap(), "x y");
    assert_eq!(guest.list("build/e/f/..").unwrap(), "f/");
    guest.vfs.close(dir);
}

#[test]
fn what_was_removed_stays_so_when_its_directory_moves() {
    let (mut guest, _) = Guest::usual(&["d/a=1", "d/b/c=2", "d/b/d=3"]);
    guest.unlink("build/d/a").unwrap();
    guest.unlink("build/d/b/c").unwrap();
    guest.rename("build/d", "build/e").unwrap();
    assert_eq!(code(guest.read("build/e/a")), Code::NoEntry);
    assert_eq!(code(guest.read("build/e/b/c")), Code::NoEntry);
    assert_eq!(guest.dump("build"), ["e/", "e/b/", "e/b/d=3"]);
    guest.unlink("build/e/b/d").unwrap();
    guest.rmdir("build/e/b").unwrap();
    guest.rmdir("build/e").unwrap();
    guest.mkdir("build/d").unwrap();
    assert_eq!(guest.dump("build"), ["d/"]);
    assert_eq!(guest.finish("/build").0, ["d//"]);
}

#[test]
fn hard_links_share_their_file() {
    let (mut guest, _) = Guest::usual(&["a*=1"]);
    guest.link("build/a", "build/b").unwrap();
    assert_eq!(guest.stat("build/a").unwrap().links, 2);
    guest.append("build/b", "2").unwrap();
    assert_eq!(guest.read("build/a").unwrap(), "12");
    guest.unlink("build/a").unwrap();
    assert_eq!(guest.stat("build/b").unwrap().links, 1);
    guest.rename("build/b", "build/c").unwrap();
    assert_eq!(guest.finish("/build").0, ["-a", "c*=12"]);
}

#[test]
fn links_to_the_same_file_are_renamed_to_no_effect() {
    let (mut guest, _) = Guest::usual(&["a=1"]);
    guest.link("build/a", "build/b").unwrap();
    guest.rename("build/a", "build/b").unwrap();
    assert_eq!(guest.list("build").unwrap(), "a b");
}

#[test]
fn a_link_from_another_mount_copies_no_bytes() {
    let (mut guest, below) = Guest::usual(&["a=text"]);
    guest.link("src/a", "out/a").unwrap();
    guest.link("build/a", "out/b").unwrap();
    assert_eq!(guest.stat("out/a").unwrap().links, 1);
    guest.write("build/n", "1").unwrap();
    assert_eq!(code(guest.link("build/n", "out/n")), Code::CrossDevice);
    assert_eq!(below.read.load(std::sync::atomic::Ordering::Relaxed), 0);
    let (delta, observed) = guest.finish("/out");
    assert_eq!(
        delta,
        ["a=#e94f42e4", "b=#e94f42e4"].map(|line| {
            line.replace("e94f42e4", &cofferdam_cache::Digest::of(b"text").short())
        })
    );
    assert_eq!(facts(&observed), ["a file size content", "n absent"]);
}

#[test]
fn escape_what_cannot_be_hard_linked() {
    let (mut guest, _) = Guest::usual(&["a=1", "d/", "l->a", "o!"]);
    assert_eq!(code(guest.link("build/d", "build/e")), Code::NotPermitted);
    assert_eq!(code(guest.link("build/l", "build/e")), Code::NotPermitted);
    assert_eq!(code(guest.link("build/o", "build/e")), Code::NotPermitted);
    assert_eq!(code(guest.link("build/x", "build/e")), Code::NoEntry);
    assert_eq!(code(guest.link("build/a", "build/d")), Code::Exist);
    assert_eq!(code(guest.link("build/a", "build/e/")), Code::NoEntry);
    assert_eq!(code(guest.link("build/a/", "build/e")), Code::NotDirectory);
}

#[test]
fn escape_symbolic_links_lead_within_the_guests_root() {
    let (mut guest, _) = Guest::usual(&[
        "a=1",
        "d/up->../a",
        "d/abs->/src/a",
        "d/far->../../../../src/a",
        "dir->d",
        "loop->loop",
        "dangling->nothing",
        "x->y",
        "y->x",
    ]);
    for path in ["d/up", "d/abs", "d/far", "dir/up", "dir/../a"] {
        assert_eq!(guest.read(&format!("src/{path}")).unwrap(), "1", "{path}");
    }
    assert_eq!(guest.readlink("src/d/abs").unwrap(), "/src/a");
    assert_eq!(code(guest.readlink("src/a")), Code::Invalid);
    assert_eq!(code(guest.read("src/loop")), Code::Loop);
    assert_eq!(code(guest.read("src/x/z")), Code::Loop);
    assert_eq!(code(guest.read("src/dangling")), Code::NoEntry);
    let lstat = guest.stat("src/dangling").unwrap();
    assert_eq!((lstat.kind, lstat.size), (Kind::Symlink, 7));
    let nofollow = guest
        .vfs
        .open_at(&guest.root, "src/dir", false, PLAIN, READ);
    assert_eq!(code(nofollow), Code::Loop);
    let nofollow = guest
        .vfs
        .open_at(&guest.root, "src/dir", false, DIRECTORY, READ);
    assert_eq!(code(nofollow), Code::NotDirectory);
    // A link at the end that must be a directory is followed.
    assert_eq!(guest.stat("src/dir/").unwrap().kind, Kind::Directory);
    assert_eq!(code(guest.stat("src/d/up/")), Code::NotDirectory);
}

#[test]
fn forty_links_are_followed_and_no_more() {
    let chain: Vec<String> = (0..41).map(|n| format!("l{n}->l{}", n + 1)).collect();
    let mut things: Vec<&str> = chain.iter().map(String::as_str).collect();
    things.push("l41=end");
    let (mut guest, _) = Guest::usual(&things);
    assert_eq!(guest.read("src/l1").unwrap(), "end");
    assert_eq!(code(guest.read("src/l0")), Code::Loop);
}

#[test]
fn a_link_is_made_written_through_and_renamed() {
    let (mut guest, _) = Guest::usual(&["d/"]);
    guest.symlink("d/new", "build/l").unwrap();
    guest.write("build/l", "through").unwrap();
    assert_eq!(guest.read("build/d/new").unwrap(), "through");
    assert_eq!(code(guest.open("build/l", EXCLUSIVE, WRITE)), Code::Exist);
    assert_eq!(code(guest.symlink("x", "build/l")), Code::Exist);
    assert_eq!(code(guest.symlink("x", "build/new/")), Code::NoEntry);
    assert_eq!(code(guest.symlink("", "build/new")), Code::NoEntry);
    assert_eq!(code(guest.symlink("/src", "build/new")), Code::NotPermitted);
    guest.rename("build/l", "build/m").unwrap();
    guest.unlink("build/m").unwrap();
    assert_eq!(guest.list("build").unwrap(), "d/");
}

#[test]
fn slashes_dots_and_empty_paths() {
    let (mut guest, _) = Guest::usual(&["f=1", "d/x=2", "l->d"]);
    assert_eq!(code(guest.read("")), Code::NoEntry);
    assert_eq!(code(guest.read("src/f/")), Code::NotDirectory);
    assert_eq!(code(guest.read("src/f/.")), Code::NotDirectory);
    assert_eq!(code(guest.read("src/f/x")), Code::NotDirectory);
    assert_eq!(code(guest.read("src/none/x")), Code::NoEntry);
    assert_eq!(guest.list("src/d/./../d//").unwrap(), "x");
    assert_eq!(code(guest.write("build/new/", "")), Code::IsDirectory);
    assert_eq!(code(guest.write("build/d", "")), Code::IsDirectory);
    assert_eq!(code(guest.unlink("build/f/")), Code::NotDirectory);
    assert_eq!(code(guest.unlink("build/d")), Code::IsDirectory);
    assert_eq!(code(guest.unlink("build/d/.")), Code::IsDirectory);
    assert_eq!(code(guest.unlink("build/l/")), Code::NotDirectory);
    assert_eq!(code(guest.rmdir("build/d/.")), Code::Invalid);
    assert_eq!(code(guest.rmdir("build/d/..")), Code::NotEmpty);
    assert_eq!(code(guest.rmdir("build/d")), Code::NotEmpty);
    assert_eq!(code(guest.rmdir("build/f")), Code::NotDirectory);
    assert_eq!(code(guest.rmdir("build/l")), Code::NotDirectory);
    assert_eq!(code(guest.mkdir("build/.")), Code::Exist);
    assert_eq!(code(guest.mkdir("build/d/..")), Code::Exist);
    assert_eq!(code(guest.mkdir("build/l")), Code::Exist);
    assert_eq!(
        code(guest.rename("build/f", "build/g/")),
        Code::NotDirectory
    );
    assert_eq!(code(guest.rename("build/d/.", "build/g")), Code::Busy);
    guest.mkdir("build/new/").unwrap();
    guest.rename("build/new/", "build/newer/").unwrap();
    guest.rmdir("build/newer/").unwrap();
    let flags = OpenFlags {
        create: true,
        directory: true,
        ..PLAIN
    };
    assert_eq!(code(guest.open("build/q", flags, READ)), Code::Invalid);
}

#[test]
fn renaming_directories() {
    let (mut guest, _) = Guest::usual(&["a/b/c=1", "e/", "f=2"]);
    assert_eq!(code(guest.rename("build/a", "build/a/b/z")), Code::Invalid);
    assert_eq!(code(guest.rename("build/a", "build/a/z")), Code::Invalid);
    assert_eq!(code(guest.rename("build/a/b", "build/a")), Code::NotEmpty);
    assert_eq!(code(guest.rename("build/a", "build/f")), Code::NotDirectory);
    assert_eq!(code(guest.rename("build/f", "build/e")), Code::IsDirectory);
    assert_eq!(code(guest.rename("build/e", "build/a")), Code::NotEmpty);
    guest.rename("build/a", "build/a").unwrap();
    guest.rename("build/a", "build/e").unwrap();
    assert_eq!(guest.dump("build"), ["e/", "e/b/", "e/b/c=1", "f=2"]);
    let stored = cofferdam_cache::Digest::of(b"1").short();
    let (delta, observed) = guest.finish("/build");
    assert_eq!(delta, ["-a", "e//", "e/b/", &format!("e/b/c=#{stored}")]);
    assert_eq!(
        facts(&observed),
        [
            " directory listing",
            "a directory listing",
            "a/b directory listing",
            "a/b/c file content",
            "a/b/z absent",
            "a/z absent",
            "e directory listing",
            "f file content",
        ]
    );
}

#[test]
fn escape_renames_across_mounts_are_refused() {
    let (mut guest, _) = Guest::usual(&["a=1"]);
    assert_eq!(code(guest.rename("build/a", "out/a")), Code::CrossDevice);
    assert_eq!(code(guest.rename("src/a", "out/a")), Code::CrossDevice);
    assert_eq!(code(guest.rename("build/a", "a")), Code::CrossDevice);
}

#[test]
fn bytes_are_written_anywhere() {
    let (mut guest, _) = Guest::usual(&["a=0123456789"]);
    let file = guest.open("build/a", PLAIN, WRITE).unwrap();
    guest.vfs.write(&file, 12, b"ab").unwrap();
    guest.vfs.write(&file, 2, b"XX").unwrap();
    assert_eq!(guest.read_open(&file).unwrap(), "01XX456789\0\0ab");
    guest.vfs.set_size(&file, 3).unwrap();
    guest.vfs.set_size(&file, 5).unwrap();
    assert_eq!(guest.read_open(&file).unwrap(), "01X\0\0");
    guest.vfs.set_size(&file, 0).unwrap();
    assert_eq!(guest.vfs.append(&file, b"end").unwrap(), 3);
    let mut into = [0; 8];
    assert_eq!(guest.vfs.read_into(&file, 1, &mut into).unwrap(), 2);
    assert_eq!(&into[..2], b"nd");
    assert!(guest.vfs.read(&file, 3, 10).unwrap().eof);
    assert!(!guest.vfs.read(&file, 0, 2).unwrap().eof);
    assert_eq!(
        code(guest.vfs.write(&file, u64::MAX, b"x")),
        Code::FileTooLarge
    );
}

#[test]
fn escape_handles_have_the_rights_they_were_opened_with() {
    let (mut guest, _) = Guest::usual(&["a=1", "d/x=1"]);
    let write_only = Mode {
        write: true,
        ..Mode::default()
    };
    let file = guest.open("build/a", PLAIN, write_only).unwrap();
    assert_eq!(code(guest.vfs.read(&file, 0, 1)), Code::BadDescriptor);
    assert_eq!(code(guest.vfs.list(&file)), Code::NotDirectory);
    let dir = guest.open("build/d", DIRECTORY, READ).unwrap();
    assert!(dir.mode().mutate_directory);
    assert_eq!(code(guest.vfs.read(&dir, 0, 1)), Code::IsDirectory);
    assert_eq!(code(guest.vfs.write(&dir, 0, b"x")), Code::BadDescriptor);
    assert_eq!(code(guest.open("build/d", PLAIN, WRITE)), Code::IsDirectory);
    assert_eq!(
        code(guest.open("build/a", DIRECTORY, READ)),
        Code::NotDirectory
    );
    let unable = Handle {
        node: dir.node,
        mode: READ,
    };
    let vfs = &mut guest.vfs;
    assert_eq!(
        code(vfs.open_at(&unable, "x", true, PLAIN, WRITE)),
        Code::ReadOnly
    );
    assert_eq!(
        code(vfs.open_at(&unable, "n", true, CREATE, READ)),
        Code::ReadOnly
    );
    assert_eq!(code(vfs.unlink_file_at(&unable, "x")), Code::ReadOnly);
    assert_eq!(code(vfs.create_directory_at(&unable, "n")), Code::ReadOnly);
    assert!(vfs.open_at(&unable, "x", true, PLAIN, READ).is_ok());
}

#[test]
fn escape_devices_are_listed_and_never_opened() {
    let (mut guest, _) = Guest::usual(&["dev!"]);
    assert_eq!(guest.list("src").unwrap(), "dev!");
    assert_eq!(code(guest.read("src/dev")), Code::NoSuchDevice);
    assert_eq!(
        code(guest.rename("build/dev", "build/x")),
        Code::NotPermitted
    );
    guest.unlink("build/dev").unwrap();
    assert_eq!(guest.finish("/build").0, ["-dev"]);
}

#[test]
fn identities_last_and_differ() {
    let (mut guest, _) = Guest::usual(&["a=1", "d/b=2"]);
    let root = &guest.root;
    let vfs = &mut guest.vfs;
    let a = vfs.identity_at(root, "build/a", true).unwrap();
    assert_ne!(a, vfs.identity_at(root, "src/a", true).unwrap());
    let before = vfs.identity_at(root, "build/d/b", true).unwrap();
    vfs.rename_at(root, "build/a", root, "build/z").unwrap();
    vfs.rename_at(root, "build/d", root, "build/e").unwrap();
    assert_eq!(a, vfs.identity_at(root, "build/z", true).unwrap());
    assert_eq!(before, vfs.identity_at(root, "build/e/b", true).unwrap());
    let file = vfs.open_at(root, "build/a", true, CREATE, WRITE).unwrap();
    assert_ne!(a, vfs.identity(&file).unwrap());
    let build = vfs.open_at(root, "build", true, DIRECTORY, READ).unwrap();
    let entries = vfs.list(&build).unwrap();
    for index in 0..entries.len() {
        let entry = entries.get(index).unwrap();
        let identity = vfs.identity_at(&build, entry.name, false).unwrap();
        assert_eq!(entry.inode.to_le_bytes(), identity[..8], "{}", entry.name);
    }
}

#[test]
fn upper_layers_hide_lower_ones() {
    let top = Memory::of(&["a=top", "both/t=1", "was-dir=file", "now-dir/x=1"]);
    let base = Memory::of(&[
        "a=base",
        "b=base",
        "both/u=2",
        "was-dir/y=2",
        "now-dir=file",
    ]);
    let layers = vec![lower(1, &top), lower(0, &base)];
    let mut guest = Guest::new(vec![overlay("/build", layers)]);
    assert_eq!(
        guest.dump("build"),
        [
            "a=top",
            "b=base",
            "both/",
            "both/t=1",
            "both/u=2",
            "now-dir/",
            "now-dir/x=1",
            "was-dir=file"
        ]
    );
    guest.unlink("build/both/t").unwrap();
    guest.unlink("build/both/u").unwrap();
    guest.rmdir("build/both").unwrap();
    guest.mkdir("build/both").unwrap();
    let (delta, observed) = guest.finish("/build");
    assert_eq!(delta, ["both//"]);
    assert_true(&observed, &[&base, &top]);
}

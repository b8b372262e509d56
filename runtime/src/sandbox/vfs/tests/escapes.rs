//! Attempts to leave, and names that are too much.

use super::*;

#[test]
fn escape_paths_of_the_guest_stay_below_their_handle() {
    let (mut guest, _) = Guest::usual(&["d/x=1", "l->d"]);
    for path in [
        "/",
        "/src/d/x",
        "..",
        "../src",
        "src/../..",
        "src/d/../../../src/d/x",
    ] {
        assert_eq!(code(guest.read(path)), Code::NotPermitted, "{path}");
        assert_eq!(code(guest.mkdir(path)), Code::NotPermitted, "{path}");
        assert_eq!(
            code(guest.rename("build/d", path)),
            Code::NotPermitted,
            "{path}"
        );
        assert_eq!(
            code(guest.link("src/d/x", path)),
            Code::NotPermitted,
            "{path}"
        );
    }
    let d = guest.open("build/d", DIRECTORY, READ).unwrap();
    for path in ["..", "../l", "./..", "y/../..", "../d/x", "/"] {
        if path.starts_with('y') {
            guest.vfs.create_directory_at(&d, "y").unwrap();
        }
        let opened = guest.vfs.open_at(&d, path, true, PLAIN, READ);
        assert_eq!(code(opened), Code::NotPermitted, "{path}");
    }
}

#[test]
fn escape_links_that_point_out_find_only_the_mounts() {
    let (mut guest, _) = Guest::usual(&[
        "passwd->/etc/passwd",
        "proc->/proc/self/root/etc/passwd",
        "up->../../../../../../etc/passwd",
        "top->../../../..",
        "root->/",
    ]);
    for path in ["src/passwd", "src/proc", "src/up", "src/top/etc/passwd"] {
        assert_eq!(code(guest.read(path)), Code::NoEntry, "{path}");
    }
    assert_eq!(guest.list("src/root").unwrap(), "build/ out/ src/ tmp/");
    assert_eq!(
        guest.list("src/top/src/root/src/top/").unwrap(),
        "build/ out/ src/ tmp/"
    );
    guest.symlink("../../../etc/passwd", "out/made").unwrap();
    assert_eq!(code(guest.read("out/made")), Code::NoEntry);
    assert_eq!(code(guest.write("out/made", "")), Code::NoEntry);
    assert_eq!(code(guest.write("src/root/new", "")), Code::ReadOnly);
}

#[test]
fn escape_by_huge_names_and_paths() {
    let (mut guest, _) = Guest::usual(&["a=1"]);
    let longest = "n".repeat(255);
    let longer = "n".repeat(256);
    guest.write(&format!("out/{longest}"), "1").unwrap();
    for path in [
        format!("out/{longer}"),
        format!("src/{longer}"),
        format!("out/{longer}/x"),
    ] {
        assert_eq!(code(guest.write(&path, "1")), Code::NameTooLong);
        assert_eq!(code(guest.stat(&path)), Code::NameTooLong);
        assert_eq!(code(guest.mkdir(&path)), Code::NameTooLong);
        assert_eq!(code(guest.symlink("x", &path)), Code::NameTooLong);
        assert_eq!(code(guest.link("src/a", &path)), Code::NameTooLong);
    }
    let name = format!("build/{longer}");
    assert_eq!(code(guest.rename("build/a", &name)), Code::NameTooLong);
    let deep = "x/".repeat(4096);
    assert_eq!(code(guest.read(&deep)), Code::NameTooLong);
    assert_eq!(code(guest.symlink(&deep, "out/deep")), Code::NameTooLong);
    assert_eq!(code(guest.read("src/a\0b")), Code::Invalid);
    assert_eq!(code(guest.mkdir("out/a\0b")), Code::Invalid);
    assert_eq!(code(guest.symlink("a\0b", "out/l")), Code::Invalid);
}

//! Random programs do the same in an overlay and on the host's file system.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use proptest::prelude::*;
use rustix::fs::{AtFlags, FileType, Mode as Permissions, OFlags};
use rustix::io::Errno;

use super::script::{Outcome, Player, SLOTS, Step, plain_path, step, things};
use super::*;

/// The same steps by system calls.
struct Host {
    slots: Vec<Option<OwnedFd>>,
}

impl Host {
    fn new(top: &Path) -> Host {
        let mut slots: Vec<Option<OwnedFd>> = Vec::new();
        slots.resize_with(SLOTS, || None);
        let flags = OFlags::DIRECTORY | OFlags::RDONLY;
        slots[0] = Some(rustix::fs::open(top, flags, Permissions::empty()).unwrap());
        Host { slots }
    }

    fn play(&mut self, step: &Step) -> Option<Result<String, Errno>> {
        let slots = &self.slots;
        let at = |slot: &usize| slots[*slot].as_ref();
        let done = |result: Result<(), Errno>| result.map(|()| String::new());
        Some(match step {
            Step::Open {
                slot,
                dir,
                path,
                follow,
                flags,
                write,
            } => {
                let mut bits = match write {
                    true => OFlags::RDWR,
                    false => OFlags::RDONLY,
                };
                bits.set(OFlags::NOFOLLOW, !follow);
                bits.set(OFlags::CREATE, flags.create);
                bits.set(OFlags::EXCL, flags.exclusive);
                bits.set(OFlags::TRUNC, flags.truncate);
                bits.set(OFlags::DIRECTORY, flags.directory);
                let mode = Permissions::from_raw_mode(0o666);
                let opened = match rustix::fs::openat(at(dir)?, path, bits, mode) {
                    Ok(opened) => opened,
                    Err(error) => return Some(Err(error)),
                };
                let mode = rustix::fs::fstat(&opened).unwrap().st_mode;
                self.slots[*slot] = Some(opened);
                Ok(format!("{:?}", kind(FileType::from_raw_mode(mode))))
            }
            Step::Close(slot) => {
                self.slots[*slot].take()?;
                Ok(String::new())
            }
            Step::Read(slot, offset, length) => {
                let mut bytes = vec![0; *length];
                rustix::io::pread(at(slot)?, &mut *bytes, *offset)
                    .map(|read| String::from_utf8_lossy(&bytes[..read]).into_owned())
            }
            Step::Write(slot, offset, bytes) => {
                rustix::io::pwrite(at(slot)?, bytes, *offset).map(|n| n.to_string())
            }
            Step::Append(slot, bytes) => {
                let file = at(slot)?;
                let end = rustix::fs::fstat(file).unwrap().st_size as u64;
                rustix::io::pwrite(file, bytes, end).map(|n| n.to_string())
            }
            Step::SetSize(slot, size) => done(rustix::fs::ftruncate(at(slot)?, *size)),
            Step::Stat(slot) => rustix::fs::fstat(at(slot)?).map(told_stat),
            Step::StatAt(dir, path, follow) => {
                let flags = match follow {
                    true => AtFlags::empty(),
                    false => AtFlags::SYMLINK_NOFOLLOW,
                };
                rustix::fs::statat(at(dir)?, path, flags).map(told_stat)
            }
            Step::List(slot) => list(at(slot)?),
            Step::Readlink(dir, path) => rustix::fs::readlinkat(at(dir)?, path, Vec::new())
                .map(|text| text.into_string().unwrap()),
            Step::MakeDirectory(dir, path) => done(rustix::fs::mkdirat(
                at(dir)?,
                path,
                Permissions::from_raw_mode(0o777),
            )),
            Step::RemoveDirectory(dir, path) => {
                done(rustix::fs::unlinkat(at(dir)?, path, AtFlags::REMOVEDIR))
            }
            Step::Unlink(dir, path) => done(rustix::fs::unlinkat(at(dir)?, path, AtFlags::empty())),
            Step::Rename(from, old, to, new) => {
                done(rustix::fs::renameat(at(from)?, old, at(to)?, new))
            }
            Step::Link(from, follow, old, to, new) => {
                let flags = match follow {
                    true => AtFlags::SYMLINK_FOLLOW,
                    false => AtFlags::empty(),
                };
                done(rustix::fs::linkat(at(from)?, old, at(to)?, new, flags))
            }
            Step::Symlink(text, dir, path) => {
                done(rustix::fs::symlinkat(text.as_str(), at(dir)?, path))
            }
        })
    }

    /// WASI differs from POSIX here on purpose.
    fn differs(&self, step: &Step) -> bool {
        let Step::Link(dir, false, path, ..) = step else {
            return false;
        };
        let stat = self.slots[*dir]
            .as_ref()
            .map(|dir| rustix::fs::statat(dir, path, AtFlags::SYMLINK_NOFOLLOW));
        let Some(Ok(stat)) = stat else { return false };
        FileType::from_raw_mode(stat.st_mode).is_symlink()
    }
}

fn kind(of: FileType) -> Kind {
    match of {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Symlink,
        _ => Kind::Other,
    }
}

fn told_stat(stat: rustix::fs::Stat) -> String {
    match kind(FileType::from_raw_mode(stat.st_mode)) {
        Kind::File => format!("file of {} with {}", stat.st_size, stat.st_nlink),
        Kind::Symlink => format!("{:?} of {}", Kind::Symlink, stat.st_size),
        kind => format!("{kind:?} of 0"),
    }
}

fn list(dir: &OwnedFd) -> Result<String, Errno> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_str().unwrap();
        if name != "." && name != ".." {
            names.push(format!("{name} {:?}", kind(entry.file_type())));
        }
    }
    names.sort();
    Ok(names.join(", "))
}

fn code_of(errno: Errno) -> Code {
    match host::error(errno.into()) {
        FsError::Code(code) => code,
        other => panic!("{other:?}"),
    }
}

fn materialise(things: &BTreeMap<String, Thing>, top: &Path) {
    for (path, thing) in things {
        let path = top.join(path);
        match thing {
            Thing::Directory => fs::create_dir(path).unwrap(),
            Thing::File { bytes, .. } => {
                fs::write(&path, bytes).unwrap();
                fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
            }
            Thing::Link(text) => symlink(text, path).unwrap(),
            Thing::Other => {}
        }
    }
}

/// What is there, as a map: no executable bits.
fn collect(top: &Path, path: &str, into: &mut BTreeMap<String, Thing>) {
    for entry in fs::read_dir(top.join(path)).unwrap() {
        let entry = entry.unwrap();
        let at = Path::new(path).join(entry.file_name());
        let at = at.to_str().unwrap().to_owned();
        let kind = entry.file_type().unwrap();
        let thing = if kind.is_dir() {
            collect(top, &at, into);
            Thing::Directory
        } else if kind.is_symlink() {
            let text = fs::read_link(entry.path()).unwrap();
            Thing::Link(text.to_str().unwrap().into())
        } else {
            Thing::File {
                bytes: fs::read(entry.path()).unwrap(),
                executable: false,
            }
        };
        into.insert(at, thing);
    }
}

fn without_bits(mut things: BTreeMap<String, Thing>) -> BTreeMap<String, Thing> {
    for thing in things.values_mut() {
        if let Thing::File { executable, .. } = thing {
            *executable = false;
        }
    }
    things
}

/// Paths that climb no higher than they went down, with dots, slashes and names that are too long.
fn path() -> BoxedStrategy<String> {
    let odd = (plain_path(), 0..9).prop_map(|(path, how)| match how {
        0 => format!("{path}/"),
        1 => format!("./{path}"),
        2 => format!("{path}/."),
        3 => format!("{path}/.."),
        4 => path.replace('/', "//"),
        5 => format!("a/../{path}"),
        6 => path.replace('/', "/./"),
        7 => format!("{path}/{}", "n".repeat(256)),
        _ => ".".to_owned(),
    });
    prop_oneof![4 => plain_path(), 1 => odd].boxed()
}

fn run(
    things: &BTreeMap<String, Thing>,
    split: usize,
    stored: bool,
    steps: &[Step],
) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().join("top");
    fs::create_dir(&top).unwrap();
    materialise(things, &top);
    let mut host = Host::new(&top);

    // The same things in one lower layer or in two.
    let (upper, base) = split_in_two(things, split);
    let (upper, base) = (Memory::from_snapshot(upper), Memory::from_snapshot(base));
    let layers = [lower(1, &upper), lower(0, &base)].map(|id| LowerId { stored, ..id });
    let mut player = Player::new(vec![overlay("/top", layers.to_vec())], "/top");

    for (number, step) in steps.iter().enumerate() {
        if host.differs(step) {
            continue;
        }
        compare(number, step, player.play(step), host.play(step))?;
    }

    let mut expected = BTreeMap::new();
    collect(&top, "", &mut expected);
    let built = player.vfs.finish();
    let mut result = things.clone();
    let all = Memory::from_snapshot(things.clone());
    lay_over(&mut result, &built.deltas[0].1, &all, "");
    prop_assert_eq!(without_bits(result), expected);
    assert_true(&built.observations, &[&base, &upper]);
    Ok(())
}

/// Everything with its parents in one of two trees, by its place.
fn split_in_two(
    things: &BTreeMap<String, Thing>,
    split: usize,
) -> (BTreeMap<String, Thing>, BTreeMap<String, Thing>) {
    let (upper, base) = (Memory::default(), Memory::default());
    for (index, (path, thing)) in things.iter().enumerate() {
        let half = if (split >> index) & 1 == 1 {
            &upper
        } else {
            &base
        };
        let is_parent = *thing == Thing::Directory && half.snapshot().contains_key(path);
        if !is_parent {
            half.put(path, thing.clone());
        }
    }
    (upper.snapshot(), base.snapshot())
}

/// The same steps in a real folder, through the mount and by system calls.
fn run_real(things: &BTreeMap<String, Thing>, steps: &[Step]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let [ours, theirs] = ["ours", "theirs"].map(|name| folder.path().join(name));
    for top in [&ours, &theirs] {
        fs::create_dir(top).unwrap();
        materialise(things, top);
    }
    let mut host = Host::new(&theirs);
    let kind = MountKind::HostDir {
        folder: cap_std::fs::Dir::open_ambient_dir(&ours, cap_std::ambient_authority()).unwrap(),
        writable: true,
    };
    let at = "/top".into();
    let mut player = Player::new(vec![Mount { at, kind }], "/top");
    for (number, step) in steps.iter().enumerate() {
        if !host.differs(step) {
            // Of two things that are wrong, cap-std may name the other one.
            let ours = player.play(step).map(Result::ok);
            let theirs = host.play(step).map(Result::ok);
            prop_assert_eq!(ours, theirs, "step {}: {:?}", number, step);
        }
    }
    let (mut left, mut right) = (BTreeMap::new(), BTreeMap::new());
    collect(&ours, "", &mut left);
    collect(&theirs, "", &mut right);
    prop_assert_eq!(left, right);
    Ok(())
}

fn compare(
    number: usize,
    step: &Step,
    ours: Option<Outcome>,
    theirs: Option<Result<String, Errno>>,
) -> Result<(), TestCaseError> {
    let theirs: Option<Outcome> = theirs.map(|told| told.map_err(code_of));
    let ours = match (step, ours) {
        // Linux says EINVAL where the descriptor was not opened for writing.
        (Step::SetSize(..), Some(Err(Code::BadDescriptor))) => Some(Err(Code::Invalid)),
        (_, ours) => ours,
    };
    prop_assert_eq!(ours, theirs, "step {}: {:?}", number, step);
    Ok(())
}

proptest! {
    #![proptest_config(cases(300))]
    #[test]
    fn overlays_behave_like_the_hosts_file_system(
        things in things(plain_path().boxed()),
        split in any::<usize>(),
        stored in any::<bool>(),
        steps in proptest::collection::vec(step(path(), plain_path().boxed()), 1..50),
    ) {
        run(&things, split, stored, &steps)?;
    }

    #[test]
    fn real_folders_behave_like_themselves(
        things in things(plain_path().boxed()),
        steps in proptest::collection::vec(step(path(), plain_path().boxed()), 1..50),
    ) {
        run_real(&things, &steps)?;
    }
}

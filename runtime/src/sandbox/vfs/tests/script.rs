//! Random programs: what a guest may do, as data, and the names it uses.

use proptest::prelude::*;

use super::*;

/// Handles are numbered slots; 0 is the top. A slot without a handle makes its operation nothing.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Open {
        slot: usize,
        dir: usize,
        path: String,
        follow: bool,
        flags: OpenFlags,
        write: bool,
    },
    Close(usize),
    Read(usize, u64, usize),
    Write(usize, u64, Vec<u8>),
    Append(usize, Vec<u8>),
    SetSize(usize, u64),
    Stat(usize),
    List(usize),
    StatAt(usize, String, bool),
    Readlink(usize, String),
    MakeDirectory(usize, String),
    RemoveDirectory(usize, String),
    Unlink(usize, String),
    Rename(usize, String, usize, String),
    Link(usize, bool, String, usize, String),
    Symlink(String, usize, String),
}

pub(super) const SLOTS: usize = 5;

/// What a step told the guest.
pub(super) type Outcome = Result<String, Code>;

fn slot() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0), 2 => 1..SLOTS]
}

fn some_bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(b'a'..=b'z', 0..6)
}

fn flags() -> impl Strategy<Value = OpenFlags> {
    prop_oneof![
        3 => Just(PLAIN),
        3 => Just(CREATE),
        2 => Just(EXCLUSIVE),
        2 => Just(REWRITE),
        1 => Just(TRUNCATE),
        3 => Just(DIRECTORY),
    ]
}

/// One step over the paths and link texts given.
pub(super) fn step(
    path: BoxedStrategy<String>,
    text: BoxedStrategy<String>,
) -> impl Strategy<Value = Step> {
    let path = || path.clone();
    let opened = (
        1..SLOTS,
        slot(),
        path(),
        any::<bool>(),
        flags(),
        any::<bool>(),
    )
        .prop_map(|(slot, dir, path, follow, flags, write)| Step::Open {
            slot,
            dir,
            path,
            follow,
            flags,
            write: write && !flags.directory,
        });
    prop_oneof![
        6 => opened,
        1 => (1..SLOTS).prop_map(Step::Close),
        4 => (1..SLOTS, 0..8u64, 0..8usize).prop_map(|(slot, at, n)| Step::Read(slot, at, n)),
        3 => (1..SLOTS, 0..8u64, some_bytes()).prop_map(|(slot, at, b)| Step::Write(slot, at, b)),
        2 => (1..SLOTS, some_bytes()).prop_map(|(slot, bytes)| Step::Append(slot, bytes)),
        2 => (1..SLOTS, 0..8u64).prop_map(|(slot, size)| Step::SetSize(slot, size)),
        2 => slot().prop_map(Step::Stat),
        4 => slot().prop_map(Step::List),
        4 => (slot(), path(), any::<bool>()).prop_map(|(d, p, f)| Step::StatAt(d, p, f)),
        2 => (slot(), path()).prop_map(|(dir, path)| Step::Readlink(dir, path)),
        3 => (slot(), path()).prop_map(|(dir, path)| Step::MakeDirectory(dir, path)),
        3 => (slot(), path()).prop_map(|(dir, path)| Step::RemoveDirectory(dir, path)),
        3 => (slot(), path()).prop_map(|(dir, path)| Step::Unlink(dir, path)),
        6 => (slot(), path(), slot(), path()).prop_map(|(a, old, b, new)| Step::Rename(a, old, b, new)),
        3 => (slot(), any::<bool>(), path(), slot(), path())
            .prop_map(|(a, follow, old, b, new)| Step::Link(a, follow, old, b, new)),
        2 => (text, slot(), path()).prop_map(|(text, dir, path)| Step::Symlink(text, dir, path)),
    ]
}

/// The trees below, for scripts over `names`: 0 to 12 things.
pub(super) fn things(
    text: BoxedStrategy<String>,
) -> impl Strategy<Value = BTreeMap<String, Thing>> {
    let thing = prop_oneof![
        4 => (proptest::collection::vec(b'A'..=b'Z', 0..6), any::<bool>())
            .prop_map(|(bytes, executable)| Thing::File { bytes, executable }),
        3 => Just(Thing::Directory),
        2 => text.prop_map(Thing::Link),
    ];
    proptest::collection::vec((plain_path(), thing), 0..12).prop_map(|things| {
        let memory = Memory::default();
        for (path, thing) in things {
            memory.put(&path, thing);
        }
        memory.snapshot()
    })
}

pub(super) fn name() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["a", "b", "c"])
}

/// One to three names.
pub(super) fn plain_path() -> impl Strategy<Value = String> {
    proptest::collection::vec(name(), 1..4).prop_map(|names| names.join("/"))
}

/// A guest that follows a script.
pub(super) struct Player {
    pub vfs: Vfs,
    slots: Vec<Option<Handle>>,
}

impl Player {
    /// `top` is the directory of slot 0.
    pub(super) fn new(mounts: Vec<Mount>, top: &str) -> Player {
        let mut vfs = Vfs::new(Layout {
            mounts,
            start: top.into(),
            quotas: Quotas::default(),
        });
        let mut preopens = vfs.preopens().unwrap();
        let (start, _) = preopens.pop().unwrap();
        let mut slots: Vec<Option<Handle>> = Vec::new();
        slots.resize_with(SLOTS, || None);
        slots[0] = Some(start);
        Player { vfs, slots }
    }

    /// Nothing if the step's handle is not open. Faults and quotas are no outcomes.
    pub(super) fn play(&mut self, step: &Step) -> Option<Outcome> {
        let told = self.told(step)?;
        Some(told.map_err(|error| match error {
            FsError::Code(code) => code,
            other => panic!("{step:?}: {other:?}"),
        }))
    }

    fn told(&mut self, step: &Step) -> Option<Result<String>> {
        let vfs = &mut self.vfs;
        let slots = &self.slots;
        let at = |slot: &usize| slots[*slot].as_ref();
        let done = |result: Result<()>| result.map(|()| String::new());
        Some(match step {
            Step::Open {
                slot,
                dir,
                path,
                follow,
                flags,
                write,
            } => {
                let mode = if *write { WRITE } else { READ };
                let opened = vfs.open_at(at(dir)?, path, *follow, *flags, mode);
                let opened = match opened {
                    Ok(handle) => handle,
                    Err(error) => return Some(Err(error)),
                };
                let kind = format!("{:?}", vfs.kind(&opened));
                if let Some(old) = self.slots[*slot].replace(opened) {
                    self.vfs.close(old);
                }
                Ok(kind)
            }
            Step::Close(slot) => {
                let handle = self.slots[*slot].take()?;
                self.vfs.close(handle);
                Ok(String::new())
            }
            Step::Read(slot, offset, length) => vfs
                .read(at(slot)?, *offset, *length)
                .map(|chunk| String::from_utf8_lossy(&chunk).into_owned()),
            Step::Write(slot, offset, bytes) => {
                vfs.write(at(slot)?, *offset, bytes).map(|n| n.to_string())
            }
            Step::Append(slot, bytes) => vfs.append(at(slot)?, bytes).map(|n| n.to_string()),
            Step::SetSize(slot, size) => done(vfs.set_size(at(slot)?, *size)),
            Step::Stat(slot) => vfs.stat(at(slot)?).map(told_stat),
            Step::StatAt(dir, path, follow) => vfs.stat_at(at(dir)?, path, *follow).map(told_stat),
            Step::List(slot) => vfs.list(at(slot)?).map(|entries| {
                let names = (0..entries.len()).filter_map(|index| entries.get(index));
                let names = names.map(|entry| format!("{} {:?}", entry.name, entry.kind));
                names.collect::<Vec<_>>().join(", ")
            }),
            Step::Readlink(dir, path) => vfs.readlink_at(at(dir)?, path),
            Step::MakeDirectory(dir, path) => done(vfs.create_directory_at(at(dir)?, path)),
            Step::RemoveDirectory(dir, path) => done(vfs.remove_directory_at(at(dir)?, path)),
            Step::Unlink(dir, path) => done(vfs.unlink_file_at(at(dir)?, path)),
            Step::Rename(from, old, to, new) => done(vfs.rename_at(at(from)?, old, at(to)?, new)),
            Step::Link(from, follow, old, to, new) => {
                done(vfs.link_at(at(from)?, *follow, old, at(to)?, new))
            }
            Step::Symlink(text, dir, path) => done(vfs.symlink_at(text, at(dir)?, path)),
        })
    }
}

fn told_stat(stat: FileStat) -> String {
    match stat.kind {
        Kind::File => format!("file of {} with {}", stat.size, stat.links),
        kind => format!("{kind:?} of {}", stat.size),
    }
}

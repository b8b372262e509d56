//! Single calls, without a guest.

mod waiting;

use super::abi::{flags, open, rights};
use super::*;
use crate::sandbox::vfs::{Layout, Mount, MountKind, Quotas};
use crate::sandbox::{Call, Cancel, Job, Limits};

/// The only folder, `/` to the guest.
const FOLDER: u32 = 3;
/// Where answers are put, and where what is asked lies.
const ANSWER: u32 = 0;
const ASKED: u32 = 1024;

struct Process {
    guest: Guest,
    memory: Vec<u8>,
}

impl Process {
    fn start() -> Process {
        let (mut guest, _) = Guest::new(Job {
            call: Call::Command {
                arguments: vec!["tool".into(), "ü".into()],
                stdin: b"input".to_vec(),
            },
            layout: Layout {
                mounts: vec![Mount {
                    at: "/build".into(),
                    kind: MountKind::Overlay {
                        lowers: Vec::new(),
                        keep: true,
                    },
                }],
                start: "/build".into(),
                quotas: Quotas::default(),
            },
            environment: vec![("NAME".into(), "value".into())],
            seed: [0; 32],
            ahead: 0,
            entropy: false,
            limits: Limits::default(),
            cancel: &Cancel::default(),
            events: &|_| {},
        });
        guest.open_descriptors().expect("they are there");
        Process {
            guest,
            memory: vec![0; 4096],
        }
    }

    /// What a call answers; an end of the guest is none.
    fn call(&mut self, call: impl FnOnce(&mut Syscall<'_>) -> Result) -> Result<(), Errno> {
        let answer = call(&mut Syscall {
            guest: &mut self.guest,
            memory: Memory::new(&mut self.memory),
        });
        answer.map_err(|refusal| match refusal {
            Refusal::Errno(errno) => errno,
            Refusal::Ended(error) => panic!("the guest was ended: {error}"),
        })
    }

    fn ask(&mut self, bytes: &[u8]) -> u32 {
        self.memory[ASKED as usize..][..bytes.len()].copy_from_slice(bytes);
        bytes.len() as u32
    }

    fn answer(&self) -> u32 {
        Memory::new(&mut self.memory.clone())
            .u32(ANSWER)
            .expect("it is there")
    }

    fn long_answer(&self) -> u64 {
        Memory::new(&mut self.memory.clone())
            .u64(ANSWER)
            .expect("it is there")
    }

    fn open(&mut self, path: &str, how: u32, rights: u64, flags: u32) -> Result<u32, Errno> {
        let length = self.ask(path.as_bytes());
        self.call(|call| call.path_open(FOLDER, 0, ASKED, length, how, rights, 0, flags, ANSWER))?;
        Ok(self.answer())
    }

    fn create(&mut self, path: &str) -> u32 {
        self.open(path, open::CREATE, rights::READ | rights::WRITE, 0)
            .expect("it is new")
    }

    /// One vector of all of `bytes`.
    fn vector(&mut self, bytes: &[u8]) {
        let mut asked = (ASKED + 8).to_le_bytes().to_vec();
        asked.extend((bytes.len() as u32).to_le_bytes());
        asked.extend(bytes);
        self.ask(&asked);
    }

    fn write(&mut self, fd: u32, bytes: &[u8]) -> Result<u32, Errno> {
        self.vector(bytes);
        self.call(|call| call.fd_write(fd, ASKED, 1, ANSWER))?;
        Ok(self.answer())
    }

    fn read(&mut self, fd: u32, length: usize) -> Result<Vec<u8>, Errno> {
        self.vector(&vec![0; length]);
        self.call(|call| call.fd_read(fd, ASKED, 1, ANSWER))?;
        let read = self.answer() as usize;
        Ok(self.memory[ASKED as usize + 8..][..read].to_vec())
    }

    fn seek(&mut self, fd: u32, offset: i64, whence: u32) -> Result<u64, Errno> {
        self.call(|call| call.fd_seek(fd, offset, whence, ANSWER))?;
        Ok(self.long_answer())
    }

    /// The names that one call of `fd_readdir` tells, and the cookie for the next.
    fn names(&mut self, fd: u32, room: u32, cookie: u64) -> (Vec<String>, u64) {
        self.call(|call| call.fd_readdir(fd, ASKED, room, cookie, ANSWER))
            .expect("a directory");
        let used = self.answer() as usize;
        let mut rest = &self.memory[ASKED as usize..][..used];
        let (mut names, mut next) = (Vec::new(), cookie);
        while let Some((head, tail)) = rest.split_at_checked(24) {
            let length = u32::from_le_bytes(head[16..20].try_into().expect("four")) as usize;
            let Some((name, tail)) = tail.split_at_checked(length) else {
                break;
            };
            names.push(String::from_utf8_lossy(name).into_owned());
            next = u64::from_le_bytes(head[..8].try_into().expect("eight"));
            rest = tail;
        }
        (names, next)
    }
}

#[test]
fn arguments_and_variables_end_with_zeros() {
    let mut process = Process::start();
    process
        .call(|call| call.args_sizes_get(ANSWER, ANSWER + 4))
        .expect("sizes");
    assert_eq!(process.long_answer(), 2 | 8 << 32);
    process
        .call(|call| call.args_get(ANSWER, ASKED))
        .expect("arguments");
    assert_eq!(
        &process.memory[ASKED as usize..][..8],
        "tool\0ü\0".as_bytes()
    );
    assert_eq!(
        process.long_answer(),
        u64::from(ASKED) | u64::from(ASKED + 5) << 32
    );
    process
        .call(|call| call.environ_get(ANSWER, ASKED))
        .expect("variables");
    assert_eq!(&process.memory[ASKED as usize..][..11], b"NAME=value\0");
    assert_eq!(
        process.call(|call| call.args_get(ANSWER, 4095)),
        Err(Errno::Fault)
    );
}

#[test]
fn a_new_descriptor_has_the_lowest_number() {
    let mut process = Process::start();
    let [a, b, c] = ["a", "b", "c"].map(|name| process.create(name));
    assert_eq!([a, b, c], [4, 5, 6]);
    for fd in [b, a] {
        process.call(|call| call.fd_close(fd)).expect("open");
    }
    assert_eq!(
        process.call(|call| call.fd_close(a)),
        Err(Errno::BadDescriptor)
    );
    assert_eq!(process.create("d"), a);
    process.write(c, b"C").expect("written");
    assert_eq!(
        process.call(|call| call.fd_renumber(c, b)),
        Err(Errno::BadDescriptor)
    );
    process
        .call(|call| call.fd_renumber(c, 1))
        .expect("both are open");
    process.write(1, b"D").expect("written");
    assert!(process.guest.console.stdout.is_empty());
    assert_eq!(process.seek(1, 0, 2), Ok(2));
    assert_eq!(process.create("e"), b);
    assert_eq!(process.create("f"), c);
}

#[test]
fn positions_move_and_offsets_do_not_move_them() {
    let mut process = Process::start();
    let fd = process.create("x");
    assert_eq!(process.write(fd, b"0123456789"), Ok(10));
    assert_eq!(process.seek(fd, -4, 1), Ok(6));
    assert_eq!(process.read(fd, 2).as_deref(), Ok(&b"67"[..]));
    process.vector(&[0; 3]);
    process
        .call(|call| call.fd_pread(fd, ASKED, 1, 1, ANSWER))
        .expect("read");
    assert_eq!(&process.memory[ASKED as usize + 8..][..3], b"123");
    process.vector(b"X");
    process
        .call(|call| call.fd_pwrite(fd, ASKED, 1, 9, ANSWER))
        .expect("written");
    assert_eq!(process.read(fd, 9).as_deref(), Ok(&b"8X"[..]));
    assert_eq!(process.seek(fd, -1, 0), Err(Errno::Invalid));
    assert_eq!(process.seek(fd, i64::MAX, 1), Err(Errno::Invalid));
    assert_eq!(process.seek(fd, 0, 3), Err(Errno::Invalid));
    assert_eq!(process.seek(0, 0, 0), Err(Errno::NoSeek));
    assert_eq!(process.seek(FOLDER, 0, 0), Err(Errno::BadDescriptor));
    process
        .call(|call| call.fd_fdstat_set_flags(fd, u32::from(flags::APPEND)))
        .expect("known");
    process.seek(fd, 0, 0).expect("a file");
    process.write(fd, b"end").expect("written");
    process
        .call(|call| call.fd_tell(fd, ANSWER))
        .expect("a file");
    assert_eq!(process.long_answer(), 13);
    process
        .call(|call| call.fd_allocate(fd, 10, 10))
        .expect("room");
    assert_eq!(process.seek(fd, 0, 2), Ok(20));
}

#[test]
fn bad_input_an_error_after_some_bytes_is_told_later() {
    let mut process = Process::start();
    let mut vectors = Vec::new();
    for number in [ASKED + 64, 2, u32::MAX - 1, 2] {
        vectors.extend(number.to_le_bytes());
    }
    vectors.resize(64, 0);
    vectors.extend(b"ok");
    process.ask(&vectors);
    process
        .call(|call| call.fd_write(1, ASKED, 2, ANSWER))
        .expect("a part");
    assert_eq!(process.answer(), 2);
    assert_eq!(
        process.call(|call| call.fd_write(1, ASKED + 8, 1, ANSWER)),
        Err(Errno::Fault)
    );
    assert_eq!(process.guest.console.stdout, b"ok");
}

#[test]
fn streams_are_read_and_written_one_way() {
    let mut process = Process::start();
    assert_eq!(process.read(0, 3).as_deref(), Ok(&b"inp"[..]));
    assert_eq!(process.read(0, 9).as_deref(), Ok(&b"ut"[..]));
    assert_eq!(process.read(0, 9).as_deref(), Ok(&b""[..]));
    assert_eq!(process.write(2, b"oh"), Ok(2));
    assert_eq!(process.guest.console.stderr, b"oh");
    assert_eq!(process.write(0, b"x"), Err(Errno::BadDescriptor));
    assert_eq!(process.read(1, 1), Err(Errno::BadDescriptor));
    assert_eq!(process.read(FOLDER, 1), Err(Errno::IsDirectory));
}

#[test]
fn a_directory_is_read_in_parts_as_it_was_at_the_first() {
    let mut process = Process::start();
    for name in ["b", "a", "long-name"] {
        process.create(name);
    }
    let all = [".", "..", "a", "b", "long-name"];
    assert_eq!(process.names(FOLDER, 1000, 0).0, all);
    for room in [26, 30, 51, 100] {
        let (mut names, mut cookie) = process.names(FOLDER, room, 0);
        // The last does not fit in the smallest.
        while names.len() < 4 + usize::from(room > 33) {
            let (more, next) = process.names(FOLDER, room, cookie);
            assert!(!more.is_empty(), "{room}: {names:?}");
            names.extend(more);
            cookie = next;
        }
        assert_eq!(names, all[..names.len()]);
    }
    let (_, cookie) = process.names(FOLDER, 60, 0);
    process.create("c");
    assert_eq!(process.names(FOLDER, 1000, cookie).0, all[2..]);
    assert_eq!(process.names(FOLDER, 1000, 0).0.len(), 6);
    assert_eq!(process.names(FOLDER, 1000, u64::MAX).0, [""; 0]);
}

#[test]
fn rights_are_told_and_can_only_be_dropped() {
    let mut process = Process::start();
    let fd = process.create("x");
    let mut told = |fd| {
        process
            .call(|call| call.fd_fdstat_get(fd, ANSWER))
            .expect("open");
        let memory = Memory::new(&mut process.memory);
        (
            memory.u64(8).expect("there"),
            memory.u64(16).expect("there"),
        )
    };
    assert_ne!(told(fd).0 & rights::WRITE, 0);
    assert_eq!(told(fd).1, 0);
    assert_eq!(told(0).0 & (rights::READ | rights::WRITE), rights::READ);
    let (own, inherited) = told(FOLDER);
    let mut set =
        |fd, own, inherited| process.call(|call| call.fd_fdstat_set_rights(fd, own, inherited));
    assert_eq!(set(fd, u64::MAX, 0), Err(Errno::NotCapable));
    set(fd, rights::READ, 0).expect("fewer");
    assert_eq!(set(fd, rights::WRITE, 0), Err(Errno::NotCapable));
    let without = own & !rights::TRUNCATE_BY_PATH;
    set(FOLDER, without, inherited & !rights::WRITE).expect("fewer");
    assert_eq!(process.write(fd, b"x"), Err(Errno::BadDescriptor));
    assert_eq!(
        process.open("x", open::TRUNCATE, 0, 0),
        Err(Errno::NotCapable)
    );
    let fd = process.open("x", 0, rights::WRITE, 0).expect("it is there");
    assert_eq!(process.write(fd, b"x"), Err(Errno::BadDescriptor));
}

#[test]
fn bad_input_unknown_bits_are_invalid() {
    let mut process = Process::start();
    assert_eq!(process.open("x", 1 << 4, 0, 0), Err(Errno::Invalid));
    assert_eq!(process.open("x", 0, 0, 1 << 5), Err(Errno::Invalid));
    let fd = process.create("x");
    for which in [0b11, 0b1100, 1 << 4] {
        let set = process.call(|call| call.fd_filestat_set_times(fd, 0, 0, which));
        assert_eq!(set, Err(Errno::Invalid));
    }
    assert_eq!(
        process.call(|call| call.fd_advise(fd, 0, 0, 6)),
        Err(Errno::Invalid)
    );
    let length = process.ask(b"\xff");
    assert_eq!(
        process.call(|call| call.path_unlink_file(FOLDER, ASKED, length)),
        Err(Errno::IllegalSequence)
    );
    assert_eq!(
        process.call(|call| call.path_unlink_file(1, ASKED, 0)),
        Err(Errno::NotDirectory)
    );
}

//! `wasi:filesystem`: the [`Vfs`](crate::sandbox::vfs::Vfs) as WASI names it.

use wasmtime::component::Resource;

use super::bindings::wasi::filesystem::types::{
    self, Advice, Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, Error, ErrorCode, MetadataHashValue, NewTimestamp, PathFlags,
};
use super::bindings::wasi::io::streams::{InputStream, OutputStream};
use super::clocks::NOW;
use super::io::{Input, READ_AT_ONCE, Sink};
use super::slots::Slots;
use crate::observe::Kind;
use crate::sandbox::guest::{Ending, Guest};
use crate::sandbox::vfs::{Code, Entries, FileStat, FsError, Handle, Mode, OpenFlags, Result};

/// What a guest has open.
#[derive(Default)]
pub(in crate::sandbox) struct Files {
    pub(super) descriptors: Slots<Handle>,
    listings: Slots<Reading>,
}

/// A directory being read: its entries when reading began, and how many were read.
struct Reading {
    entries: Entries,
    next: usize,
}

impl types::Host for Guest {
    fn filesystem_error_code(
        &mut self,
        error: Resource<Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        Ok(Some(error_code(*self.streams.errors.get(&error))))
    }

    /// Faults of the host and overrun quotas end the execution; a guest sees only what is its own doing.
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        match error {
            FsError::Code(code) => Ok(error_code(code)),
            error => Err(Ending::file_system(error)),
        }
    }
}

impl types::HostDescriptor for Guest {
    fn read_via_stream(
        &mut self,
        file: Resource<Descriptor>,
        offset: u64,
    ) -> Result<Resource<InputStream>> {
        let handle = self.files.descriptors.get(&file);
        readable(handle)?;
        let file = self.vfs.duplicate(handle)?;
        Ok(self.streams.inputs.put(Input::File { file, offset }))
    }

    fn write_via_stream(
        &mut self,
        file: Resource<Descriptor>,
        offset: u64,
    ) -> Result<Resource<OutputStream>> {
        self.sink(&file, Some(offset))
    }

    fn append_via_stream(&mut self, file: Resource<Descriptor>) -> Result<Resource<OutputStream>> {
        self.sink(&file, None)
    }

    fn advise(&mut self, _: Resource<Descriptor>, _: u64, _: u64, _: Advice) -> Result<()> {
        Ok(())
    }

    fn sync_data(&mut self, file: Resource<Descriptor>) -> Result<()> {
        self.vfs.sync(self.files.descriptors.get(&file))
    }

    fn sync(&mut self, file: Resource<Descriptor>) -> Result<()> {
        self.vfs.sync(self.files.descriptors.get(&file))
    }

    fn get_flags(&mut self, file: Resource<Descriptor>) -> Result<DescriptorFlags> {
        let mode = self.files.descriptors.get(&file).mode();
        let mut flags = DescriptorFlags::empty();
        for (has, flag) in [
            (mode.read, DescriptorFlags::READ),
            (mode.write, DescriptorFlags::WRITE),
            (mode.mutate_directory, DescriptorFlags::MUTATE_DIRECTORY),
        ] {
            if has {
                flags |= flag;
            }
        }
        Ok(flags)
    }

    fn get_type(&mut self, file: Resource<Descriptor>) -> Result<DescriptorType> {
        Ok(descriptor_type(
            self.vfs.kind(self.files.descriptors.get(&file)),
        ))
    }

    fn set_size(&mut self, file: Resource<Descriptor>, size: u64) -> Result<()> {
        self.vfs.set_size(self.files.descriptors.get(&file), size)
    }

    fn set_times(
        &mut self,
        file: Resource<Descriptor>,
        _: NewTimestamp,
        _: NewTimestamp,
    ) -> Result<()> {
        self.vfs.set_times(self.files.descriptors.get(&file))
    }

    fn read(
        &mut self,
        file: Resource<Descriptor>,
        length: u64,
        offset: u64,
    ) -> Result<(Vec<u8>, bool)> {
        let length = usize::try_from(length.min(READ_AT_ONCE)).unwrap_or(usize::MAX);
        let chunk = self
            .vfs
            .read(self.files.descriptors.get(&file), offset, length)?;
        Ok((chunk.to_vec(), chunk.eof))
    }

    fn write(&mut self, file: Resource<Descriptor>, bytes: Vec<u8>, offset: u64) -> Result<u64> {
        let written = self
            .vfs
            .write(self.files.descriptors.get(&file), offset, &bytes)?;
        Ok(written as u64)
    }

    fn read_directory(
        &mut self,
        dir: Resource<Descriptor>,
    ) -> Result<Resource<DirectoryEntryStream>> {
        let entries = self.vfs.list(self.files.descriptors.get(&dir))?;
        Ok(self.files.listings.put(Reading { entries, next: 0 }))
    }

    fn create_directory_at(&mut self, dir: Resource<Descriptor>, path: String) -> Result<()> {
        self.vfs
            .create_directory_at(self.files.descriptors.get(&dir), &path)
    }

    fn stat(&mut self, file: Resource<Descriptor>) -> Result<DescriptorStat> {
        Ok(descriptor_stat(
            self.vfs.stat(self.files.descriptors.get(&file))?,
        ))
    }

    fn stat_at(
        &mut self,
        dir: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> Result<DescriptorStat> {
        let dir = self.files.descriptors.get(&dir);
        Ok(descriptor_stat(self.vfs.stat_at(
            dir,
            &path,
            follows(flags),
        )?))
    }

    fn set_times_at(
        &mut self,
        dir: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
        _: NewTimestamp,
        _: NewTimestamp,
    ) -> Result<()> {
        self.vfs
            .set_times_at(self.files.descriptors.get(&dir), &path, follows(flags))
    }

    fn link_at(
        &mut self,
        old_dir: Resource<Descriptor>,
        flags: PathFlags,
        old: String,
        new_dir: Resource<Descriptor>,
        new: String,
    ) -> Result<()> {
        let old_dir = self.files.descriptors.get(&old_dir);
        let new_dir = self.files.descriptors.get(&new_dir);
        self.vfs
            .link_at(old_dir, follows(flags), &old, new_dir, &new)
    }

    fn open_at(
        &mut self,
        dir: Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        open: types::OpenFlags,
        flags: DescriptorFlags,
    ) -> Result<Resource<Descriptor>> {
        let open = OpenFlags {
            create: open.contains(types::OpenFlags::CREATE),
            directory: open.contains(types::OpenFlags::DIRECTORY),
            exclusive: open.contains(types::OpenFlags::EXCLUSIVE),
            truncate: open.contains(types::OpenFlags::TRUNCATE),
        };
        let mode = Mode {
            read: flags.contains(DescriptorFlags::READ),
            write: flags.contains(DescriptorFlags::WRITE),
            mutate_directory: flags.contains(DescriptorFlags::MUTATE_DIRECTORY),
        };
        let dir = self.files.descriptors.get(&dir);
        let opened = self
            .vfs
            .open_at(dir, &path, follows(path_flags), open, mode)?;
        Ok(self.files.descriptors.put(opened))
    }

    fn readlink_at(&mut self, dir: Resource<Descriptor>, path: String) -> Result<String> {
        self.vfs
            .readlink_at(self.files.descriptors.get(&dir), &path)
    }

    fn remove_directory_at(&mut self, dir: Resource<Descriptor>, path: String) -> Result<()> {
        self.vfs
            .remove_directory_at(self.files.descriptors.get(&dir), &path)
    }

    fn rename_at(
        &mut self,
        old_dir: Resource<Descriptor>,
        old: String,
        new_dir: Resource<Descriptor>,
        new: String,
    ) -> Result<()> {
        let old_dir = self.files.descriptors.get(&old_dir);
        let new_dir = self.files.descriptors.get(&new_dir);
        self.vfs.rename_at(old_dir, &old, new_dir, &new)
    }

    /// `old` is the link's text, `new` its path.
    fn symlink_at(&mut self, dir: Resource<Descriptor>, old: String, new: String) -> Result<()> {
        self.vfs
            .symlink_at(&old, self.files.descriptors.get(&dir), &new)
    }

    fn unlink_file_at(&mut self, dir: Resource<Descriptor>, path: String) -> Result<()> {
        self.vfs
            .unlink_file_at(self.files.descriptors.get(&dir), &path)
    }

    fn is_same_object(
        &mut self,
        a: Resource<Descriptor>,
        b: Resource<Descriptor>,
    ) -> wasmtime::Result<bool> {
        let descriptors = &self.files.descriptors;
        Ok(self.vfs.is_same(descriptors.get(&a), descriptors.get(&b)))
    }

    fn metadata_hash(&mut self, file: Resource<Descriptor>) -> Result<MetadataHashValue> {
        Ok(hash_value(
            self.vfs.identity(self.files.descriptors.get(&file))?,
        ))
    }

    fn metadata_hash_at(
        &mut self,
        dir: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> Result<MetadataHashValue> {
        let dir = self.files.descriptors.get(&dir);
        Ok(hash_value(self.vfs.identity_at(
            dir,
            &path,
            follows(flags),
        )?))
    }

    fn drop(&mut self, file: Resource<Descriptor>) -> wasmtime::Result<()> {
        let handle = self.files.descriptors.take(&file);
        self.vfs.close(handle);
        Ok(())
    }
}

impl types::HostDirectoryEntryStream for Guest {
    fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> Result<Option<DirectoryEntry>> {
        let reading = self.files.listings.get_mut(&stream);
        let entry = reading
            .entries
            .get(reading.next)
            .map(|entry| DirectoryEntry {
                type_: descriptor_type(entry.kind),
                name: entry.name.to_owned(),
            });
        reading.next += 1;
        Ok(entry)
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        self.files.listings.take(&stream);
        Ok(())
    }
}

impl Guest {
    fn sink(
        &mut self,
        file: &Resource<Descriptor>,
        offset: Option<u64>,
    ) -> Result<Resource<OutputStream>> {
        let handle = self.files.descriptors.get(file);
        if self.vfs.kind(handle) == Kind::Directory {
            return Err(Code::IsDirectory.into());
        }
        if !handle.mode().write {
            return Err(Code::BadDescriptor.into());
        }
        let file = self.vfs.duplicate(handle)?;
        Ok(self.streams.outputs.put(Sink::File { file, offset }))
    }
}

fn readable(handle: &Handle) -> Result<()> {
    if handle.mode().read {
        Ok(())
    } else {
        Err(Code::BadDescriptor.into())
    }
}

fn follows(flags: PathFlags) -> bool {
    flags.contains(PathFlags::SYMLINK_FOLLOW)
}

fn descriptor_type(kind: Kind) -> DescriptorType {
    match kind {
        Kind::File => DescriptorType::RegularFile,
        Kind::Directory => DescriptorType::Directory,
        Kind::Symlink => DescriptorType::SymbolicLink,
        Kind::Absent | Kind::Other => DescriptorType::Unknown,
    }
}

fn descriptor_stat(stat: FileStat) -> DescriptorStat {
    DescriptorStat {
        type_: descriptor_type(stat.kind),
        link_count: stat.links,
        size: stat.size,
        data_access_timestamp: Some(NOW),
        data_modification_timestamp: Some(NOW),
        status_change_timestamp: Some(NOW),
    }
}

fn hash_value(identity: [u8; 16]) -> MetadataHashValue {
    let value = u128::from_le_bytes(identity);
    MetadataHashValue {
        lower: value as u64,
        upper: (value >> 64) as u64,
    }
}

pub(super) fn error_code(code: Code) -> ErrorCode {
    match code {
        Code::Access => ErrorCode::Access,
        Code::WouldBlock => ErrorCode::WouldBlock,
        Code::BadDescriptor => ErrorCode::BadDescriptor,
        Code::Busy => ErrorCode::Busy,
        Code::Exist => ErrorCode::Exist,
        Code::FileTooLarge => ErrorCode::FileTooLarge,
        Code::IllegalByteSequence => ErrorCode::IllegalByteSequence,
        Code::Interrupted => ErrorCode::Interrupted,
        Code::Invalid => ErrorCode::Invalid,
        Code::IsDirectory => ErrorCode::IsDirectory,
        Code::Loop => ErrorCode::Loop,
        Code::TooManyLinks => ErrorCode::TooManyLinks,
        Code::NameTooLong => ErrorCode::NameTooLong,
        Code::NoEntry => ErrorCode::NoEntry,
        Code::InsufficientSpace => ErrorCode::InsufficientSpace,
        Code::NotDirectory => ErrorCode::NotDirectory,
        Code::NotEmpty => ErrorCode::NotEmpty,
        Code::Unsupported => ErrorCode::Unsupported,
        Code::NoSuchDevice => ErrorCode::NoSuchDevice,
        Code::NotPermitted => ErrorCode::NotPermitted,
        Code::ReadOnly => ErrorCode::ReadOnly,
        Code::TextFileBusy => ErrorCode::TextFileBusy,
        Code::CrossDevice => ErrorCode::CrossDevice,
    }
}

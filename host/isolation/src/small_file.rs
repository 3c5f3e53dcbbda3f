//! Reads whole files that may come from untrusted directories.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Maximum size of git's pointer files (`.git`, `commondir`, `gitdir`), in bytes.
pub(crate) const POINTER_BYTES_MAX: u64 = 64 << 10;

/// Reads a regular file of at most `bytes_max` bytes, following links.
///
/// Settings and rules can come from untrusted repositories, where a pipe would block the program and a link
/// to `/dev/zero` would fill the memory.
///
/// Fails with `FileTooLarge`, with `IsADirectory`, for pipes and devices, and with any error of the system.
pub fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "it is a directory"));
    }
    if !kind.is_file() {
        return Err(Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(Error::new(
            ErrorKind::FileTooLarge,
            format!("it is larger than {bytes_max} bytes"),
        ));
    }
    Ok(bytes)
}

/// Reads a UTF-8 text like [`read`]. Fails with `InvalidData` if it is not UTF-8.
pub fn read_text(path: &Path, bytes_max: u64) -> Result<String> {
    String::from_utf8(read(path, bytes_max)?)
        .map_err(|_| Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_small_regular_files() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("text"), "twelve bytes").unwrap();
        std::os::unix::fs::symlink("text", at("link")).unwrap();
        assert_eq!(read(&at("link"), 12).unwrap(), b"twelve bytes");
        assert_eq!(read(&at("text"), 11).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(read(&at("none"), 11).unwrap_err().kind(), ErrorKind::NotFound);
        std::fs::write(at("bytes"), [0xff]).unwrap();
        assert_eq!(read_text(&at("bytes"), 11).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn refuses_pipes_and_devices() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        for path in [&pipe, Path::new("/dev/zero")] {
            assert_eq!(read(path, 11).unwrap_err().to_string(), "it is not a regular file");
        }
        assert_eq!(read(dir.path(), 11).unwrap_err().kind(), ErrorKind::IsADirectory);
    }
}

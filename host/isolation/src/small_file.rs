//! Files that are read as a whole, and that anybody may have put there.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Most that a file of git's has which names a place.
pub(crate) const POINTER_BYTES_MAX: u64 = 64 << 10;

/// The bytes of a regular file of at most `most` bytes; links are followed. Fails with the kind `FileTooLarge`, with
/// `IsADirectory`, with what the system says, and at pipes and devices.
///
/// Settings and rules lie in repositories of strangers: a pipe there would hold the program up for ever, and
/// a link to `/dev/zero` would fill the memory.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "it is a directory"));
    }
    if !kind.is_file() {
        return Err(Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}

/// The same, of a text in UTF-8; anything else has the kind `InvalidData`.
pub fn read_text(path: &Path, most: u64) -> Result<String> {
    String::from_utf8(read(path, most)?)
        .map_err(|_| Error::new(ErrorKind::InvalidData, "it is no text in UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_small_and_regular() {
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
    fn neither_waits_at_a_pipe_nor_reads_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        for path in [&pipe, Path::new("/dev/zero")] {
            assert_eq!(read(path, 11).unwrap_err().to_string(), "it is no regular file");
        }
        assert_eq!(read(dir.path(), 11).unwrap_err().kind(), ErrorKind::IsADirectory);
    }
}

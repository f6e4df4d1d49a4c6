//! Small files that are written whole: the mempool between two runs, lists of addresses.
//!
//! After a crash the file is the old one or the new one, never a part of either. What is in it is the caller's business.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Puts `bytes` in the place of the file, durably: a new file beside it, with `.new` behind its name, is synced and renamed.
/// For the same file, one at a time.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = OsString::from(path);
    name.push(".new");
    let new = PathBuf::from(name);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        File::open(folder)?.sync_all()
    };
    write().inspect_err(|_| drop(fs::remove_file(&new)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn the_new_bytes_take_the_place_of_the_old() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("list.dat");
        for bytes in [&[1; 100_000][..], &[2; 10]] {
            replace_file(&file, bytes).unwrap();
            assert_eq!(fs::read(&file).unwrap(), bytes);
            assert_eq!(names(dir.path()), ["list.dat"]);
        }
    }

    #[test]
    fn what_fails_leaves_nothing_new() {
        let dir = tempfile::tempdir().unwrap();
        // A folder that is not empty cannot be renamed over.
        let file = dir.path().join("list.dat");
        fs::create_dir_all(file.join("in the way")).unwrap();
        replace_file(&file, &[1]).unwrap_err();
        assert_eq!(names(dir.path()), ["list.dat"]);
        replace_file(&dir.path().join("nowhere/list.dat"), &[1]).unwrap_err();
    }
}

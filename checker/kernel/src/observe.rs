//! What can be seen of the kernel's state without changing it.
//!
//! | what | how |
//! |---|---|
//! | in the page cache | mincore(2) of a mapping that nobody touches |
//! | flags of a folio, its size | the frame's number from `/proc/self/pagemap`, its flags from `/proc/kpageflags` |
//! | bytes in memory | pread(2), of a page that is cached |
//! | bytes on disk | FIEMAP, then the image below; of a page that is clean, also an `O_DIRECT` read |
//! | faults of a store | `ru_minflt` and `ru_majflt` of the thread |
//!
//! A frame's number needs a page-table entry. [`Eyes`] makes one in a mapping of its own by a load, looks, and unmaps
//! it again. An `O_DIRECT` read of a dirty page would write it first, so none is made then.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::sys::{self, Mapping, PAGE};

/// Flags of a folio, from `/proc/kpageflags`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flags(pub u64);

impl Flags {
    /// PG_locked.
    pub fn locked(self) -> bool {
        self.has(0)
    }

    /// PG_uptodate.
    pub fn uptodate(self) -> bool {
        self.has(3)
    }

    /// PG_dirty.
    pub fn dirty(self) -> bool {
        self.has(4)
    }

    /// PG_writeback.
    pub fn writeback(self) -> bool {
        self.has(8)
    }

    /// A folio of more than one page.
    pub fn large(self) -> bool {
        self.has(15) || self.has(16)
    }

    fn has(self, bit: u32) -> bool {
        self.0 >> bit & 1 == 1
    }
}

/// What there is to see of one page of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Whether it is cached.
    pub cached: bool,
    /// Its folio's flags, if it is cached and `/proc` tells.
    pub flags: Option<Flags>,
    /// Its bytes in memory, if it is cached.
    pub memory: Option<Vec<u8>>,
    /// Its bytes on disk, if they can be told.
    pub disk: Option<Vec<u8>>,
}

/// What looks at a file.
#[derive(Debug)]
pub struct Eyes {
    file: File,
    path: PathBuf,
    image: Option<PathBuf>,
    pages: Range<usize>,
    proc: Option<(File, File)>,
}

impl Eyes {
    /// Looks at pages of a file. `image` is what the file's device lies in, if block numbers of
    /// FIEMAP are offsets there.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn of(path: &Path, pages: Range<usize>, image: Option<&Path>) -> io::Result<Eyes> {
        Ok(Eyes {
            file: File::open(path)?,
            path: path.to_owned(),
            image: image.map(Path::to_owned),
            pages,
            proc: File::open("/proc/self/pagemap")
                .and_then(|map| Ok((map, File::open("/proc/kpageflags")?)))
                .ok(),
        })
    }

    /// What there is to see now.
    ///
    /// # Errors
    /// If the system refuses what it allowed before.
    pub fn look(&self) -> io::Result<Vec<Seen>> {
        let (offset, len) = (self.pages.start * PAGE, self.pages.len() * PAGE);
        let map = Mapping::shared(&self.file, offset, len, false)?;
        let cached = map.cached()?;
        drop(map);
        let pages = self.pages.clone().zip(cached);
        pages
            .map(|(page, cached)| self.page(page, cached))
            .collect()
    }

    fn page(&self, page: usize, cached: bool) -> io::Result<Seen> {
        let offset = (page * PAGE) as u64;
        let mut seen = Seen {
            cached,
            flags: None,
            memory: None,
            disk: None,
        };
        if cached {
            seen.flags = self.flags(page)?;
            let mut bytes = vec![0; PAGE];
            self.file.read_exact_at(&mut bytes, offset)?;
            seen.memory = Some(bytes);
        }
        let quiet = seen.flags.map_or(!cached, |f| !f.dirty() && !f.writeback());
        seen.disk = match &self.image {
            Some(image) => self.below(image, offset)?,
            None if quiet => self.direct(offset)?,
            None => None,
        };
        Ok(seen)
    }

    /// The flags of the page's folio: through an entry of our own, made by a load and gone at once.
    fn flags(&self, page: usize) -> io::Result<Option<Flags>> {
        let Some((pagemap, kpageflags)) = &self.proc else {
            return Ok(None);
        };
        // This page alone: a fault would map its neighbours as well.
        let map = Mapping::shared(&self.file, page * PAGE, PAGE, false)?;
        map.load(0);
        let Some(frame) = frame(pagemap, map.address())? else {
            return Ok(None);
        };
        Ok(Some(Flags(number(kpageflags, frame)?)))
    }

    /// What the file's block holds in the image. A hole and an unwritten extent read as zeros.
    fn below(&self, image: &Path, offset: u64) -> io::Result<Option<Vec<u8>>> {
        let extents = sys::extents(&self.file)?;
        let here = extents
            .iter()
            .find(|e| (e.logical..e.logical + e.len).contains(&offset));
        let mut bytes = vec![0; PAGE];
        if let Some(extent) = here {
            if extent.is_nowhere() {
                return Ok(Some(bytes));
            }
            if !extent.is_unwritten() {
                let at = extent.physical + (offset - extent.logical);
                File::open(image)?.read_exact_at(&mut bytes, at)?;
            }
        }
        Ok(Some(bytes))
    }

    /// An `O_DIRECT` read; none where the file system has none.
    fn direct(&self, offset: u64) -> io::Result<Option<Vec<u8>>> {
        let open = std::fs::OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_DIRECT)
            .open(&self.path);
        let Ok(file) = open else { return Ok(None) };
        // Aligned as the device wants it.
        let mut room = vec![0; 2 * PAGE];
        let skip = room.as_ptr().align_offset(PAGE);
        let part = &mut room[skip..skip + PAGE];
        match file.read_exact_at(part, offset) {
            Ok(()) => Ok(Some(part.to_vec())),
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The number of the frame that is mapped at an address of this process; none if nothing is, or it is not told.
pub(crate) fn frame(pagemap: &File, address: usize) -> io::Result<Option<u64>> {
    let entry = number(pagemap, (address / PAGE) as u64)?;
    let frame = entry & ((1 << 55) - 1);
    Ok((entry >> 63 == 1 && frame != 0).then_some(frame))
}

/// Whether an entry is present at an address of this process.
pub(crate) fn is_mapped(pagemap: &File, address: usize) -> io::Result<bool> {
    Ok(number(pagemap, (address / PAGE) as u64)? >> 63 == 1)
}

fn number(file: &File, index: u64) -> io::Result<u64> {
    let mut bytes = [0; 8];
    file.read_exact_at(&mut bytes, index * 8)?;
    Ok(u64::from_ne_bytes(bytes))
}

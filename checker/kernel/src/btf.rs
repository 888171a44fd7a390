//! The layout of the kernel's structures, from `/sys/kernel/btf/vmlinux`.

use std::collections::HashMap;
use std::path::Path;

/// Structures by name, with the offsets of their members.
#[derive(Debug)]
pub struct Btf {
    bytes: Vec<u8>,
    strings: usize,
    /// Offsets of type records; types are numbered from 1.
    types: Vec<usize>,
    named: HashMap<String, usize>,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BtfError {
    /// It cannot be read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is not what it should be.
    #[error("it is no BTF that is understood: {0}")]
    Format(&'static str),
    /// This kernel has no such member.
    #[error("struct {0} has no member {1}")]
    Missing(String, String),
}

const HEAD: usize = 24;

/// Kinds of types.
mod kind {
    pub const INT: u32 = 1;
    pub const ARRAY: u32 = 3;
    pub const STRUCT: u32 = 4;
    pub const UNION: u32 = 5;
    pub const ENUM: u32 = 6;
    pub const FUNC_PROTO: u32 = 13;
    pub const VAR: u32 = 14;
    pub const DATASEC: u32 = 15;
    pub const DECL_TAG: u32 = 17;
    pub const ENUM64: u32 = 19;
}

impl Btf {
    /// Of the running kernel.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn running() -> Result<Btf, BtfError> {
        Btf::parse(std::fs::read(Path::new("/sys/kernel/btf/vmlinux"))?)
    }

    fn parse(bytes: Vec<u8>) -> Result<Btf, BtfError> {
        let mut btf = Btf {
            bytes,
            strings: 0,
            types: vec![0],
            named: HashMap::new(),
        };
        if btf.word(0)? & 0xFFFF != 0xEB9F {
            return Err(BtfError::Format("the magic number"));
        }
        let head = btf.word(4)? as usize;
        if head < HEAD {
            return Err(BtfError::Format("the header"));
        }
        let at = head + btf.word(8)? as usize;
        let end = at + btf.word(12)? as usize;
        btf.strings = head + btf.word(16)? as usize;
        let mut offset = at;
        while offset < end {
            let info = btf.word(offset + 4)?;
            let count = (info & 0xFFFF) as usize;
            let kind = info >> 24 & 0x1F;
            if kind == kind::STRUCT {
                let name = btf.name(btf.word(offset)?)?;
                btf.named.insert(name, btf.types.len());
            }
            btf.types.push(offset);
            offset += 12
                + match kind {
                    kind::INT | kind::VAR | kind::DECL_TAG => 4,
                    kind::ARRAY => 12,
                    kind::STRUCT | kind::UNION | kind::DATASEC | kind::ENUM64 => 12 * count,
                    kind::ENUM | kind::FUNC_PROTO => 8 * count,
                    _ => 0,
                };
        }
        Ok(btf)
    }

    /// The offset of a member in bytes, members of members without a name included.
    ///
    /// # Errors
    /// If there is none.
    pub fn offset(&self, structure: &str, member: &str) -> Result<u64, BtfError> {
        let missing = || BtfError::Missing(structure.to_owned(), member.to_owned());
        let id = *self.named.get(structure).ok_or_else(missing)?;
        let bits = self.find(id, member)?.ok_or_else(missing)?;
        Ok(bits / 8)
    }

    /// The size of a structure in bytes.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn size(&self, structure: &str) -> Result<u64, BtfError> {
        let missing = || BtfError::Missing(structure.to_owned(), String::new());
        let id = *self.named.get(structure).ok_or_else(missing)?;
        Ok(self.word(self.types[id] + 8)?.into())
    }

    fn find(&self, id: usize, member: &str) -> Result<Option<u64>, BtfError> {
        let at = *self.types.get(id).ok_or(BtfError::Format("a type"))?;
        let info = self.word(at + 4)?;
        if !matches!(info >> 24 & 0x1F, kind::STRUCT | kind::UNION) {
            return Ok(None);
        }
        let bitfields = info >> 31 == 1;
        for n in 0..(info & 0xFFFF) as usize {
            let at = at + 12 + 12 * n;
            let (name, of, offset) = (self.word(at)?, self.word(at + 4)?, self.word(at + 8)?);
            let offset = u64::from(if bitfields {
                offset & 0xFF_FFFF
            } else {
                offset
            });
            if name == 0 {
                if let Some(inner) = self.find(of as usize, member)? {
                    return Ok(Some(offset + inner));
                }
            } else if self.name(name)? == member {
                return Ok(Some(offset));
            }
        }
        Ok(None)
    }

    fn word(&self, at: usize) -> Result<u32, BtfError> {
        let bytes = self
            .bytes
            .get(at..at + 4)
            .ok_or(BtfError::Format("its end"))?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn name(&self, offset: u32) -> Result<String, BtfError> {
        let start = self.strings + offset as usize;
        let rest = self.bytes.get(start..).ok_or(BtfError::Format("a name"))?;
        let end = rest.iter().position(|b| *b == 0).unwrap_or(0);
        Ok(String::from_utf8_lossy(&rest[..end]).into_owned())
    }
}

//! Folios and page-table entries.

use super::{Case, case};

pub const OBJECTS: &[Case] = &[
    case(
        "no folio",
        &[
            (
                "[[folio]] # first\ndirty = true\nextent = \"written\"\n",
                "",
            ),
            ("[[folio]] # second\ncached = true\n", ""),
        ],
        "folio",
        &["0 folios", "1 to 4 [[folio]] tables"],
    ),
    case(
        "five folios",
        &[(
            "[[folio]] # second\ncached = true\n",
            "[[folio]]\n[[folio]]\n[[folio]]\n[[folio]] #!\n",
        )],
        "folio",
        &["5 folios", "1 to 4 [[folio]] tables"],
    ),
    case(
        "unknown key in [[folio]]",
        &[("cached = true", "present = true #!")],
        "present",
        &["unknown field `present`", "`dirty`", "`cached`", "`extent`"],
    ),
    case(
        "bad extent",
        &[("extent = \"written\"", "extent = \"delalloc\" #!")],
        "extent",
        &["unknown value `delalloc`", "written, unwritten, hole"],
    ),
    case(
        "dirty but not cached",
        &[("cached = true", "cached = false\ndirty = true #!")],
        "dirty",
        &["not cached cannot be dirty"],
    ),
    case(
        "unknown key in [[pte]]",
        &[("state = \"dirty\"", "state = \"dirty\"\nwrite = true #!")],
        "write",
        &["unknown field `write`", "`mm`", "`folio`", "`state`"],
    ),
    case(
        "missing key in [[pte]]",
        &[("[[pte]]", "[[pte]] #!"), ("state = \"dirty\"\n", "")],
        "state",
        &["missing field `state`"],
    ),
    case(
        "mm of a PTE out of range",
        &[("mm = 0\n", "mm = 4 #!\n")],
        "mm",
        &["4 is out of range", "0 to 3"],
    ),
    case(
        "folio of a PTE out of range",
        &[("folio = 0 # mapped", "folio = 2 #!")],
        "folio",
        &["no folio 2", "0 to 1"],
    ),
    case(
        "bad state of a PTE",
        &[("state = \"dirty\"", "state = \"young\" #!")],
        "state",
        &["unknown value `young`", "none, clean, dirty, writable"],
    ),
    case(
        "writable and clean PTE on disk",
        &[("state = \"dirty\"", "state = \"writable\" #!")],
        "state",
        &["only tmpfs", "none, clean, dirty"],
    ),
    case(
        "two states of one PTE",
        &[(
            "state = \"dirty\"",
            "state = \"dirty\"\n[[pte]] #!\nmm = 0\nfolio = 0\nstate = \"clean\"",
        )],
        "pte",
        &[
            "address space 0 for folio 0 is there twice",
            "expected one [[pte]]",
        ],
    ),
    case(
        "dirty PTE of a clean folio",
        &[
            ("dirty = true\n", ""),
            ("state = \"dirty\"", "state = \"dirty\" #!"),
        ],
        "state",
        &["needs `dirty = true` on its folio"],
    ),
    case(
        "mapped but not cached",
        &[
            ("dirty = true\n", "cached = false\n"),
            ("state = \"dirty\"", "state = \"clean\" #!"),
        ],
        "state",
        &["not cached is not mapped", "expected none"],
    ),
];

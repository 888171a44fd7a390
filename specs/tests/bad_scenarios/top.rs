//! Keys at the top of the file.

use super::{Case, case};

pub const TOP: &[Case] = &[
    case(
        "unknown key at top level",
        &[("words = 2", "word = 2 #!")],
        "word",
        &["unknown field `word`", "`words`", "`max-states`"],
    ),
    case(
        "key with an underscore",
        &[("max-states = 1000", "max_states = 1000 #!")],
        "max_states",
        &["unknown field `max_states`", "`max-states`"],
    ),
    case(
        "no title",
        &[("title = \"what the bad scenarios are made from\"\n", "")],
        "title",
        &["missing field `title`"],
    ),
    case(
        "no about",
        &[("about = \"\"\"\nNothing is wrong here.\n\"\"\"\n", "")],
        "about",
        &["missing field `about`"],
    ),
    case(
        "no groups",
        &[("groups = [\"quick\", \"write\"]\n", "")],
        "groups",
        &["missing field `groups`"],
    ),
    case(
        "empty groups",
        &[("groups = [\"quick\", \"write\"]", "groups = [] #!")],
        "groups",
        &["expected at least one group"],
    ),
    case(
        "bad group",
        &[(
            "groups = [\"quick\", \"write\"]",
            "groups = [\n    \"quick\",\n    \"Write path\", #!\n]",
        )],
        "groups",
        &[
            "bad group `Write path`",
            "lower-case letters, digits and hyphens",
        ],
    ),
    case(
        "bad filesystem",
        &[("filesystem = \"ext4\"", "filesystem = \"btrfs\" #!")],
        "filesystem",
        &["unknown value `btrfs`", "xfs, ext4, tmpfs"],
    ),
    case(
        "bad page-mkwrite",
        &[(
            "page-mkwrite = \"dirty-then-wait\"",
            "page-mkwrite = \"wait\" #!",
        )],
        "page-mkwrite",
        &["unknown value `wait`", "dirty-then-wait, wait-then-dirty"],
    ),
    case(
        "one word",
        &[("words = 2", "words = 1 #!")],
        "words",
        &["1 is out of range", "2 to 3"],
    ),
    case(
        "seven words",
        &[("words = 2", "words = 7 #!")],
        "words",
        &["7 is out of range", "2 to 3"],
    ),
    case(
        "too many sockets",
        &[("sockets = 1", "sockets = 3 #!")],
        "sockets",
        &["3 is out of range", "0 to 2"],
    ),
    case(
        "max-states = 0",
        &[("max-states = 1000", "max-states = 0 #!")],
        "max-states",
        &["1 or more"],
    ),
    case(
        "a pipe without room",
        &[("pipes = [1, 2]", "pipes = [\n    1,\n    0, #!\n]")],
        "pipes",
        &["0 is out of range", "1 to 4"],
    ),
    case(
        "more pipes than any task could use",
        &[("pipes = [1, 2]", "pipes = [1, 2, 3, 4,\n    1, #!\n    2]")],
        "pipes",
        &["6 pipes", "at most 4"],
    ),
    case(
        "a pipe with too much room",
        &[("pipes = [1, 2]", "pipes = [1, 16] #!")],
        "pipes",
        &["16 is out of range", "1 to 4"],
    ),
    case(
        "a string for a number",
        &[("words = 2", "words = \"two\" #!")],
        "words",
        &["invalid type: string \"two\""],
    ),
    case(
        "a number for a string",
        &[("filesystem = \"ext4\"", "filesystem = 4 #!")],
        "filesystem",
        &["invalid type: integer `4`", "string"],
    ),
    case(
        "a string for a flag",
        &[("stable-writes = false", "stable-writes = \"no\" #!")],
        "stable-writes",
        &["invalid type: string \"no\"", "boolean"],
    ),
    case(
        "a negative number",
        &[("sockets = 1", "sockets = -1 #!")],
        "sockets",
        &["integer `-1`"],
    ),
    case(
        "a fraction",
        &[("max-states = 1000", "max-states = 1e3 #!")],
        "max-states",
        &["floating point `1000.0`"],
    ),
    case(
        "a wrong type in a list",
        &[(
            "groups = [\"quick\", \"write\"]",
            "groups = [\n    \"quick\",\n    7, #!\n]",
        )],
        "groups",
        &["invalid type: integer `7`", "string"],
    ),
    case(
        "a table for a list of tables",
        &[("[[pte]]", "[pte] #!")],
        "pte",
        &["invalid type: map"],
    ),
    case(
        "a string that does not end",
        &[("filesystem = \"ext4\"", "filesystem = \"xfs #!")],
        "toml",
        &["invalid basic string"],
    ),
    case(
        "a key without a value",
        &[("words = 2", "words #!")],
        "toml",
        &["key with no value"],
    ),
    case(
        "a key twice",
        &[("words = 2", "words = 2\nwords = 3 #!")],
        "toml",
        &["duplicate key"],
    ),
];

//! Wrong things about sockets' sinks and about completion.

use super::{Case, case};

pub const SINKS: &[Case] = &[
    case(
        "an unknown transformation",
        &[(
            "{ call = \"tick\" },",
            "{ call = \"receive\", socket = 0, crypto = \"rot13\" }, #!",
        )],
        "crypto",
        &["unknown transformation `rot13`", "one of esp, aead"],
    ),
    case(
        "transmission on an AF_ALG socket",
        &[(
            "{ call = \"tick\" },",
            "{ call = \"receive\", socket = 0, crypto = \"aead\" }, #!",
        )],
        "crypto",
        &["no `transmit`"],
    ),
    case(
        "a send buffer for nothing",
        &[(
            "{ call = \"splice-socket\", pipe = 0, socket = 0 },",
            "{ call = \"splice-socket\", pipe = 0, socket = 0, sndbuf = 0 }, #!",
        )],
        "sndbuf",
        &["expected 1 to 4"],
    ),
    case(
        "a late clone of what is never sent again",
        &[(
            "{ call = \"transmit\", socket = 0 },",
            "{ call = \"transmit\", socket = 0, late-clone = true }, #!",
        )],
        "late-clone",
        &["`retransmit = true`"],
    ),
    case(
        "completion of what is not spliced",
        &[(
            "{ call = \"tick\" },",
            "{ call = \"wait-completion\", pipe = 1 }, #!",
        )],
        "pipe",
        &["exactly one `splice`"],
    ),
    case(
        "cancelling where nobody waits",
        &[(
            "{ call = \"tick\" },",
            "{ call = \"cancel\", pipe = 0 }, #!",
        )],
        "pipe",
        &["a task that waits for completion"],
    ),
    case(
        "completion of what moves to another skb",
        &[
            (
                "{ call = \"tick\" },",
                "{ call = \"wait-completion\", pipe = 0 },",
            ),
            (
                "{ call = \"transmit\", socket = 0 },",
                "{ call = \"receive\", socket = 0, coalesce = true }, #!",
            ),
        ],
        "coalesce",
        &["no `wait-completion`"],
    ),
];

//! The web page: verdicts, traces step by step, the bench; and the server behind it.
//!
//! | module | holds |
//! |---|---|
//! | [`server`](serving::server) | routes, starting and stopping |
//! | [`guard`](serving::guard) | who may ask; the Content-Security-Policy |
//! | [`assets`](serving::assets) | the browser's files, built in |
//! | [`subject`], [`library`] | what a page is about, as it is named in addresses; what can be named |
//! | [`page`](pages::page) | a trace with everything that its page shows |
//! | [`machine`](pages::machine), [`path`](pages::path), [`view`](pages::view) | a system, steps taken on it, and both as data for the page |
//! | [`opened`](pages::opened) | a trace file that somebody opens |
//! | [`compare`](pages::compare) | a trace beside the same scenario under another kernel |
//! | [`runs`](serving::runs) | the bench: runs with progress, limits, cancelling |
//! | [`committed`] | verdicts and counterexamples as they are committed |
//! | [`catalog`](pages::catalog), [`threads`](pages::threads), [`ledgers`](pages::ledgers) | the table of verdicts; what loom found; claims, bugs, ablation, cost |
//! | [`cache`](serving::cache) | answers computed once |
//! | [`export`](serving::export), [`pack`](serving::pack) | the page as one file |
//! | [`error`] | refusals |
//!
//! # The API
//!
//! JSON under `/api`. A refusal has a status of 4xx and `{"error": "..."}`.
//!
//! | request | answer |
//! |---|---|
//! | `GET /api/catalog` | [`catalog::Catalog`](pages::catalog::Catalog): schemes, scenarios, invariants |
//! | `GET /api/verdicts` | [`catalog::Verdicts`](pages::catalog::Verdicts): what is committed, a column each |
//! | `GET /api/threads` | [`threads::Threads`](pages::threads::Threads): what loom found in the same units, or why that is not known |
//! | `GET /api/limits` | [`runs::Ceiling`](serving::runs::Ceiling): what runs may take |
//! | `GET /api/trace?scheme=&scenario=&invariant=&without=&memory=` | [`page::Page`](pages::page::Page): the verdict, and the shortest counterexample if there is one; `without` is a list with commas of what [`subject`] describes; with `memory=weak`, loom's verdict |
//! | `GET /api/start?scenario=` | [`page::Page`](pages::page::Page): the scenario before anybody has moved, under today's kernel |
//! | `GET /api/itf?...`, as above | the counterexample as a trace file ([`crate::itf`]) |
//! | `POST /api/open`, a trace file | [`opened::Opened`](pages::opened::Opened): what it is about, and its steps |
//! | `POST /api/replay` `{"subject", "choices", "loop_start"}` | [`page::Page`](pages::page::Page): these steps and no others; a choice is `[task, step, branch]` by name, on weak memory with `[[variable, value read], ...]` after that |
//! | `POST /api/compare` `{"subject", "choices", "with"}` | [`compare::Comparison`](pages::compare::Comparison): the steps beside the same scenario under the kernel `with`, which follows them |
//! | `POST /api/runs` [`runs::Order`](serving::runs::Order) | `{"id"}`: a run has begun |
//! | `GET /api/runs/{id}/events` | [`runs::News`](serving::runs::News) as server-sent events, to the end of the run |
//! | `DELETE /api/runs/{id}` | the run is asked to end |
//! | `GET /api/claims`, `/api/bugs`, `/api/ablation/{scheme}` | [`ledgers`](pages::ledgers): as committed |
//! | `GET /api/cost/{scenario}` | [`ledgers::BillPage`](pages::ledgers::BillPage) of every scheme there, computed |

pub mod committed;
pub mod error;
pub mod library;
pub mod pages;
pub mod serving;
pub mod subject;

//! The server as browsers and scripts ask it.
//!
//! | module | holds |
//! |---|---|
//! | here | the API |
//! | [`committed`] | what is committed, served as such |
//! | [`weak`] | what loom found, and its traces |
//! | [`refusals`] | everything that is refused |
//! | [`runs`] | the bench: progress, limits, cancelling |

mod committed;
mod refusals;
mod runs;
mod weak;

use std::net::SocketAddr;
use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use foliocheck::expectation::Expectations;
use foliocheck::web::library::Library;
use foliocheck::web::serving::guard::Hosts;
use foliocheck::web::serving::runs::Ceiling;
use foliocheck::web::serving::server::{App, router};
use foliocheck_specs::{Scenario, schemes};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const PORT: u16 = 8123;

fn server(ceiling: Ceiling) -> Router {
    served(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../results"),
        ceiling,
    )
}

fn served(results: &Path, ceiling: Ceiling) -> Router {
    let committed = Expectations::read(results).unwrap();
    let library = Library::new(schemes::all(), Scenario::own().unwrap());
    let app = App::new(library, committed, results.to_owned(), ceiling);
    let address = SocketAddr::from(([127, 0, 0, 1], PORT));
    router(app, Hosts::of(address, &["name.example".to_owned()]))
}

fn ask(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, format!("127.0.0.1:{PORT}"))
}

async fn send(server: &Router, request: Request<Body>) -> Response<Body> {
    server.clone().oneshot(request).await.unwrap()
}

async fn answer(server: &Router, request: Request<Body>) -> (StatusCode, Value) {
    let response = send(server, request).await;
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&bytes);
    let value = serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()));
    (status, value)
}

async fn get(server: &Router, path: &str) -> (StatusCode, Value) {
    answer(server, ask("GET", path).body(Body::empty()).unwrap()).await
}

async fn post(server: &Router, path: &str, body: impl Into<String>) -> (StatusCode, Value) {
    let request = ask("POST", path).header(header::CONTENT_TYPE, "application/json");
    answer(server, request.body(Body::from(body.into())).unwrap()).await
}

const TRACE: &str = "/api/trace?scheme=stable-pin&scenario=mmap-store-dirty-pte&invariant=snapshot";

fn subject() -> Value {
    json!({"scheme": "stable-pin", "without": [], "scenario": "mmap-store-dirty-pte", "invariant": "snapshot"})
}

/// The steps of a page, by name.
fn choices(page: &Value) -> Vec<Value> {
    let tasks = &page["machine"]["tasks"];
    let steps = page["view"]["steps"].as_array().unwrap();
    let at = |v: &Value| usize::try_from(v.as_u64().unwrap()).unwrap();
    steps
        .iter()
        .map(|step| {
            let task = &tasks[at(&step["task"])];
            let line = &task["steps"][at(&step["loc"])];
            let branch = &line["branches"][at(&step["branch"])];
            json!([task["name"], line["id"], branch["label"]])
        })
        .collect()
}

#[tokio::test]
async fn what_is_committed_is_listed() {
    let server = server(Ceiling::default());
    let (status, catalog) = get(&server, "/api/catalog").await;
    assert_eq!(status, StatusCode::OK);
    assert!(catalog["schemes"].as_array().unwrap().len() > 30);
    let (status, verdicts) = get(&server, "/api/verdicts").await;
    assert_eq!(status, StatusCode::OK);
    let runs = verdicts["scheme"].as_array().unwrap().len();
    assert!(runs > 20_000, "{runs} runs");
    for column in ["scenario", "invariant", "engine", "states", "length"] {
        assert_eq!(verdicts[column].as_array().unwrap().len(), runs, "{column}");
    }
    assert_eq!(verdicts["verdict"].as_str().unwrap().len(), runs);
}

#[tokio::test]
async fn a_trace_has_every_invariant_at_every_step() {
    let server = server(Ceiling::default());
    let (status, page) = get(&server, TRACE).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert_eq!(page["answer"]["verdict"], "violated");
    let steps = page["view"]["steps"].as_array().unwrap().len();
    assert_eq!(steps, 16);
    for row in page["view"]["strip"].as_array().unwrap() {
        assert_eq!(row["marks"].as_str().unwrap().len(), steps + 1, "{row}");
    }
    let snapshot = &page["view"]["strip"][0];
    assert_eq!(snapshot["invariant"], "snapshot");
    assert_eq!(snapshot["marks"], "++++++++++++++++!");
    assert_eq!(page["view"]["violations"][0]["step"], 16);
}

#[tokio::test]
async fn the_address_is_that_of_the_steps() {
    let server = server(Ceiling::default());
    let (_, page) = get(&server, TRACE).await;
    let body = json!({"subject": subject(), "choices": choices(&page)});
    let (status, again) = post(&server, "/api/replay", body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{again}");
    assert_eq!(again["address"], page["address"]);
    assert_eq!(again["view"]["steps"], page["view"]["steps"]);
    let fewer = json!({"subject": subject(), "choices": choices(&page)[..13]});
    let (_, fewer) = post(&server, "/api/replay", fewer.to_string()).await;
    assert_ne!(fewer["address"], page["address"]);
    assert_eq!(fewer["view"]["violations"], json!([]));
}

#[tokio::test]
async fn an_endless_execution_is_violated_all_along_its_loop() {
    let server = server(Ceiling::default());
    let path = "/api/trace?scheme=recheck-i-version&scenario=endless-writer-vs-splice&invariant=splicer-progress";
    let (status, page) = get(&server, path).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let start = page["view"]["loop_start"].as_u64().unwrap();
    let strip = page["view"]["strip"].as_array().unwrap();
    let row = strip.iter().find(|r| r["invariant"] == "splicer-progress");
    let marks = row.unwrap()["marks"].as_str().unwrap();
    let start = usize::try_from(start).unwrap();
    assert!(marks[..start].chars().all(|m| m == '~'), "{marks}");
    assert!(marks[start..].chars().all(|m| m == '!'), "{marks}");
    let subject = page["subject"].clone();
    let body = json!({"subject": subject, "choices": choices(&page), "loop_start": start});
    let (_, again) = post(&server, "/api/replay", body.to_string()).await;
    assert_eq!(again["address"], page["address"]);
    let body = json!({"subject": subject, "choices": choices(&page), "loop_start": start + 1});
    let (status, refused) = post(&server, "/api/replay", body.to_string()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(refused["error"].as_str().unwrap().contains("no loop"));
}

#[tokio::test]
async fn what_holds_says_what_was_covered() {
    let server = server(Ceiling::default());
    let path = "/api/trace?scheme=copy&scenario=write-vs-splice&invariant=snapshot";
    let (status, page) = get(&server, path).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(page["answer"]["verdict"], "holds");
    assert!(page["answer"]["states"].as_u64().unwrap() > 100);
    assert_eq!(page["view"], Value::Null);
}

/// The thread waits for its own hold: its write never stores, so nothing torn is read.
#[tokio::test]
async fn what_holds_for_want_of_an_end_says_so() {
    let server = server(Ceiling::default());
    for (scheme, tasks) in [("stable-pin", Some("thread")), ("copy", None)] {
        let place = "scenario=splice-then-write-same-thread&invariant=untorn";
        let (status, page) = get(&server, &format!("/api/trace?scheme={scheme}&{place}")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        assert_eq!(page["answer"]["verdict"], "holds");
        let caution = page["answer"]["caution"].as_str();
        let said = caution.and_then(|c| c.rsplit_once("may hold for that reason: "));
        assert_eq!(said.map(|(_, named)| named), tasks, "{scheme}");
    }
}

#[tokio::test]
async fn twins_of_bugs_and_removed_parts_have_traces() {
    let server = server(Ceiling::default());
    let (_, bugs) = get(&server, "/api/bugs").await;
    for case in bugs
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|b| b["cases"].as_array().unwrap())
    {
        for (twin, verdict) in [("buggy", "violated"), ("fixed", "holds")] {
            let s = &case[twin];
            let text = |k: &str| s[k].as_str().unwrap().to_owned();
            let path = format!(
                "/api/trace?scheme={}&scenario={}&invariant={}",
                text("scheme"),
                text("scenario"),
                text("invariant")
            );
            let (_, page) = get(&server, &path).await;
            assert_eq!(page["answer"]["verdict"], verdict, "{path}: {page}");
            if twin == "buggy" {
                assert_eq!(page["answer"]["length"], case["length"], "{path}");
            }
        }
    }
    let path = "/api/trace?scheme=stable-pin-mkclean&scenario=mmap-store-dirty-pte&invariant=snapshot&without=rule:wait-for-holds";
    let (_, page) = get(&server, path).await;
    assert_eq!(page["answer"]["verdict"], "violated");
}

#[tokio::test]
async fn the_lines_of_every_ledger_lead_to_their_traces() {
    let server = server(Ceiling::default());
    let (_, claims) = get(&server, "/api/claims").await;
    let mut followed = 0;
    for claim in claims.as_array().unwrap() {
        let evidence = claim["evidence"].as_array().unwrap();
        for (e, s) in evidence.iter().zip(claim["traces"].as_array().unwrap()) {
            if e["verdict"] != "violated" || e["without"].is_null() {
                continue;
            }
            let without: Vec<&str> = s["without"]
                .as_array()
                .unwrap()
                .iter()
                .map(|w| w.as_str().unwrap())
                .collect();
            let path = format!(
                "/api/trace?scheme={}&scenario={}&invariant={}&without={}",
                s["scheme"].as_str().unwrap(),
                s["scenario"].as_str().unwrap(),
                s["invariant"].as_str().unwrap(),
                without.join(",")
            );
            let (_, page) = get(&server, &path).await;
            assert_eq!(page["answer"]["length"], e["length"], "{path}: {page}");
            followed += 1;
        }
    }
    assert!(followed > 3);
    let (status, parts) = get(&server, "/api/ablation/stable-pin").await;
    assert_eq!(status, StatusCode::OK);
    let rule = &parts[0];
    let broken = &rule["breaks"][0];
    let path = format!(
        "/api/trace?scheme=stable-pin&scenario={}&invariant={}&without={}",
        broken["scenario"].as_str().unwrap(),
        broken["invariant"].as_str().unwrap(),
        rule["without"].as_str().unwrap()
    );
    let (_, page) = get(&server, &path).await;
    assert_eq!(page["answer"]["length"], broken["length"], "{path}");
    let (status, bills) = get(&server, "/api/cost/mmap-store-dirty-pte").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(bills[0]["scheme"], "by-reference");
}

#[tokio::test]
async fn another_kernel_follows_as_far_as_it_can() {
    let server = server(Ceiling::default());
    let (_, page) = get(&server, TRACE).await;
    let with =
        json!({"scheme": "stable-pin-mkclean", "without": [], "scenario": "mmap-store-dirty-pte"});
    let body = json!({"subject": subject(), "choices": choices(&page), "with": with});
    let (status, both) = post(&server, "/api/compare", body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{both}");
    assert!(both["diverges"].is_u64());
    assert_eq!(both["other"]["view"]["violations"], json!([]));
    // The store faults there, and waits.
    let waits = both["other"]["view"]["waits"].as_array().unwrap();
    assert!(
        waits.iter().any(|w| w["function"] == "folio_wait_stable"),
        "{waits:?}"
    );
    // Under the same kernel, nothing differs.
    let mine = json!({"scheme": "stable-pin", "without": [], "scenario": "mmap-store-dirty-pte"});
    let body = json!({"subject": subject(), "choices": choices(&page), "with": mine});
    let (_, both) = post(&server, "/api/compare", body.to_string()).await;
    assert_eq!(both["diverges"], Value::Null);
}

#[tokio::test]
async fn a_saved_trace_opens() {
    let server = server(Ceiling::default());
    let request = ask("GET", &TRACE.replace("trace?", "itf?"))
        .body(Body::empty())
        .unwrap();
    let response = send(&server, request).await;
    assert_eq!(response.status(), StatusCode::OK);
    let name = response.headers()[header::CONTENT_DISPOSITION]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        name.contains("stable-pin.snapshot.") && name.contains(".itf.json"),
        "{name}"
    );
    let text = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(text.to_vec()).unwrap();
    let (status, opened) = post(&server, "/api/open", text.clone()).await;
    assert_eq!(status, StatusCode::OK, "{opened}");
    assert_eq!(opened["subject"], subject());
    let (_, page) = get(&server, TRACE).await;
    assert_eq!(opened["choices"].as_array().unwrap(), &choices(&page));
    let stale = text.replace("page_cache_pipe_buf_confirm", "no_such_function");
    let (status, refused) = post(&server, "/api/open", stale).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused["error"].as_str().unwrap().contains("step 12"),
        "{refused}"
    );
}

#[tokio::test]
async fn the_page_is_small() {
    let mut size = 0;
    for ending in ["html", "css", "js", "svg"] {
        let files = foliocheck::web::serving::assets::with_ending(ending);
        size += files.iter().map(|(_, text)| text.len()).sum::<usize>();
    }
    assert!(size < 300_000, "{size} bytes of assets");
}

#[tokio::test]
async fn every_invariant_is_defined_and_has_a_source() {
    let (_, catalog) = get(&server(Ceiling::default()), "/api/catalog").await;
    let invariants = catalog["invariants"].as_array().unwrap();
    assert!(invariants.len() > 15);
    for invariant in invariants {
        for field in ["title", "why", "source", "definition"] {
            let text = invariant[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{} of {}", field, invariant["id"]);
        }
    }
}

#[tokio::test]
async fn a_scenario_has_a_beginning() {
    let server = server(Ceiling::default());
    let (status, page) = get(&server, "/api/start?scenario=mmap-store-dirty-pte").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert_eq!(page["subject"]["scheme"], "by-reference");
    assert_eq!(page["view"]["steps"], json!([]));
    assert_eq!(page["machine"]["tasks"].as_array().unwrap().len(), 2);
    let (status, refused) = get(&server, "/api/start?scenario=no-such").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{refused}");
}

#[tokio::test]
async fn an_endless_execution_says_who_starves() {
    let server = server(Ceiling::default());
    let path = "/api/trace?scheme=recheck-i-version&scenario=endless-writer-vs-splice&invariant=splicer-progress";
    let (_, page) = get(&server, path).await;
    assert_eq!(page["view"]["starves"], json!(["splicer"]));
    let (_, page) = get(&server, TRACE).await;
    assert_eq!(page["view"]["starves"], json!([]));
}

#[tokio::test]
async fn an_error_of_the_model_leads_to_its_steps() {
    let server = server(Ceiling::default());
    let path = "/api/trace?scheme=by-reference&scenario=pipe-write-after-splice&without=lock:S4l";
    let (status, refused) = get(&server, &format!("{path}&invariant=snapshot")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(refused["erring"], true, "{refused}");
    let (status, page) = get(&server, &format!("{path}&invariant=errors")).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(!page["view"]["steps"].as_array().unwrap().is_empty());
    // What is merely refused leads nowhere.
    let (_, refused) = get(&server, "/api/trace?scheme=x&scenario=y&invariant=z").await;
    assert_eq!(refused["erring"], Value::Null);
}

#[tokio::test]
async fn a_twin_of_a_bug_bears_its_name() {
    let server = server(Ceiling::default());
    for (twin, fixed) in [("H01-1", false), ("H01-1:fixed", true)] {
        let path = format!(
            "/api/trace?scheme=bug:{twin}&scenario=pipe-write-after-splice&invariant=source-untouched"
        );
        let (_, page) = get(&server, &path).await;
        let bug = &page["kernel"]["bug"];
        assert_eq!(bug["id"], "H01", "{page}");
        assert!(bug["title"].as_str().unwrap().contains("Dirty Pipe"));
        assert_eq!(bug["fixed"], fixed);
    }
    let (_, page) = get(&server, TRACE).await;
    assert_eq!(page["kernel"]["bug"], Value::Null);
}

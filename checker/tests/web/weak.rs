//! What loom found: listed, and its traces shown, saved and opened.

use foliocheck::itf::Document;

use super::*;

const WEAK: &str = "/api/trace?scheme=by-reference&scenario=pinned-writer-vs-writeback&invariant=no-lost-write&memory=weak";

fn stale(page: &Value) -> Vec<(usize, Value)> {
    let steps = page["view"]["steps"].as_array().unwrap();
    let read = steps.iter().enumerate();
    read.filter(|(_, s)| !s["stale"].is_null())
        .map(|(n, s)| (n, s["stale"].clone()))
        .collect()
}

#[tokio::test]
async fn what_loom_found_is_listed() {
    let (status, threads) = get(&server(Ceiling::default()), "/api/threads").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(threads["problem"], Value::Null);
    let units = threads["units"].as_array().unwrap();
    assert!(units.len() > 1000);
    let unit = units
        .iter()
        .find(|u| u["scheme"] == "by-reference" && u["scenario"] == "pinned-writer-vs-writeback");
    assert_eq!(unit.unwrap()["violated"], json!(["no-lost-write"]));
}

#[tokio::test]
async fn without_it_the_server_says_why() {
    let folder = tempfile::tempdir().unwrap();
    for (text, says) in [
        (None, "not committed here"),
        (Some(""), "threads.json:1:0"),
        (Some(r#"{"schema":99,"units":[]}"#), "schema 99"),
        (
            Some(r#"{"schema":1,"units":[{"scheme":1}]}"#),
            "threads.json:1:",
        ),
    ] {
        if let Some(text) = text {
            std::fs::write(folder.path().join("threads.json"), text).unwrap();
        }
        let server = served(folder.path(), Ceiling::default());
        let (status, threads) = get(&server, "/api/threads").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(threads["units"], json!([]));
        let problem = threads["problem"].as_str().unwrap();
        assert!(problem.contains(says), "{problem}");
        let (status, _) = get(&server, "/api/catalog").await;
        assert_eq!(status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_weak_trace_says_what_was_read() {
    let server = server(Ceiling::default());
    let (status, page) = get(&server, WEAK).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert_eq!(page["answer"]["verdict"], "violated");
    assert_eq!(page["answer"]["engine"], "loom");
    let coverage = page["answer"]["coverage"].as_str().unwrap();
    assert!(
        coverage.starts_with("executions with at most 1"),
        "{coverage}"
    );
    assert_eq!(stale(&page).len(), 1);
    assert_eq!(page["view"]["violations"][0]["invariant"], "no-lost-write");
    // Without weak memory, it holds.
    let (_, page) = get(&server, WEAK.strip_suffix("&memory=weak").unwrap()).await;
    assert_eq!(page["answer"]["verdict"], "holds");
    let (status, _) = get(&server, &WEAK.replace("=weak", "=strange")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, why) = get(&server, "/api/trace?scheme=by-reference&scenario=endless-writer-vs-splice&invariant=snapshot&memory=weak").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        why["error"]
            .as_str()
            .unwrap()
            .contains("not run as threads"),
        "{why}"
    );
}

#[tokio::test]
async fn a_weak_trace_is_saved_and_opened() {
    let server = server(Ceiling::default());
    let (_, page) = get(&server, WEAK).await;
    let request = ask("GET", &WEAK.replace("trace?", "itf?")).body(Body::empty());
    let response = send(&server, request.unwrap()).await;
    let name = response.headers()[header::CONTENT_DISPOSITION]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(name.contains(page["address"].as_str().unwrap()), "{name}");
    let text = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(text.to_vec()).unwrap();
    let (status, opened) = post(&server, "/api/open", text.clone()).await;
    assert_eq!(status, StatusCode::OK, "{opened}");
    let body = json!({"subject": opened["subject"], "choices": opened["choices"]});
    let (status, again) = post(&server, "/api/replay", body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{again}");
    assert_eq!(again["view"], page["view"]);
    assert_eq!(again["address"], page["address"]);
    // What was read is part of what the trace is.
    let read = "\"stale\":\"folio0.PG_dirty = 1\"";
    assert!(text.contains(read));
    let (status, refused) = post(&server, "/api/open", text.replace(read, "\"stale\":\"\"")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
    for (wrong, says) in [
        ("folio0.PG_dirty = 7", "is never"),
        ("nothing = 1", "no variable"),
    ] {
        let text = text.replace(read, &format!("\"stale\":\"{wrong}\""));
        let (status, refused) = post(&server, "/api/open", text).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
        assert!(
            refused["error"].as_str().unwrap().contains(says),
            "{refused}"
        );
    }
    let (status, _) = post(
        &server,
        "/api/open",
        text.replace(read, "\"stale\":\"what\""),
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

/// On weak memory a trace is not one of an order of steps, but what it breaks is asked where it is asked:
/// that nobody has finished is no deadlock while somebody can move.
#[tokio::test]
async fn a_weak_trace_breaks_what_is_asked_where_it_ends() {
    let server = server(Ceiling::default());
    let request = ask("GET", &WEAK.replace("trace?", "itf?")).body(Body::empty());
    let response = send(&server, request.unwrap()).await;
    let text = response.into_body().collect().await.unwrap().to_bytes();
    let mut document = Document::parse(std::str::from_utf8(&text).unwrap()).unwrap();
    let steps = &mut document.trace.steps;
    let read = steps.iter().position(|s| !s.stale.is_empty()).unwrap();
    steps.truncate(read + 1);
    document.trace.length = read + 1;
    "deadlock-free".clone_into(&mut document.subject.invariant);
    let (status, refused) = post(&server, "/api/open", document.text()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
    let why = refused["error"].as_str().unwrap();
    assert!(why.contains("deadlock-free is not violated"), "{why}");
}

//! The bench: runs with progress, limits, an end on request.

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use foliocheck::web::serving::runs::Ceiling;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::{ask, post, send, server};

/// What a run tells, to its end.
async fn news(server: &Router, id: u64) -> Vec<Value> {
    let request = ask("GET", &format!("/api/runs/{id}/events"))
        .body(Body::empty())
        .unwrap();
    let response = send(server, request).await;
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec())
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

async fn begin(server: &Router, order: Value) -> u64 {
    let (status, begun) = post(server, "/api/runs", order.to_string()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{begun}");
    begun["id"].as_u64().unwrap()
}

fn verdict_of<'a>(news: &'a [Value], invariant: &str) -> &'a Value {
    let told = news
        .iter()
        .find(|n| n["kind"] == "verdict" && n["invariant"] == invariant);
    &told.expect("it is answered")["verdict"]
}

#[tokio::test]
async fn a_rule_more_or_less_makes_the_difference() {
    let server = server(Ceiling::default());
    let mut order = json!({"scheme": "stable-pin-mkclean", "scenario": "mmap-store-dirty-pte"});
    let id = begin(&server, order.clone()).await;
    let whole = news(&server, id).await;
    assert_eq!(whole[0]["kind"], "begin");
    assert_eq!(verdict_of(&whole, "snapshot"), "holds");
    assert_eq!(whole.last().unwrap()["kind"], "end");
    assert_eq!(whole.last().unwrap()["cancelled"], false);
    order["without"] = json!(["rule:wait-for-holds"]);
    order["invariants"] = json!(["snapshot"]);
    let id = begin(&server, order).await;
    assert_eq!(verdict_of(&news(&server, id).await, "snapshot"), "violated");
    // Without it a rule gives back what was not taken: a verdict, beside the others.
    let order =
        json!({"scheme": "stable-pin", "scenario": "tag-b-writer", "without": ["rule:take-hold"]});
    let id = begin(&server, order).await;
    let told = news(&server, id).await;
    assert_eq!(verdict_of(&told, "holds-balanced"), "violated");
    assert!(told.iter().all(|n| n["kind"] != "erred"), "{told:?}");
    // Without the pipe's mutex the model errs; that is said, with its steps, and is no verdict.
    let order = json!({"scheme": "by-reference", "scenario": "pipe-write-after-splice", "without": ["lock:S4l"]});
    let id = begin(&server, order).await;
    let told = news(&server, id).await;
    let erred = told.iter().find(|n| n["kind"] == "erred").expect("it errs");
    assert!(!erred["steps"].as_array().unwrap().is_empty(), "{erred}");
    assert_eq!(told.last().unwrap()["kind"], "end");
}

#[tokio::test]
async fn a_bounded_run_is_inconclusive() {
    let server = server(Ceiling::default());
    let order = json!({"scheme": "stable-pin-mkclean", "scenario": "reference", "invariants": ["snapshot"], "states": 100});
    let id = begin(&server, order).await;
    assert_eq!(
        verdict_of(&news(&server, id).await, "snapshot"),
        "inconclusive"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_end_on_request_and_too_many_are_refused() {
    let server = server(Ceiling {
        runs: 1,
        ..Ceiling::default()
    });
    let order = json!({"scheme": "stable-pin-mkclean", "scenario": "reference"});
    let id = begin(&server, order.clone()).await;
    let (status, refused) = post(&server, "/api/runs", order.to_string()).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{refused}");
    assert!(refused["error"].as_str().unwrap().contains("cancel one"));
    let cancel = ask("DELETE", &format!("/api/runs/{id}"))
        .body(Body::empty())
        .unwrap();
    assert_eq!(send(&server, cancel).await.status(), StatusCode::NO_CONTENT);
    let told = news(&server, id).await;
    assert_eq!(told.last().unwrap()["cancelled"], true);
    // There is room again.
    let id = begin(
        &server,
        json!({"scheme": "copy", "scenario": "write-vs-splice"}),
    )
    .await;
    assert_eq!(news(&server, id).await.last().unwrap()["cancelled"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_nobody_listens_to_any_more_ends() {
    let server = server(Ceiling::default());
    let id = begin(
        &server,
        json!({"scheme": "stable-pin-mkclean", "scenario": "reference"}),
    )
    .await;
    let request = ask("GET", &format!("/api/runs/{id}/events"))
        .body(Body::empty())
        .unwrap();
    let response = send(&server, request).await;
    let mut body = response.into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    let told = news(&server, id).await;
    assert_eq!(told.last().unwrap()["cancelled"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_end_a_run() {
    let server = server(Ceiling::default());
    let id = begin(
        &server,
        json!({"scheme": "stable-pin-mkclean", "scenario": "reference", "seconds": 20}),
    )
    .await;
    // Numbers are not to be guessed.
    for guess in 1..50 {
        let events = ask("GET", &format!("/api/runs/{guess}/events"));
        let response = send(&server, events.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{guess}");
    }
    let events = |method: &str| {
        let request = ask(method, &format!("/api/runs/{id}/events"));
        request.body(Body::empty()).unwrap()
    };
    let owner = send(&server, events("GET")).await;
    let mut owner = owner.into_body();
    owner.frame().await.unwrap().unwrap();
    // Neither who asks for the head, nor a second listener that goes away, ends it.
    let head = send(&server, events("HEAD")).await;
    assert_eq!(head.status(), StatusCode::METHOD_NOT_ALLOWED);
    let second = send(&server, events("GET")).await;
    let mut second = second.into_body();
    second.frame().await.unwrap().unwrap();
    drop(second);
    let frame = owner.frame().await.unwrap().unwrap();
    let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
    assert!(!text.contains("\"cancelled\":true"), "{text}");
    // The last one that goes away does.
    drop(owner);
    let told = news(&server, id).await;
    assert_eq!(told.last().unwrap()["cancelled"], true);
}

//! What the server refuses, and that it lives on.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use foliocheck::web::serving::runs::Ceiling;
use foliocheck::web::serving::server::{BODY_MAX, ORDER_MAX};
use serde_json::{Value, json};

use super::{TRACE, answer, ask, get, post, send, server, subject};

#[tokio::test]
async fn strangers_are_refused() {
    let server = server(Ceiling::default());
    let with = |host: &str, origin: Option<&str>| {
        let mut request = Request::get("/api/limits").header(header::HOST, host);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        request.body(Body::empty()).unwrap()
    };
    for host in [
        "evil.example",
        "evil.example:8123",
        "127.0.0.1:1",
        "",
        "127.0.0.1.evil.example:8123",
    ] {
        let (status, refused) = answer(&server, with(host, None)).await;
        assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{host}");
        assert!(
            refused["error"].as_str().unwrap().contains("not"),
            "{refused}"
        );
    }
    for host in [
        "127.0.0.1:8123",
        "localhost:8123",
        "[::1]:8123",
        "name.example:8123",
        "LOCALHOST:8123",
    ] {
        let (status, _) = answer(&server, with(host, None)).await;
        assert_eq!(status, StatusCode::OK, "{host}");
    }
    let (status, _) = answer(&server, with("localhost:8123", Some("http://evil.example"))).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = answer(&server, with("localhost:8123", Some("null"))).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = answer(
        &server,
        with("localhost:8123", Some("http://localhost:8123")),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn pages_may_load_nothing_from_elsewhere() {
    let server = server(Ceiling::default());
    for path in ["/", "/app.js", "/api/limits", "/nothing"] {
        let response = send(&server, ask("GET", path).body(Body::empty()).unwrap()).await;
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(policy.contains("script-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn no_file_outside_the_page_is_served() {
    let server = server(Ceiling::default());
    for path in [
        "/Cargo.toml",
        "/../Cargo.toml",
        "/..%2fCargo.toml",
        "/%2e%2e/Cargo.toml",
        "//etc/passwd",
        "/pages",
        "/pages/",
        "/screenshots/trace.png",
        "/api/../Cargo.toml",
    ] {
        let (status, _) = get(&server, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn bad_bodies_are_refused_with_a_message() {
    let server = server(Ceiling::default());
    let order = |change: Value| {
        let mut order = json!({"scheme": "stable-pin", "scenario": "mmap-store-dirty-pte"});
        for (key, value) in change.as_object().unwrap() {
            order[key] = value.clone();
        }
        order.to_string()
    };
    let replay = |choices: Value| json!({"subject": subject(), "choices": choices}).to_string();
    let table: Vec<(&str, String, u16, &str)> = vec![
        ("/api/runs", "{".to_owned(), 400, "EOF"),
        ("/api/runs", "[]".to_owned(), 422, "invalid"),
        (
            "/api/runs",
            order(json!({"scheme": "no-such"})),
            404,
            "no scheme `no-such`; there are: by-reference",
        ),
        (
            "/api/runs",
            order(json!({"scenario": "no-such"})),
            404,
            "no scenario `no-such`",
        ),
        (
            "/api/runs",
            order(json!({"invariants": ["no-such"]})),
            404,
            "no invariant `no-such`",
        ),
        (
            "/api/runs",
            order(json!({"invariants": ["access-consistent"]})),
            400,
            "does not apply",
        ),
        (
            "/api/runs",
            order(json!({"without": ["rule:no-such"]})),
            404,
            "no rule `no-such`; there are: take-hold",
        ),
        (
            "/api/runs",
            order(json!({"without": ["no-such"]})),
            400,
            "expected rule:NAME",
        ),
        (
            "/api/runs",
            order(json!({"without": ["effect:NO"]})),
            400,
            "no step NO",
        ),
        (
            "/api/runs",
            order(json!({"states": 0})),
            400,
            "states: 0; allowed are 1 to 5000000",
        ),
        (
            "/api/runs",
            order(json!({"states": 5_000_001})),
            400,
            "allowed are 1 to 5000000",
        ),
        (
            "/api/runs",
            order(json!({"seconds": 100_000})),
            400,
            "seconds",
        ),
        ("/api/runs", order(json!({"mib": 1_000_000})), 400, "mib"),
        (
            "/api/runs",
            order(json!({"unknown": 1})),
            422,
            "unknown field",
        ),
        (
            "/api/replay",
            replay(json!([["nobody", "S0", ""]])),
            400,
            "no task `nobody`; tasks are: mapper, splicer",
        ),
        (
            "/api/replay",
            replay(json!([["splicer", "S5", ""]])),
            400,
            "step 1: splicer cannot take S5 here; it can take S0",
        ),
        (
            "/api/replay",
            replay(json!([["splicer"]])),
            422,
            "invalid length",
        ),
        (
            "/api/replay",
            replay(json!(vec![json!(["splicer", "S0", ""]); 20_001])),
            400,
            "at most 20000",
        ),
        ("/api/open", String::new(), 400, "not a trace file"),
        ("/api/open", "{}".to_owned(), 400, "not a trace file"),
        ("/api/open", "\u{1F4A3}".to_owned(), 400, "not a trace file"),
        ("/api/open", "[".repeat(100_000), 400, "not a trace file"),
    ];
    for (path, body, status, message) in table {
        let shown: String = body.chars().take(100).collect();
        let (got, refused) = post(&server, path, body).await;
        assert_eq!(got.as_u16(), status, "{path} {shown}: {refused}");
        let error = refused["error"]
            .as_str()
            .unwrap_or_else(|| panic!("{path} {shown}: {refused}"));
        assert!(error.contains(message), "{path} {shown}: {error}");
    }
}

#[tokio::test]
async fn bad_addresses_are_refused_with_a_message() {
    let server = server(Ceiling::default());
    for (path, status, message) in [
        ("/api/trace", 400, "missing field"),
        (
            "/api/trace?scheme=x&scenario=y&invariant=z",
            404,
            "no invariant `z`",
        ),
        (
            "/api/trace?scheme=copy&scenario=write-vs-splice&invariant=mapping-current",
            400,
            "does not apply",
        ),
        (
            "/api/trace?scheme=bug:H99-1&scenario=write-vs-splice&invariant=snapshot",
            404,
            "no case `H99-1`",
        ),
        (
            "/api/trace?scheme=copy&scenario=write-vs-splice&invariant=snapshot&x=1",
            400,
            "unknown field",
        ),
        ("/api/ablation/no-such", 404, "no scheme `no-such`"),
        ("/api/cost/no-such", 404, "no scenario `no-such`"),
        ("/api/runs/1/events", 404, "no run 1"),
        ("/api/runs/x/events", 404, "number"),
        ("/api/no-such", 404, "no such page"),
        ("/api/runs", 405, "not asked that way"),
    ] {
        let (got, refused) = get(&server, path).await;
        assert_eq!(got.as_u16(), status, "{path}: {refused}");
        assert!(
            refused["error"].as_str().unwrap().contains(message),
            "{path}: {refused}"
        );
    }
}

#[tokio::test]
async fn what_another_site_could_send_is_refused() {
    let server = server(Ceiling::default());
    let order = json!({"scheme": "stable-pin", "scenario": "mmap-store-dirty-pte"});
    // What another site's page could send without asking is not taken.
    let request = ask("POST", "/api/runs").header(header::CONTENT_TYPE, "text/plain");
    let (status, _) = answer(
        &server,
        request.body(Body::from(order.to_string())).unwrap(),
    )
    .await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    // And the server lives on.
    let (status, _) = get(&server, TRACE).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_huge_body_is_refused() {
    let server = server(Ceiling::default());
    for (path, most) in [
        ("/api/open", BODY_MAX),
        ("/api/runs", ORDER_MAX),
        ("/api/replay", ORDER_MAX),
        ("/api/compare", ORDER_MAX),
    ] {
        let (status, _) = post(&server, path, " ".repeat(most + 1)).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
}

#[tokio::test]
async fn two_names_or_a_whole_address_are_refused() {
    let server = server(Ceiling::default());
    let ours = "127.0.0.1:8123";
    for (name, first, second) in [
        (header::HOST, ours, "evil.example"),
        (header::HOST, "evil.example", ours),
        (header::HOST, ours, ours),
        (
            header::ORIGIN,
            "http://127.0.0.1:8123",
            "http://evil.example",
        ),
        (
            header::ORIGIN,
            "http://evil.example",
            "http://127.0.0.1:8123",
        ),
    ] {
        let mut request = Request::get("/api/limits");
        if name == header::ORIGIN {
            request = request.header(header::HOST, ours);
        }
        let request = request.header(&name, first).header(&name, second);
        let (status, refused) = answer(&server, request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
        assert!(
            refused["error"].as_str().unwrap().contains("2 headers"),
            "{refused}"
        );
    }
    for address in [
        "http://evil.example/api/limits",
        "http://127.0.0.1:8123/api/limits",
    ] {
        let request = Request::get(address).header(header::HOST, ours);
        let (status, refused) = answer(&server, request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    }
}

#[tokio::test]
async fn what_another_site_loads_is_refused() {
    let server = server(Ceiling::default());
    for (site, expected) in [
        ("cross-site", StatusCode::FORBIDDEN),
        ("same-site", StatusCode::FORBIDDEN),
        ("same-origin", StatusCode::OK),
        ("none", StatusCode::OK),
    ] {
        let request = ask("GET", "/api/limits").header("sec-fetch-site", site);
        let (status, _) = answer(&server, request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, expected, "{site}");
        // A link of another site to the page itself is followed.
        let request = ask("GET", "/").header("sec-fetch-site", site);
        let response = send(&server, request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK, "{site}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trace_files_are_computed_a_few_at_once() {
    let server = server(Ceiling {
        seconds: 2,
        ..Ceiling::default()
    });
    let path = "/api/itf?scheme=stable-pin-mkclean&scenario=reference&invariant=snapshot";
    let all = (0..40).map(|_| get(&server, path));
    let answers = futures_util::future::join_all(all).await;
    let busy = answers
        .iter()
        .filter(|(s, _)| *s == StatusCode::TOO_MANY_REQUESTS);
    assert!(busy.count() >= 20, "more than 18 at once");
}

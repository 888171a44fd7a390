//! Routes, starting and stopping.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, QueryRejection, StringRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

use crate::expectation::Expectations;
use crate::itf::ENDING;
use crate::web::committed::Committed;
use crate::web::error::ApiError;
use crate::web::library::Library;
use crate::web::pages::catalog::{Catalog, Verdicts};
use crate::web::pages::compare::compare;
use crate::web::pages::page::{self, Memory};
use crate::web::pages::path::Choice;
use crate::web::pages::threads::Threads;
use crate::web::pages::{ledgers, opened};
use crate::web::serving::assets;
use crate::web::serving::cache::{Cache, blocking, json};
use crate::web::serving::guard::{Hosts, guard};
use crate::web::serving::runs::{Ceiling, Order, Runs};
use crate::web::subject::{Place, Subject};

/// Largest trace file: ten thousand steps with all their variables.
pub const BODY_MAX: usize = 32 << 20;

/// Largest body of any other request: twenty thousand steps by name.
pub const ORDER_MAX: usize = 4 << 20;

/// Most steps that somebody may ask to be taken.
const CHOICES_MAX: usize = 20_000;

/// What answers are made of.
pub struct App {
    library: Arc<Library>,
    results: PathBuf,
    catalog: Bytes,
    verdicts: Bytes,
    threads: Bytes,
    ceiling: Ceiling,
    runs: Runs,
    answers: Cache<Question>,
}

/// What takes an exploration to answer.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Question {
    Trace(Subject, Memory),
    /// By a hash of the request, which may be large.
    Compare([u8; 32]),
    Cost(String),
}

type Shared = State<Arc<App>>;
type Answer = Result<Response, ApiError>;

impl App {
    /// What is there, and what is committed in the folder of results.
    pub fn new(
        mut library: Library,
        committed: Expectations,
        results: PathBuf,
        ceiling: Ceiling,
    ) -> App {
        let verdicts = json(&Verdicts::of(committed.iter()));
        library.committed = Committed::new(results.clone(), committed);
        App {
            catalog: json(&Catalog::of(&library)),
            verdicts,
            threads: json(&Threads::read(&results, &library)),
            library: Arc::new(library),
            results,
            ceiling,
            runs: Runs::new(ceiling),
            answers: Cache::default(),
        }
    }
}

/// All routes, for who asks under one of these names.
pub fn router(app: App, hosts: Hosts) -> Router {
    let api = Router::new()
        .route(
            "/catalog",
            get(|State(app): Shared| async move { body(app.catalog.clone()) }),
        )
        .route(
            "/verdicts",
            get(|State(app): Shared| async move { body(app.verdicts.clone()) }),
        )
        .route(
            "/threads",
            get(|State(app): Shared| async move { body(app.threads.clone()) }),
        )
        .route(
            "/limits",
            get(|State(app): Shared| async move { Json(app.ceiling) }),
        )
        .route("/trace", get(trace))
        .route("/start", get(start))
        .route("/itf", get(itf))
        .route("/open", post(open).layer(DefaultBodyLimit::max(BODY_MAX)))
        .route("/replay", post(replay))
        .route("/compare", post(beside))
        .route("/runs", post(begin))
        .route("/runs/{id}", axum::routing::delete(cancel))
        .route(
            "/runs/{id}/events",
            // Who asks for the head alone is no listener.
            get(listen).head(|| async {
                ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "events are listened to")
            }),
        )
        .route("/claims", get(claims))
        .route("/bugs", get(bugs))
        .route("/ablation/{scheme}", get(ablation))
        .route("/cost/{scenario}", get(cost));
    Router::new()
        .nest("/api", api)
        .fallback(assets::serve)
        .method_not_allowed_fallback(|| async {
            ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this address is not asked that way",
            )
        })
        .layer(DefaultBodyLimit::max(ORDER_MAX))
        .layer(axum::middleware::from_fn_with_state(hosts, guard))
        .with_state(Arc::new(app))
}

/// Serves on `listener`, for who asks under its address or one of the `names`.
///
/// # Errors
/// If the socket fails.
pub async fn serve(listener: TcpListener, app: App, names: &[String]) -> std::io::Result<()> {
    let address: SocketAddr = listener.local_addr()?;
    let router = router(app, Hosts::of(address, names));
    axum::serve(listener, router).await
}

fn body(bytes: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], bytes).into_response()
}

/// What a trace is asked by.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TraceQuery {
    scheme: String,
    scenario: String,
    invariant: String,
    #[serde(default)]
    without: String,
    #[serde(default)]
    memory: Memory,
}

type Asked = Result<Query<TraceQuery>, QueryRejection>;

fn asked(query: Asked) -> Result<(Subject, Memory), ApiError> {
    let Query(query) = query?;
    let without = query.without.split(',').filter(|w| !w.is_empty());
    let subject = Subject {
        place: Place {
            scheme: query.scheme,
            without: without.map(str::to_owned).collect(),
            scenario: query.scenario,
        },
        invariant: query.invariant,
    };
    Ok((subject, query.memory))
}

async fn trace(State(app): Shared, query: Asked) -> Answer {
    let (subject, memory) = asked(query)?;
    let (library, limits) = (Arc::clone(&app.library), app.ceiling.limits());
    let question = Question::Trace(subject.clone(), memory);
    let work = move || page::solve(&library, &subject, memory, limits);
    app.answers.get(question, work).await.map(body)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StartQuery {
    scenario: String,
}

async fn start(State(app): Shared, query: Result<Query<StartQuery>, QueryRejection>) -> Answer {
    let Query(StartQuery { scenario }) = query?;
    let library = Arc::clone(&app.library);
    let work = move || page::start(&library, &scenario).map(|p| json(&p));
    blocking(work).await.map(body)
}

async fn itf(State(app): Shared, query: Asked) -> Answer {
    let (subject, memory) = asked(query)?;
    let (library, limits) = (Arc::clone(&app.library), app.ceiling.limits());
    let work = move || page::file(&library, &subject, memory, limits);
    let document = app.answers.compute(work).await?;
    let name = format!("attachment; filename=\"{}{ENDING}\"", document.stem());
    Ok((
        [(header::CONTENT_DISPOSITION, name)],
        body(document.text().into()),
    )
        .into_response())
}

async fn open(State(app): Shared, text: Result<String, StringRejection>) -> Answer {
    let text = text.map_err(|e| ApiError::new(e.status(), e.body_text()))?;
    let library = Arc::clone(&app.library);
    let opened = blocking(move || opened::open(&library, &text)).await?;
    Ok(Json(opened).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplayOrder {
    subject: Subject,
    choices: Vec<Choice>,
    loop_start: Option<usize>,
}

fn few(choices: &[Choice]) -> Result<(), ApiError> {
    if choices.len() > CHOICES_MAX {
        return Err(ApiError::refused(format!(
            "{} steps; at most {CHOICES_MAX} are replayed",
            choices.len()
        )));
    }
    Ok(())
}

async fn replay(State(app): Shared, order: Result<Json<ReplayOrder>, JsonRejection>) -> Answer {
    let Json(order) = order?;
    few(&order.choices)?;
    let library = Arc::clone(&app.library);
    let work = move || {
        let ReplayOrder {
            subject,
            choices,
            loop_start,
        } = &order;
        page::replay(&library, subject, choices, *loop_start).map(|p| json(&p))
    };
    blocking(work).await.map(body)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompareOrder {
    subject: Subject,
    choices: Vec<Choice>,
    with: Place,
}

async fn beside(State(app): Shared, order: Result<Json<CompareOrder>, JsonRejection>) -> Answer {
    let Json(CompareOrder {
        subject,
        choices,
        with,
    }) = order?;
    few(&choices)?;
    let library = Arc::clone(&app.library);
    let asked = serde_json::to_vec(&(&subject, &choices, &with)).expect("plain data");
    let question = Question::Compare(Sha256::digest(asked).into());
    let work = move || compare(&library, &subject, &choices, &with);
    app.answers.get(question, work).await.map(body)
}

#[derive(Serialize)]
struct Begun {
    id: u64,
}

async fn begin(
    State(app): Shared,
    order: Result<Json<Order>, JsonRejection>,
) -> Result<(StatusCode, Json<Begun>), ApiError> {
    let Json(order) = order?;
    let id = app.runs.begin(&app.library, &order)?;
    Ok((StatusCode::ACCEPTED, Json(Begun { id })))
}

/// The number in an address.
fn number(text: &str) -> Result<u64, ApiError> {
    text.parse()
        .map_err(|_| ApiError::missing("a run is named by its number"))
}

async fn cancel(State(app): Shared, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    app.runs.cancel(number(&id)?)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn listen(State(app): Shared, Path(id): Path<String>) -> Answer {
    let news = app.runs.listen(number(&id)?)?;
    Ok(Sse::new(news)
        .keep_alive(KeepAlive::default())
        .into_response())
}

async fn claims(State(app): Shared) -> Answer {
    blocking(move || ledgers::claims(&app.results).map(|c| json(&c)))
        .await
        .map(body)
}

async fn bugs(State(app): Shared) -> Answer {
    blocking(move || ledgers::bugs(&app.results).map(|b| json(&b)))
        .await
        .map(body)
}

async fn ablation(State(app): Shared, Path(scheme): Path<String>) -> Answer {
    let work = move || ledgers::ablation(&app.library, &app.results, &scheme).map(|a| json(&a));
    blocking(work).await.map(body)
}

async fn cost(State(app): Shared, Path(scenario): Path<String>) -> Answer {
    let (library, limits) = (Arc::clone(&app.library), app.ceiling.limits());
    library.scenario(&scenario)?;
    let question = Question::Cost(scenario.clone());
    let work = move || ledgers::cost(&library, &scenario, &limits);
    app.answers.get(question, work).await.map(body)
}

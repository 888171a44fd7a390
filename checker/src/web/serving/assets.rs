//! The browser's files, built in. Nothing else is served: no path reaches the file system.

use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use include_dir::{Dir, include_dir};

use crate::web::error::ApiError;

/// `checker/web`.
static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/web");

/// Endings of the files that belong to the page.
const TYPES: [(&str, &str); 4] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("svg", "image/svg+xml"),
];

/// The type of a file by its ending.
fn media_type(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    TYPES.iter().find(|(e, _)| *e == ending).map(|(_, t)| *t)
}

/// The text of a file of the page.
pub fn text(path: &str) -> Option<&'static str> {
    media_type(path)?;
    FILES.get_file(path)?.contents_utf8()
}

/// The page's files with that ending, by path.
pub fn with_ending(ending: &str) -> Vec<(String, &'static str)> {
    let mut files = Vec::new();
    collect(&FILES, ending, &mut files);
    files.sort_unstable();
    files
}

fn collect(dir: &Dir<'static>, ending: &str, files: &mut Vec<(String, &'static str)>) {
    for file in dir.files() {
        let path = file.path();
        if path.extension().is_some_and(|e| e == ending) {
            let path = path.to_string_lossy().replace('\\', "/");
            files.extend(file.contents_utf8().map(|text| (path, text)));
        }
    }
    for dir in dir.dirs() {
        collect(dir, ending, files);
    }
}

/// Answers with the file of that path.
pub async fn serve(uri: Uri) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    match (text(path), media_type(path)) {
        (Some(text), Some(media)) => ([(header::CONTENT_TYPE, media)], text).into_response(),
        _ => ApiError::new(StatusCode::NOT_FOUND, "there is no such page").into_response(),
    }
}

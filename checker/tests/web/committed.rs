//! A counterexample that is committed is served as it is, if it still runs.

use super::*;
use foliocheck::itf::{Document, ENDING};
use foliocheck::results::Batch;
use foliocheck::web::subject::Subject;

/// A server that knows of no results, and has to search.
fn searching() -> (tempfile::TempDir, Router) {
    let empty = tempfile::tempdir().unwrap();
    let server = served(empty.path(), Ceiling::default());
    (empty, server)
}

#[tokio::test]
async fn a_search_would_find_the_same() {
    let known = server(Ceiling::default());
    let (_empty, searching) = searching();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/traces");
    let files = Batch::default().list(&folder, ENDING).unwrap();
    assert!(files.len() > 100);
    // Of every scheme's; a few will do, for a search takes longer.
    for file in files.iter().step_by(5) {
        let document = Document::parse(&std::fs::read_to_string(file).unwrap()).unwrap();
        let path = Subject::of_file(&document.subject).unwrap().path();
        let (status, committed) = get(&known, &path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        let (_, found) = get(&searching, &path).await;
        assert_eq!(committed, found, "{path}");
        assert!(
            file.to_string_lossy()
                .contains(committed["address"].as_str().unwrap())
        );
    }
}

#[tokio::test]
async fn one_that_does_not_run_any_more_is_searched_for() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(
        results.join("verdicts.json"),
        folder.path().join("verdicts.json"),
    )
    .unwrap();
    let files = Batch::default()
        .list(&results.join("traces"), ENDING)
        .unwrap();
    let file = &files[0];
    let text = std::fs::read_to_string(file).unwrap();
    let document = Document::parse(&text).unwrap();
    let path = Subject::of_file(&document.subject).unwrap().path();
    let (_, page) = get(&server(Ceiling::default()), &path).await;
    let function = &document.trace.steps[0].function;
    let other = folder.path().join("traces").join(file.file_name().unwrap());
    std::fs::create_dir(other.parent().unwrap()).unwrap();
    for broken in ["", "{}", &text.replace(function, "no_such_function")] {
        std::fs::write(&other, broken).unwrap();
        let (status, again) = get(&served(folder.path(), Ceiling::default()), &path).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(again, page);
    }
}

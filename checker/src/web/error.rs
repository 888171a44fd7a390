//! What is answered where nothing can be: a status and a message.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

pub use crate::causes::chain;

/// A refusal.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    status: StatusCode,
    message: String,
    erring: bool,
}

#[derive(Serialize)]
struct Body {
    error: String,
    /// The model errs, and the steps to there are known: they are the trace of `errors`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    erring: bool,
}

/// So many names are listed in a message.
const NAMES_MAX: usize = 60;

impl ApiError {
    /// A refusal with that status.
    pub fn new(status: StatusCode, message: impl Into<String>) -> ApiError {
        ApiError {
            status,
            message: message.into(),
            erring: false,
        }
    }

    /// The same, for an error of the model to which the steps are known.
    #[must_use]
    pub fn erring(self) -> ApiError {
        ApiError {
            erring: true,
            ..self
        }
    }

    /// What was asked for cannot be done.
    pub fn refused(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, message)
    }

    /// There is no such thing.
    pub fn missing(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, message)
    }

    /// There is no such thing; these there are.
    pub fn unknown<S: AsRef<str>>(
        kind: &str,
        name: &str,
        all: impl IntoIterator<Item = S>,
    ) -> ApiError {
        let mut names = String::new();
        for (n, item) in all.into_iter().enumerate() {
            if n == NAMES_MAX {
                names.push_str(", ...");
                break;
            }
            let comma = if n == 0 { "" } else { ", " };
            let _ = write!(names, "{comma}{}", item.as_ref());
        }
        if names.is_empty() {
            names.push_str("none");
        }
        let name: String = name.chars().take(80).collect();
        ApiError::missing(format!("no {kind} `{name}`; there are: {names}"))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Body {
            error: self.message,
            erring: self.erring,
        };
        (self.status, Json(body)).into_response()
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> ApiError {
        ApiError::new(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> ApiError {
        ApiError::new(rejection.status(), rejection.body_text())
    }
}

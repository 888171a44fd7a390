//! Who may ask, and what a page may do.
//!
//! A page of another site can make a browser send requests to this server, under the name of that site
//! if it controls its DNS: requests whose `Host` is not one of ours are refused, and those whose `Origin`
//! is another's. What changes anything must be JSON, which another site's page cannot send unasked.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::header::{HOST, HeaderName, HeaderValue, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::web::error::ApiError;

/// Names under which the server may be asked.
#[derive(Clone, Debug)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// Those of an address, and others, given without port.
    pub fn of(address: SocketAddr, others: &[String]) -> Hosts {
        let port = address.port();
        let mut names = vec![address.to_string()];
        if address.ip().is_loopback() {
            for name in ["127.0.0.1", "localhost", "[::1]"] {
                names.push(format!("{name}:{port}"));
            }
        }
        for other in others {
            names.push(other.to_ascii_lowercase());
            names.push(format!("{}:{port}", other.to_ascii_lowercase()));
        }
        Hosts(names)
    }

    fn knows(&self, host: &str) -> bool {
        self.0.iter().any(|name| name.eq_ignore_ascii_case(host))
    }

    fn check(&self, request: &Request) -> Result<(), ApiError> {
        let headers = request.headers();
        once(headers, &HOST)?;
        once(headers, &ORIGIN)?;
        if request.uri().authority().is_some() {
            // Which of two names is meant, this one or `Host`, is not for a server to guess.
            return Err(ApiError::refused("expected a path, not a whole address"));
        }
        let text = |value: Option<&HeaderValue>| {
            value
                .and_then(|v| v.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let host = text(headers.get(HOST));
        if !self.knows(&host) {
            return Err(ApiError::new(
                StatusCode::MISDIRECTED_REQUEST,
                format!(
                    "this server is not `{}`; it answers as {}",
                    host.chars().take(80).collect::<String>(),
                    self.0.join(", ")
                ),
            ));
        }
        let origin = headers.get(ORIGIN);
        let ours = text(origin)
            .strip_prefix("http://")
            .is_some_and(|o| self.knows(o));
        if origin.is_some() && !ours {
            return Err(foreign());
        }
        // Browsers say who asks, even where no `Origin` is sent: an image, a script, a link of another site.
        let site = text(headers.get("sec-fetch-site"));
        let inside = ["", "same-origin", "none"].contains(&site.as_str());
        let api = request.uri().path().starts_with("/api");
        if api && !inside {
            return Err(foreign());
        }
        Ok(())
    }
}

fn foreign() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "requests from pages of other sites are not answered",
    )
}

/// The header is not there twice.
fn once(headers: &HeaderMap, name: &HeaderName) -> Result<(), ApiError> {
    match headers.get_all(name).iter().count() {
        0 | 1 => Ok(()),
        n => Err(ApiError::refused(format!(
            "{n} headers `{name}`; expected one"
        ))),
    }
}

/// What a page of this server may load and do.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'";

/// Refuses strangers, and tells the browser what to refuse.
pub async fn guard(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let mut response = match hosts.check(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-cache"),
    ] {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

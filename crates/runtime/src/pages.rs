//! Pages a service adds to the admin listener: what an operator asks for by hand, as JSON.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use httpkit::Json;
use serde::Serialize;

type Page = Arc<dyn Fn() -> Response + Send + Sync>;

/// The pages of one service, by path. The admin listener serves before the service has started, so
/// pages may come later.
#[derive(Clone, Default)]
pub struct Pages(Arc<RwLock<BTreeMap<&'static str, Page>>>);

impl Pages {
    /// Shows what `make` answers at `path`, for example `/pools`.
    pub fn add<T: Serialize + 'static>(
        &self,
        path: &'static str,
        make: impl Fn() -> T + Send + Sync + 'static,
    ) {
        let page: Page = Arc::new(move || Json(make()).into_response());
        let mut pages = self.0.write().unwrap_or_else(PoisonError::into_inner);
        pages.insert(path, page);
    }

    pub(crate) fn answer(&self, path: &str) -> Response {
        let pages = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let page = pages.get(path).map(Arc::clone);
        drop(pages);
        page.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |page| page())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_is_found_by_its_path_alone() {
        let pages = Pages::default();
        pages.add("/pools", || ["busy"]);
        assert_eq!(pages.answer("/pools").status(), StatusCode::OK);
        assert_eq!(pages.answer("/other").status(), StatusCode::NOT_FOUND);
    }
}

//! A link as a QR code, for its owner: whoever scans it has the address.

use std::io::Cursor;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::{QRBuilder, QRCode};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use httpkit::{Problem, Query};
use image::{GrayImage, ImageFormat, Luma};
use kernel::LinkId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::access::Managed;
use super::routes::origin;
use crate::code::{Address, Code};
use crate::state::Shortener;

/// Light modules around the code (ISO/IEC 18004 §6.3.8).
const QUIET_ZONE: usize = 4;
/// Dots of the picture to a module: a code of 41 modules is 392 dots wide, and prints.
const SCALE: usize = 8;

/// How it is drawn.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Drawing {
    /// `svg` when left out.
    #[serde(default)]
    #[param(inline)]
    format: Format,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Svg,
    Png,
}

/// A link's address as a QR code.
#[utoipa::path(
    get, path = "/api/v1/links/{id}/qr", tag = "links", operation_id = "get_link_qr_code",
    security(("bearer" = [])),
    params(("id" = LinkId, Path), Drawing),
    responses(
        (status = 200, description = "A picture", content((String = "image/svg+xml"), (Vec<u8> = "image/png"))),
        (status = 404, description = "No such link, or not yours to see"),
    )
)]
pub(super) async fn get_qr_code(
    State(shortener): State<Arc<Shortener>>,
    Managed { link, .. }: Managed,
    Query(drawing): Query<Drawing>,
) -> Result<Response, Problem> {
    let code = Code::open(&shortener.seal, link.id, &link.sealed_code);
    let path = Address::Code(code.map_err(Problem::internal)?).path();
    let url = format!("{}{path}", origin(&shortener, link.tenant_id).await?);
    let drawn = QRBuilder::new(url.as_str()).build();
    let drawn = drawn.map_err(|error| Problem::internal(error.to_string()))?;
    let (kind, picture) = match drawing.format {
        Format::Svg => (
            "image/svg+xml",
            SvgBuilder::default().to_str(&drawn).into_bytes(),
        ),
        Format::Png => ("image/png", png(&drawn)?),
    };
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok((headers, picture).into_response())
}

fn png(code: &QRCode) -> Result<Vec<u8>, Problem> {
    let side = u32::try_from((code.size + 2 * QUIET_ZONE) * SCALE).map_err(Problem::internal)?;
    let picture = GrayImage::from_fn(side, side, |x, y| {
        let module = |at: u32| {
            usize::try_from(at)
                .ok()?
                .checked_div(SCALE)?
                .checked_sub(QUIET_ZONE)
        };
        let dark = module(x)
            .zip(module(y))
            .is_some_and(|(x, y)| is_dark(code, x, y));
        Luma([if dark { 0 } else { u8::MAX }])
    });
    let mut file = Cursor::new(Vec::new());
    let written = picture.write_to(&mut file, ImageFormat::Png);
    written.map_err(Problem::internal)?;
    Ok(file.into_inner())
}

fn is_dark(code: &QRCode, x: usize, y: usize) -> bool {
    let inside = x < code.size && y < code.size;
    let module = inside.then(|| code.data.get(y * code.size + x)).flatten();
    module.is_some_and(|module| module.value())
}

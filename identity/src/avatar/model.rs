//! What a picture may be, and how it is drawn anew. Takes its time: not for the threads that serve requests.

use std::io::Cursor;

use axum::http::StatusCode;
use httpkit::Problem;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops;
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage,
};

/// Both sides of the pictures that are served, in pixels.
pub(super) const SIDE: u32 = 256;
/// Longest side of a picture that comes in, in pixels.
pub(super) const MAX_SIDE: u32 = 4096;
/// Memory for one decoded picture: the largest with four channels, and what its decoder needs beside it.
const MAX_ALLOC_BYTES: u64 = 96 * 1024 * 1024;
/// What stands behind transparent parts.
const PAPER: u8 = 255;

/// Why a picture is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum PictureError {
    /// More pixels than there is memory for.
    #[error("the picture is too large")]
    TooLarge,
    /// Not what it says to be, or broken.
    #[error("read the picture")]
    Unreadable(#[source] ImageError),
    /// Ours could not be written.
    #[error("write the picture")]
    Write(#[source] ImageError),
}

impl From<PictureError> for Problem {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::TooLarge => {
                let detail = format!(
                    "a picture has at most {MAX_SIDE} pixels a side, and 96 MiB when it is decoded"
                );
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "picture_too_large").with_detail(detail)
            }
            PictureError::Unreadable(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "picture_unreadable")
                    .with_detail("the body is not a whole picture of its content type")
                    .with_cause(error)
            }
            PictureError::Write(_) => Self::internal(error),
        }
    }
}

/// The format that a content type names, of those that are taken.
pub(super) fn format_of(content_type: &str) -> Option<ImageFormat> {
    match content_type {
        "image/png" => Some(ImageFormat::Png),
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/webp" => Some(ImageFormat::WebP),
        "image/gif" => Some(ImageFormat::Gif),
        _ => None,
    }
}

/// Draws the middle of a picture as a square PNG; of one that moves, its first frame.
pub(super) fn redraw(file: &[u8], format: ImageFormat) -> Result<Vec<u8>, PictureError> {
    let picture = decode(file, format)?;
    let middle = middle(&picture).resize_exact(SIDE, SIDE, imageops::FilterType::CatmullRom);
    let square = on_paper(&middle);
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(
        Cursor::new(&mut png),
        CompressionType::Default,
        FilterType::Adaptive,
    );
    let written = square.write_with_encoder(encoder);
    written.map_err(PictureError::Write)?;
    Ok(png)
}

/// The largest square in the middle. Cut before the size changes: a thin strip that is scaled to fill a square would be
/// a million pixels long on the way.
fn middle(picture: &DynamicImage) -> DynamicImage {
    let (width, height) = (picture.width(), picture.height());
    let side = width.min(height);
    picture.crop_imm((width - side) / 2, (height - side) / 2, side, side)
}

/// The pixels, the right way up. The size is read from the head of the file and judged before anything is decoded.
fn decode(file: &[u8], format: ImageFormat) -> Result<DynamicImage, PictureError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOC_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(refused)?;
    limits
        .check_dimensions(decoder.dimensions().0, decoder.dimensions().1)
        .map_err(refused)?;
    limits.reserve(decoder.total_bytes()).map_err(refused)?;
    // Told by metadata, which does not come along.
    let orientation = decoder.orientation().map_err(refused)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn refused(error: ImageError) -> PictureError {
    match error {
        ImageError::Limits(_) => PictureError::TooLarge,
        other => PictureError::Unreadable(other),
    }
}

/// Without transparency: the size of what is kept is bounded so, and it looks the same on every page.
fn on_paper(picture: &DynamicImage) -> RgbImage {
    let seen = picture.to_rgba8();
    RgbImage::from_fn(seen.width(), seen.height(), |x, y| {
        let [red, green, blue, alpha] = seen.get_pixel(x, y).0;
        Rgb([red, green, blue].map(|channel| blend(channel, alpha)))
    })
}

fn blend(channel: u8, alpha: u8) -> u8 {
    let (channel, alpha) = (u32::from(channel), u32::from(alpha));
    let mixed = (channel * alpha + u32::from(PAPER) * (255 - alpha) + 127) / 255;
    u8::try_from(mixed).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};

    use super::*;

    fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    fn drawn(file: &[u8], format: ImageFormat) -> RgbImage {
        let png = redraw(file, format).unwrap();
        let decoded = image::load_from_memory_with_format(&png, ImageFormat::Png);
        decoded.unwrap().into_rgb8()
    }

    #[test]
    fn every_format_becomes_a_square() {
        let red = DynamicImage::from(RgbImage::from_pixel(300, 40, Rgb([200, 0, 0])));
        for format in [
            ImageFormat::Png,
            ImageFormat::Jpeg,
            ImageFormat::WebP,
            ImageFormat::Gif,
        ] {
            let square = drawn(&file(&red, format), format);
            assert_eq!(square.dimensions(), (SIDE, SIDE), "{format:?}");
            let [red, green, _] = square.get_pixel(128, 128).0;
            assert!(red > 190 && green < 20, "{format:?}: {red} {green}");
        }
    }

    #[test]
    fn strips_are_cut_before_they_are_scaled() {
        for (width, height) in [(MAX_SIDE, 1), (1, MAX_SIDE), (1, 1), (5, 2)] {
            let strip = DynamicImage::from(RgbImage::new(width, height));
            let cut = middle(&strip);
            let side = width.min(height);
            assert_eq!((cut.width(), cut.height()), (side, side));
            let square = drawn(&file(&strip, ImageFormat::Png), ImageFormat::Png);
            assert_eq!(square.dimensions(), (SIDE, SIDE));
        }
    }

    #[test]
    fn what_is_transparent_is_white() {
        let nothing = DynamicImage::from(RgbaImage::from_pixel(9, 9, Rgba([1, 2, 3, 0])));
        let square = drawn(&file(&nothing, ImageFormat::Png), ImageFormat::Png);
        assert_eq!(square.get_pixel(0, 0).0, [255; 3]);
        for (channel, alpha, seen) in [(7, 255, 7), (0, 128, 127), (255, 3, 255)] {
            assert_eq!(blend(channel, alpha), seen);
        }
    }

    /// A JPEG whose metadata say that it lies on its side, and where it was taken.
    fn tagged(width: u32, height: u32, orientation: u8) -> Vec<u8> {
        let halves = RgbImage::from_fn(width, height, |x, _| {
            Rgb(if x < width / 2 {
                [255, 0, 0]
            } else {
                [0, 0, 255]
            })
        });
        let plain = file(&DynamicImage::from(halves), ImageFormat::Jpeg);
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        exif.extend(b"Villa Savoye, 48.9245 N");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let (start, rest) = plain.split_at(2);
        [start, &[0xff, 0xe1], &length, &exif, rest].concat()
    }

    #[test]
    fn metadata_turn_the_picture_and_do_not_come_along() {
        let file = tagged(64, 64, 6);
        let png = redraw(&file, ImageFormat::Jpeg).unwrap();
        for trace in [&b"Exif"[..], b"Villa", b"eXIf", b"tEXt", b"iCCP"] {
            let found = png.windows(trace.len()).any(|part| part == trace);
            assert!(!found, "{trace:?}");
        }
        let square = drawn(&file, ImageFormat::Jpeg);
        let [red, ..] = square.get_pixel(128, 20).0;
        let [.., blue] = square.get_pixel(128, 236).0;
        assert!(red > 200 && blue > 200, "left is now on top: {red} {blue}");
    }

    #[test]
    fn nothing_behind_the_picture_comes_along() {
        let dot = DynamicImage::from(RgbImage::new(2, 2));
        let mut polyglot = file(&dot, ImageFormat::Png);
        polyglot.extend(b"<script>alert(1)</script>PK\x03\x04");
        let png = redraw(&polyglot, ImageFormat::Png).unwrap();
        assert!(!png.windows(7).any(|part| part == b"<script"));
    }

    #[test]
    fn noise_fits_into_its_column() {
        let mut seed = 1_u32;
        let noise = RgbaImage::from_fn(SIDE, SIDE, |_, _| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Rgba(seed.to_be_bytes())
        });
        let file = file(&DynamicImage::from(noise), ImageFormat::Png);
        let png = redraw(&file, ImageFormat::Png).unwrap();
        assert!(png.len() <= 262_144, "{}", png.len());
    }

    /// The head of a PNG of that size, and next to no data: a bomb.
    fn bomb(width: u32, height: u32) -> Vec<u8> {
        let dot = file(&DynamicImage::from(RgbImage::new(1, 1)), ImageFormat::Png);
        let mut file = dot;
        file[16..20].copy_from_slice(&width.to_be_bytes());
        file[20..24].copy_from_slice(&height.to_be_bytes());
        let sum = crc32(&file[12..29]).to_be_bytes();
        file[29..33].copy_from_slice(&sum);
        file
    }

    /// The checksum of PNG (RFC 2083 §15).
    fn crc32(bytes: &[u8]) -> u32 {
        let step = |sum: u32, byte: &u8| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                (sum >> 1) ^ (0xedb8_8320 * (sum & 1))
            })
        };
        !bytes.iter().fold(u32::MAX, step)
    }

    #[test]
    fn pictures_of_too_many_pixels_are_refused_by_their_head() {
        for (width, height) in [(65_500, 65_500), (MAX_SIDE + 1, 1), (1, MAX_SIDE + 1)] {
            let error = redraw(&bomb(width, height), ImageFormat::Png).unwrap_err();
            assert!(matches!(error, PictureError::TooLarge), "{width}: {error}");
        }
        let widest = DynamicImage::from(RgbImage::new(MAX_SIDE, 1));
        assert!(redraw(&file(&widest, ImageFormat::Png), ImageFormat::Png).is_ok());
    }

    #[test]
    fn what_is_no_whole_picture_of_its_type_is_refused() {
        let dots = RgbImage::from_fn(64, 64, |x, y| {
            Rgb([x, y, x ^ y].map(|part| u8::try_from(part).unwrap()))
        });
        let png = file(&DynamicImage::from(dots), ImageFormat::Png);
        let half = &png[..png.len() / 2];
        for (file, format) in [
            (&png[..], ImageFormat::Jpeg),
            (half, ImageFormat::Png),
            (b"<svg onload='alert(1)'/>", ImageFormat::Png),
            (b"", ImageFormat::Gif),
            (b"GIF89a", ImageFormat::Gif),
            (b"RIFF\x04\0\0\0WEBP", ImageFormat::WebP),
        ] {
            let error = redraw(file, format).unwrap_err();
            assert!(matches!(error, PictureError::Unreadable(_)), "{error}");
        }
    }

    #[test]
    fn four_formats_are_taken() {
        for taken in ["image/png", "image/jpeg", "image/webp", "image/gif"] {
            assert!(format_of(taken).is_some(), "{taken}");
        }
        for other in ["image/svg+xml", "image/tiff", "text/html", "image/PNG ", ""] {
            assert_eq!(format_of(other), None, "{other}");
        }
    }
}

//! Pictures of people: drawn anew, shown to who works with them, gone when they are removed.

use std::io::Cursor;

use axum::http::Method;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::Value;

use crate::call::Answer;
use crate::world::{Organization, World};

const OWN: &str = "/api/v1/auth/avatar";

/// A file with a picture in it.
pub(crate) fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        Rgb([x, y, x ^ y].map(|part| u8::try_from(part % 256).unwrap()))
    });
    let mut file = Cursor::new(Vec::new());
    let written = DynamicImage::from(pixels).write_to(&mut file, format);
    written.unwrap();
    file.into_inner()
}

/// The bytes of one's own picture.
pub(crate) async fn served(world: &World, at: &Organization, bearer: &str) -> Vec<u8> {
    let call = world.get("/api/v1/auth/profile").at(at.id).bearer(bearer);
    let url = call.send().await.expect(200).text("avatar_url");
    let call = world.get(&url).at(at.id).bearer(bearer);
    call.send().await.expect(200).raw.to_vec()
}

async fn put(world: &World, at: &Organization, bearer: &str, kind: &str, file: &[u8]) -> Answer {
    let call = world.call(Method::PUT, OWN).at(at.id).bearer(bearer);
    call.file(kind, file).send().await
}

#[tokio::test]
async fn a_picture_is_drawn_anew_and_shown_to_members() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let grace = world.member(&acme, "grace@example.com", "viewer").await;
    let grace = grace.text("access_token");
    let get = async |path: &str, bearer: &str| {
        let call = world.get(path).at(acme.id).bearer(bearer);
        call.send().await
    };
    let before = get("/api/v1/auth/profile", &acme.owner).await;
    assert_eq!(before.body["avatar_url"], Value::Null);
    let path = format!("/api/v1/users/{}/avatar", acme.owner_id);
    get(&path, &grace).await.expect(404);

    let mut urls = Vec::new();
    for (kind, format) in [
        ("image/png", ImageFormat::Png),
        ("image/jpeg", ImageFormat::Jpeg),
        ("image/webp", ImageFormat::WebP),
        ("image/gif", ImageFormat::Gif),
    ] {
        let file = picture(40, 300, format);
        let kept = put(&world, &acme, &acme.owner, kind, &file)
            .await
            .expect(200);
        let url = kept.text("avatar_url");
        let shown = get(&url, &grace).await.expect(200);
        assert_eq!(shown.headers["content-type"], "image/png", "{kind}");
        let drawn = image::load_from_memory_with_format(&shown.raw, ImageFormat::Png).unwrap();
        assert_eq!((drawn.width(), drawn.height()), (256, 256), "{kind}");
        urls.push(url);
    }
    let last = urls.pop().unwrap();
    assert!(!urls.contains(&last), "another picture has another address");
    let profile = get("/api/v1/auth/profile", &acme.owner).await;
    assert_eq!(profile.body["avatar_url"], last);
    assert_eq!(profile.body["version"], 5, "a new address is a new version");
    let member = get(&format!("/api/v1/users/{}", acme.owner_id), &grace).await;
    assert_eq!(member.body["avatar_url"], last);
    let members = get("/api/v1/users", &grace).await;
    assert_eq!(members.body["items"][0]["avatar_url"], last);
    assert_eq!(members.body["items"][1]["avatar_url"], Value::Null);
    world.close().await;
}

#[tokio::test]
async fn a_picture_says_how_it_may_be_kept_and_shown() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let file = picture(8, 8, ImageFormat::Png);
    let kept = put(&world, &acme, &acme.owner, "image/png", &file).await;
    let url = kept.expect(200).text("avatar_url");
    let get = async |tag: &str| {
        let call = world.get(&url).at(acme.id).bearer(&acme.owner);
        call.header("if-none-match", tag).send().await
    };
    let shown = get("\"other\"").await.expect(200);
    for (name, value) in [
        ("cache-control", "private, max-age=300"),
        ("vary", "Authorization, Cookie"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", "inline; filename=\"avatar.png\""),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'; sandbox",
        ),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(shown.headers[name], value);
    }
    let tag = shown.headers["etag"].to_str().unwrap().to_owned();
    assert!(url.contains(tag.trim_matches('"')), "{url} {tag}");
    for at_hand in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let same = get(&at_hand).await.expect(304);
        assert!(same.raw.is_empty());
        assert_eq!(same.headers["etag"].to_str().unwrap(), tag);
        assert_eq!(same.headers["cache-control"], "private, max-age=300");
    }
    world.close().await;
}

#[tokio::test]
async fn nobody_elsewhere_learns_of_a_picture() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let file = picture(8, 8, ImageFormat::Png);
    let kept = put(&world, &acme, &acme.owner, "image/png", &file).await;
    let url = kept.expect(200).text("avatar_url");
    for tag in ["\"x\"", "*"] {
        let call = world.get(&url).at(zeta.id).bearer(&zeta.owner);
        let refused = call.header("if-none-match", tag).send().await;
        assert_eq!(refused.problem(), (404, "not_found"));
    }
    let nobody = world.get(&url).at(acme.id).send().await;
    assert_eq!(nobody.status, 401);
    // Who left is not shown any more.
    let grace = world.member(&acme, "grace@example.com", "member").await;
    let bearer = grace.text("access_token");
    let kept = put(&world, &acme, &bearer, "image/png", &file).await;
    let url = kept.expect(200).text("avatar_url");
    let call = world.delete("/api/v1/users/me").at(acme.id).bearer(&bearer);
    call.send().await.expect(204);
    let call = world.get(&url).at(acme.id).bearer(&acme.owner);
    call.send().await.expect(404);
    world.close().await;
}

#[tokio::test]
async fn what_is_no_picture_is_refused_and_the_one_before_stays() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let file = picture(8, 8, ImageFormat::Png);
    let kept = put(&world, &acme, &acme.owner, "image/png", &file).await;
    kept.expect(200);
    let wide = picture(4097, 1, ImageFormat::Png);
    let large = vec![0; 1024 * 1024 + 1];
    for (kind, file, refusal) in [
        ("image/svg+xml", &file[..], (415, "unsupported_media_type")),
        ("text/html", &file, (415, "unsupported_media_type")),
        ("image/jpeg", &file, (422, "picture_unreadable")),
        ("image/png", &file[..40], (422, "picture_unreadable")),
        ("image/png", b"<script>", (422, "picture_unreadable")),
        ("image/gif", b"", (422, "picture_unreadable")),
        ("image/png", &wide, (422, "picture_too_large")),
        ("image/png", &large, (413, "body_too_large")),
    ] {
        let refused = put(&world, &acme, &acme.owner, kind, file).await;
        assert_eq!(refused.problem(), refusal, "{kind}");
    }
    served(&world, &acme, &acme.owner).await;
    world.close().await;
}

#[tokio::test]
async fn a_removed_picture_is_gone() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let file = picture(8, 8, ImageFormat::Png);
    let kept = put(&world, &acme, &acme.owner, "image/png", &file).await;
    let url = kept.expect(200).text("avatar_url");
    let remove = async || {
        let call = world.delete(OWN).at(acme.id).bearer(&acme.owner);
        call.send().await
    };
    remove().await.expect(204);
    remove().await.expect(404);
    let call = world.get(&url).at(acme.id).bearer(&acme.owner);
    call.header("if-none-match", "*").send().await.expect(404);
    let call = world.get("/api/v1/auth/profile").at(acme.id);
    let profile = call.bearer(&acme.owner).send().await.expect(200);
    assert_eq!(profile.body["avatar_url"], Value::Null);
    world.close().await;
}

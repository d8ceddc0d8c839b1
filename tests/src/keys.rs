//! Access tokens that identity would not sign, signed with its own key: what a door must refuse for other reasons than
//! a bad signature.

use httpkit::tokens::{AccessSigner, SEED_BYTES};
use kernel::SealKey;

use crate::Sql;
use crate::dev::service_setting;

/// The key that identity signs with now.
pub async fn signing_key() -> AccessSigner {
    let identity = Sql::platform("identity").await;
    let newest = "select kid || ' ' || encode(sealed_private, 'hex') from signing_keys
        where coalesce(retired_at > now(), true) and coalesce(signs_from, created_at) <= now()
        order by coalesce(signs_from, created_at) desc limit 1";
    let row = identity.texts(newest, &[]).await.remove(0);
    let (kid, sealed) = row.split_once(' ').expect("two words");
    let sealed: Vec<u8> = sealed
        .as_bytes()
        .chunks(2)
        .map(|pair| str::from_utf8(pair).expect("ASCII"))
        .map(|pair| u8::from_str_radix(pair, 16).expect("hex"))
        .collect();
    let key = SealKey::parse(&service_setting("IDENTITY_SEAL_KEY")).expect("a seal key");
    let context = format!("signing-key:{kid}");
    let seed = key.open(&sealed, context.as_bytes()).expect("a sealed key");
    let seed: &[u8; SEED_BYTES] = seed.as_slice().try_into().expect("32 bytes");
    AccessSigner::new(kid, seed)
}

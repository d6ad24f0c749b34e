//! Measures the functions that a callback is built from, against the crates below them.
//!
//! Run with `cargo bench --bench core`.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod fixture;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tower_wechat::callback::Mode;
use tower_wechat::callback::crypto::AesKey;
use tower_wechat::callback::signature::{Signature, sign};
use tower_wechat::{AppId, Message};

use fixture::document::{Document, Pushed, json};
use fixture::parts::{Primitives, digest, reply_to};
use fixture::{AES_KEY, APPID, TOKEN, answering, callback, now, quiet, send};

fn signature(criterion: &mut Criterion) {
    let encrypt = "Aa0+".repeat(150);
    let plain = [TOKEN, "1767225600", "n1"];
    let sealed = [TOKEN, "1767225600", "n1", &encrypt];
    let received = [sign(plain), sign(sealed)].map(|signature| signature.to_string());
    let mut group = criterion.benchmark_group("signature");
    group.bench_function("plain/sha1", |b| b.iter(|| digest(black_box(&plain))));
    group.bench_function("plain/verify", |b| {
        b.iter(|| Signature::parse(black_box(&received[0])) == Some(sign(black_box(plain))));
    });
    group.bench_function("msg_600/sha1", |b| b.iter(|| digest(black_box(&sealed))));
    group.bench_function("msg_600/verify", |b| {
        b.iter(|| Signature::parse(black_box(&received[1])) == Some(sign(black_box(sealed))));
    });
    group.finish();
}

fn cipher(criterion: &mut Criterion) {
    let (key, bare) = (AesKey::parse(AES_KEY).unwrap(), Primitives::new());
    for (name, document) in Document::ALL {
        let document = document.number(1);
        let encrypted = key.encrypt(&document, APPID, [7; 16]);
        let mut group = criterion.benchmark_group(format!("cipher/{name}"));
        group.throughput(Throughput::Bytes(document.len() as u64));
        group.bench_function("decrypt", |b| b.iter(|| key.decrypt(&encrypted).unwrap()));
        group.bench_function("decrypt_base64_cbc", |b| {
            b.iter(|| bare.decrypt(&encrypted));
        });
        group.bench_function("encrypt", |b| {
            b.iter(|| key.encrypt(&document, APPID, [7; 16]));
        });
        group.bench_function("encrypt_cbc_base64", |b| b.iter(|| bare.encrypt(&document)));
        group.finish();
    }
}

fn document(criterion: &mut Criterion) {
    let appid = AppId::new(APPID).unwrap();
    let parse = |document: String| Message::parse(appid.clone(), document).unwrap();
    for (name, document) in Document::ALL {
        let document = document.number(1);
        let mut group = criterion.benchmark_group(format!("xml/{name}"));
        group.throughput(Throughput::Bytes(document.len() as u64));
        group.bench_function("message", |b| {
            b.iter_batched(|| document.clone(), parse, BatchSize::SmallInput);
        });
        group.bench_function("quick_xml_serde", |b| {
            b.iter(|| quick_xml::de::from_str::<Pushed>(&document).unwrap());
        });
        group.finish();
    }
    let document = json();
    let mut group = criterion.benchmark_group("json/text");
    group.throughput(Throughput::Bytes(document.len() as u64));
    group.bench_function("message", |b| {
        b.iter_batched(|| document.clone(), parse, BatchSize::SmallInput);
    });
    group.bench_function("serde_json_struct", |b| {
        b.iter(|| serde_json::from_str::<Pushed>(&document).unwrap());
    });
    group.bench_function("serde_json_value", |b| {
        b.iter(|| serde_json::from_str::<serde_json::Value>(&document).unwrap());
    });
    group.finish();
}

/// The cost of an encrypted reply is the difference between `text` and `success`.
fn encrypted_reply(criterion: &mut Criterion) {
    let push = || Document::Text(400).push(Mode::Secure);
    let mut quiet = callback(Mode::Secure, quiet());
    let mut answering = callback(Mode::Secure, answering());
    let document = reply_to(&push());
    let bare = Primitives::new();
    let mut group = criterion.benchmark_group("reply/secure");
    // Each push is new: replay protection would recognise a copy and skip the handler.
    group.bench_function("success", |b| {
        b.iter_batched(
            push,
            |push| now(send(&mut quiet, &push)),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("text", |b| {
        b.iter_batched(
            push,
            |push| now(send(&mut answering, &push)),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("cbc_base64_sha1", |b| b.iter(|| bare.seal(&document)));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .without_plots()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300));
    targets = signature, cipher, document, encrypted_reply
}
criterion_main!(benches);

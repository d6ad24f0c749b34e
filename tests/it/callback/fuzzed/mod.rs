//! The bodies of the fuzz targets as property tests: fewer inputs, but on every run.

mod bodies;

use proptest::prelude::*;

/// Generates input similar to what the body expects, damaged input, and arbitrary bytes.
fn alike(samples: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let damaged = (
        0..samples.len(),
        any::<prop::sample::Index>(),
        0..6usize,
        prop::collection::vec(any::<u8>(), 0..4),
    );
    let damaged = damaged.prop_map(|(sample, at, len, with)| {
        let mut bytes = samples[sample].as_bytes().to_vec();
        let at = at.index(bytes.len());
        let end = (at + len).min(bytes.len());
        bytes.splice(at..end, with);
        bytes
    });
    prop_oneof![
        3 => damaged,
        1 => "[<>/!\\[\\]CDATAxml&;#x{}:\",0-9 \u{1}你]{0,60}".prop_map(String::into_bytes),
        1 => any::<Vec<u8>>(),
    ]
}

fn with_choice(bytes: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (any::<u8>(), bytes).prop_map(|(choice, mut bytes)| {
        bytes.insert(0, choice);
        bytes
    })
}

/// Generates whole blocks that end in padding, which may be damaged.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let content = prop::collection::vec(0..128u8, 0..80);
    let damage = prop::option::of((1..40usize, any::<u8>()));
    (content, 0..40u8, 0..90u8, damage).prop_map(|(mut content, pad, len, damage)| {
        if let Some(field) = content.get_mut(16..20) {
            field.copy_from_slice(&[0, 0, 0, len]);
        }
        content.resize(content.len() + usize::from(pad), pad);
        content.resize(content.len().div_ceil(16) * 16, pad);
        if let Some((before_end, with)) = damage
            && let Some(at) = content.len().checked_sub(before_end)
        {
            content[at] ^= with;
        }
        content.insert(0, 2);
        content
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn query(data in with_choice(alike(&[
        "timestamp=1767225600&nonce=n&echostr=4375120948345356249",
        "timestamp=1767225600&nonce=a%2Bb+c&openid=o1",
        "timestamp=1767225600&nonce=n&nonce=n&echostr=1",
        "timestamp=1767225600&timestamp=1767225601&nonce=n&echostr=1",
        "timestamp=1767225600&nonce=n&encrypt_type=aes&msg_signature=",
    ]))) {
        bodies::query(&data);
    }

    #[test]
    fn xml(data in alike(&[
        "<?xml version=\"1.0\"?><xml><ToUserName a=\"b\"><![CDATA[gh_1 ]]></ToUserName>\
         <FromUserName> o1&lt;&#x41; </FromUserName><L><I><A/></I><I>2</I></L></xml>",
    ])) {
        bodies::xml(&data);
    }

    #[test]
    fn flat(data in alike(&[
        "<ToUserName><![CDATA[gh_1 ]]></ToUserName>\n<FromUserName> o1 </FromUserName><A></A>",
        "<Content><![CDATA[<a href=\"x\">]]]></Content><B>1</B>\r\n<C>\u{a0}2</C>",
    ])) {
        bodies::flat(&data);
    }

    #[test]
    fn typed(data in with_choice(alike(&[
        "x]]></Content><MsgId>1</MsgId><Content><![CDATA[y",
        "k]]></EventKey><Ticket><![CDATA[E]]></Ticket><EventKey><![CDATA[<!--",
        "u]]></Url></xml><xml><Title><![CDATA[t]]></Title><Url><![CDATA[",
        "if (a[b[0]]>1 && c<2) { \"你\" }",
    ]))) {
        bodies::typed(&data);
    }

    #[test]
    fn json(data in alike(&[
        r#"{"ToUserName":"gh_1\u4f60\n","FromUserName":"o1","B":[1,{"C":null}],"E":"\\"}"#,
    ])) {
        bodies::json(&data);
    }

    #[test]
    fn decrypt(data in prop_oneof![frame(), with_choice(any::<Vec<u8>>()), with_choice(alike(&[
        "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3Qc==",
    ]))]) {
        bodies::decrypt(&data);
    }

    #[test]
    fn reply(data in with_choice(prop_oneof![
        any::<String>().prop_map(String::into_bytes),
        "[\\]><!&a\u{0}\u{1}\u{ffff}\" 你]{0,40}".prop_map(String::into_bytes),
        any::<Vec<u8>>(),
    ])) {
        bodies::reply(&data);
    }
}

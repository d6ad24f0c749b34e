//! Other methods, and the verification of the URL.

use super::*;

refused! {
    head: Secure Method, |push| push.method = Method::HEAD;
    put: Secure Method, |push| push.method = Method::PUT;
    delete: Secure Method, |push| push.method = Method::DELETE;
    patch: Plaintext Method, |push| push.method = Method::PATCH;
    options: Secure Method, |push| push.method = Method::OPTIONS;
    trace: Secure Method, |push| push.method = Method::TRACE;
    connect: Secure Method, |push| push.method = Method::CONNECT;
    post_in_lower_case: Secure Method, |push| push.method = Method::from_bytes(b"post").unwrap();
    an_invented_method: Secure Method, |push| push.method = Method::from_bytes(b"GETPOST").unwrap();
    a_push_by_get: Secure MissingParameter, |push| push.method = Method::GET;
    a_clear_push_by_get: Plaintext MissingParameter, |push| push.method = Method::GET;
    echo_without_echostr: Secure MissingParameter, |push| {
        push.echo().without("echostr");
    };
    echo_with_an_empty_echostr: Secure MissingParameter, |push| {
        push.echo().set("echostr", "");
    };
    echostr_twice: Secure DuplicateParameter, |push| {
        push.echo().again("echostr", "<script>");
    };
    markup_in_an_echostr_that_is_not_signed: Secure Signature, |push| {
        push.echo().set("echostr", "<script>alert(1)</script>").set("signature", "0".repeat(40));
    };
    an_old_echo: Secure StaleTimestamp, |push| {
        push.echo().set("timestamp", (NOW - 601).to_string()).sign();
    };
    an_encrypted_echostr_signed_as_wecom_does: Secure MissingParameter, |push| {
        push.echo();
        let encrypt = AesKey::parse(AES_KEY).unwrap().encrypt("42", APPID, [1; 16]);
        let signature = sign([TOKEN, &NOW.to_string(), NONCE, &encrypt]).to_string();
        push.without("signature").set("msg_signature", signature).set("echostr", encrypt);
    };
    an_echo_signed_by_msg_signature_alone: Secure Signature, |push| {
        push.echo();
        let signature = push.get("signature").to_owned();
        push.set("msg_signature", signature).set("signature", "0".repeat(40));
    };
}

/// A signed `echostr` is returned unchanged, but not as something a browser would run.
#[tokio::test]
async fn markup_in_an_echostr_that_is_signed() {
    for echostr in [
        "<script>alert(1)</script>",
        "</xml>\r\nSet-Cookie: a=b",
        "a b+c%00",
        "{\"a\":1}",
        "success",
    ] {
        let mut push = Push::new(Mode::Secure);
        push.echo().set("echostr", echostr);
        let callback = callback(Mode::Secure, Arc::default());
        let response = send(&callback, push.request()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let headers = response.headers();
        assert_eq!(headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers.len(), 2);
        assert_eq!(response.into_body().into_bytes(), echostr);
        is_answered(&callback, &Push::new(Mode::Secure)).await;
    }
}

//! Encrypted data.

use serde_json::Value;
use tower_wechat::api::miniprogram::phone::PhoneInfo;
use tower_wechat::api::miniprogram::session::{CodeToSession, LoginCode, SessionKey};
use tower_wechat::api::miniprogram::user_data::{EncryptedData, GroupInfo, UserProfile};
use tower_wechat::{AppId, ErrorClass, ErrorKind};

use super::{input, sandbox};

struct Vector {
    appid: AppId,
    key: SessionKey,
    data: EncryptedData,
    decrypted: Value,
}

fn vectors() -> Vec<Vector> {
    let all: Value = serde_json::from_str(include_str!("../../vectors/vectors.json")).unwrap();
    let all = all["mini_encrypted_data"].as_array().unwrap();
    all.iter()
        .map(|vector| {
            let text = |name: &str| vector[name].as_str().unwrap().to_owned();
            Vector {
                appid: AppId::new(text("appid")).unwrap(),
                key: SessionKey::new(text("session_key")),
                data: EncryptedData::new(text("encrypted_data"), text("iv")),
                decrypted: vector["decrypted_json"].clone(),
            }
        })
        .collect()
}

#[test]
fn the_vectors_are_decrypted() {
    for vector in vectors() {
        let value: Value = vector.data.decrypt(&vector.key, &vector.appid).unwrap();
        assert_eq!(value, vector.decrypted);
        let profile: UserProfile = vector.data.decrypt(&vector.key, &vector.appid).unwrap();
        assert_eq!(profile.open_id.as_deref(), value["openId"].as_str());
        assert_eq!(profile.nick_name, value["nickName"].as_str().unwrap());
        assert_eq!(profile.union_id.as_deref(), value["unionId"].as_str());
        assert_eq!(profile.watermark.appid, vector.appid.as_str());
    }
}

#[test]
fn data_of_another_app_is_rejected() {
    let [one, two] = &vectors()[..] else {
        panic!("two vectors")
    };
    let error = one.data.decrypt::<Value>(&one.key, &two.appid).unwrap_err();
    let (field, text) = input(&error);
    assert_eq!(field, "watermark.appid");
    assert_eq!(
        text,
        "watermark.appid belongs to another app: the data was made for a client of that app"
    );
}

#[test]
fn the_error_of_a_stale_key_says_what_to_do() {
    let [one, two] = &vectors()[..] else {
        panic!("two vectors")
    };
    let error = one.data.decrypt::<Value>(&two.key, &one.appid).unwrap_err();
    assert_eq!(
        (error.kind(), error.class()),
        (ErrorKind::Session, ErrorClass::User)
    );
    assert_eq!(
        error.to_string(),
        "the session_key does not decrypt encryptedData: the key is not the current one, or \
         the data was changed in transit: let the client call wx.login, then read the data \
         again"
    );
}

#[test]
fn every_wrong_key_is_a_stale_session_and_nothing_panics() {
    let one = vectors().remove(0);
    for n in 0..=u8::MAX {
        use base64::Engine;
        let key = base64::engine::general_purpose::STANDARD.encode([n; 16]);
        let error = one.data.decrypt::<Value>(&SessionKey::new(key), &one.appid);
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Session);
    }
}

#[test]
fn malformed_parts_are_named() {
    let one = vectors().remove(0);
    let field = |data: EncryptedData, key: &SessionKey| {
        input(&data.decrypt::<Value>(key, &one.appid).unwrap_err()).0
    };
    let (data, iv) = (&one.data.encrypted_data, &one.data.iv);
    assert_eq!(field(EncryptedData::new("", iv), &one.key), "encryptedData");
    assert_eq!(
        field(EncryptedData::new("a=b", iv), &one.key),
        "encryptedData"
    );
    assert_eq!(field(EncryptedData::new(data, ""), &one.key), "iv");
    assert_eq!(field(EncryptedData::new(data, "%%"), &one.key), "iv");
    assert_eq!(field(EncryptedData::new(data, "AAAA"), &one.key), "iv");
    for key in ["", "AAAA", "not base64"] {
        assert_eq!(
            field(one.data.clone(), &SessionKey::new(key)),
            "session_key"
        );
    }
    // Not a whole number of blocks: truncated in transit.
    let cut = EncryptedData::new(&data[..data.len() - 8], iv);
    let error = cut.decrypt::<Value>(&one.key, &one.appid).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Session);
    let error = one
        .data
        .decrypt::<PhoneInfo>(&one.key, &one.appid)
        .unwrap_err();
    assert_eq!(input(&error).0, "encryptedData");
    assert!(!error.to_string().contains("Band"));
}

#[tokio::test(start_paused = true)]
async fn sandbox_data_is_decrypted_until_the_user_signs_in_again() {
    let (sandbox, app) = sandbox();
    let user = sandbox.user("Hui");
    let phone = r#"{"phoneNumber":"13800000000","purePhoneNumber":"13800000000","countryCode":86}"#;
    assert_eq!(user.encrypted_data(phone), None);
    let sign_in = async || {
        let code = LoginCode::new(user.login_code());
        app.call(CodeToSession::new(code))
            .await
            .unwrap()
            .session_key
    };
    let key = sign_in().await;
    let body = user.encrypted_data(phone).unwrap();
    let data: EncryptedData = serde_json::from_str(&body).unwrap();
    let info: PhoneInfo = data.decrypt(&key, app.appid()).unwrap();
    assert_eq!(
        (&*info.phone_number, &*info.country_code),
        ("13800000000", "86")
    );
    let key = sign_in().await;
    let error = data.decrypt::<PhoneInfo>(&key, app.appid()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Session);
}

/// Group, chat and share data have no watermark.
#[tokio::test(start_paused = true)]
async fn data_of_a_group_has_no_watermark() {
    let (sandbox, app) = sandbox();
    let user = sandbox.user("Hui");
    let code = LoginCode::new(user.login_code());
    let key = app
        .call(CodeToSession::new(code))
        .await
        .unwrap()
        .session_key;
    for (json, open_gid, chat_type) in [
        (r#"{"opengid":"tG1","chat_type":3}"#, Some("tG1"), Some(3)),
        (r#"{"openGId":"tG1"}"#, Some("tG1"), None),
        (r#"{"open_single_roomid":"r","chat_type":1}"#, None, Some(1)),
    ] {
        let body = user.encrypted_data(json).unwrap();
        let data: EncryptedData = serde_json::from_str(&body).unwrap();
        let plain: Value = data.decrypt(&key, app.appid()).unwrap();
        assert_eq!(plain, serde_json::from_str::<Value>(json).unwrap());
        let group: GroupInfo = data.decrypt(&key, app.appid()).unwrap();
        assert_eq!(
            (group.open_gid.as_deref(), group.chat_type),
            (open_gid, chat_type)
        );
        // User data must have a watermark.
        let error = data.decrypt::<UserProfile>(&key, app.appid()).unwrap_err();
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::Input, Some("encryptedData"))
        );
        assert!(
            error.to_string().contains("its field watermark is missing"),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_app_and_type_are_distinguished() {
    let (sandbox, app) = sandbox();
    let user = sandbox.user("Hui");
    let code = LoginCode::new(user.login_code());
    let key = app
        .call(CodeToSession::new(code))
        .await
        .unwrap()
        .session_key;
    let body = user.encrypted_data(r#"{"nickName":"Hui"}"#).unwrap();
    let data: EncryptedData = serde_json::from_str(&body).unwrap();
    assert!(data.decrypt::<UserProfile>(&key, app.appid()).is_ok());

    let other = SessionKey::new("AAAAAAAAAAAAAAAAAAAAAA==");
    let error = data
        .decrypt::<UserProfile>(&other, app.appid())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Session);
    let other = AppId::new("wx0").unwrap();
    let error = data.decrypt::<Value>(&key, &other).unwrap_err();
    assert_eq!(
        (error.kind(), error.field()),
        (ErrorKind::Input, Some("watermark.appid"))
    );
    let error = data.decrypt::<PhoneInfo>(&key, app.appid()).unwrap_err();
    assert_eq!(
        (error.kind(), error.field()),
        (ErrorKind::Input, Some("encryptedData"))
    );
    assert!(
        error
            .to_string()
            .contains("its field phoneNumber is missing"),
        "{error}"
    );
    let key_text = "BBBBBBBBBBBBBBBBBBBBBA==";
    let key = SessionKey::new(key_text);
    for odd in [
        r#"{"watermark":{}}"#,
        r#"{"watermark":7}"#,
        r#"{"watermark":null}"#,
    ] {
        // The sandbox replaces these watermarks with its own.
        let error = sealed(key_text, odd)
            .decrypt::<Value>(&key, app.appid())
            .unwrap_err();
        assert_eq!(error.field(), Some("watermark.appid"));
    }
}

/// Returns a text encrypted without the sandbox.
fn sealed(key: &str, text: &str) -> EncryptedData {
    use aes::Aes128;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use cbc::cipher::block_padding::Pkcs7;
    use cbc::cipher::{BlockModeEncrypt, KeyIvInit};

    let key: [u8; 16] = STANDARD.decode(key).unwrap().try_into().unwrap();
    let iv = [7; 16];
    let mut buffer = text.as_bytes().to_vec();
    buffer.resize(text.len() + 16, 0);
    let encrypted = cbc::Encryptor::<Aes128>::new(&key.into(), &iv.into())
        .encrypt_padded::<Pkcs7>(&mut buffer, text.len())
        .unwrap();
    EncryptedData::new(STANDARD.encode(encrypted), STANDARD.encode(iv))
}

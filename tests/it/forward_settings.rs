//! The `[[forward]]` tables in the settings of the standalone example.

#[allow(dead_code)]
#[path = "../../examples/standalone/config/mod.rs"]
mod config;

use std::sync::atomic::{AtomicUsize, Ordering};

use tower_wechat::callback::deadline::HandlerTracker;

use self::config::Settings;

const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const APPS: &str = "[[apps]]\nappid = \"wx1\"\nsecret = \"s\"\n";
const DEV: &str =
    "[[forward]]\nname = \"dev\"\nurl = \"http://127.0.0.1:1/x\"\ntoken = \"devtoken\"\n";
const IDC: &str =
    "[[forward]]\nname = \"idc\"\nurl = \"https://idc.example\"\ntoken = \"idctoken\"\n";

/// Returns the names of the targets, or the error line.
fn read(text: &str) -> Result<String, String> {
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let name = format!("tower-wechat-{}-{number}.toml", std::process::id());
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, text).unwrap();
    let forward =
        Settings::read(&file).and_then(|settings| settings.forward(&HandlerTracker::new()));
    std::fs::remove_file(&file).unwrap();
    forward
        .map(|forward| format!("{forward:?}"))
        .map_err(|wrong| wrong.to_string())
}

#[test]
fn the_documented_tables_are_accepted() {
    let all = format!(
        "forward_http_hosts = [\"10.0.0.7\"]\n{APPS}{DEV}\
         events = [\"SCAN\", \"subscribe\", \"\"]\nopenids = [\"o-iUq6qghnE5dHvzRo4JGokOr0lk11\"]\n\
         scene_prefix = \"order-\"\naes_key = \"{KEY}\"\n\
         [[forward]]\nname = \"copy\"\nurl = \"http://10.0.0.7/x\"\ntoken = \"t\"\nshadow = true\n\
         {IDC}default = true\nshadow = false\n"
    );
    assert_eq!(read(&all).unwrap(), r#"Some(["dev", "copy", "idc"])"#);
    assert_eq!(read(APPS).unwrap(), "None");
}

#[test]
fn an_error_is_one_line_that_names_the_key() {
    let idc = format!("{IDC}default = true\n");
    let dev = |change: &str| format!("{APPS}{DEV}{change}\n{idc}");
    let without = |text: &str, line: &str| text.replace(line, "");
    for (text, said) in [
        (
            without(&dev(""), "token = \"devtoken\"\n"),
            "forward[0].token: is missing",
        ),
        (dev("token_env = \"X\""), "forward[0].token: is set twice"),
        (
            dev("aes_key = \"short\""),
            "forward[0].aes_key: must be 43 letters",
        ),
        (
            dev("aes_key_env = \"NO_SUCH\""),
            "forward[0].aes_key_env: the environment variable",
        ),
        (dev("events = []"), "forward[0].events: is empty"),
        (dev("openids = []"), "forward[0].openids: is empty"),
        (dev("events = \"SCAN\""), "forward[0].events: "),
        (dev("retries = 3"), "forward[0].retries: unknown field"),
        (
            dev("default = true"),
            "forward[1].default: is already set on another table",
        ),
        (format!("{APPS}{DEV}{IDC}"), "forward.default: is missing"),
        (
            format!("{APPS}{idc}shadow = true"),
            "forward[0].shadow: conflicts with",
        ),
        (
            format!("{APPS}{idc}events = [\"\"]"),
            "forward[0].events: conflicts with",
        ),
        (
            format!("{APPS}{idc}scene_prefix = \"a\""),
            "forward[0].scene_prefix: conflicts with",
        ),
        (dev("").replace("127.0.0.1:1/x", ""), "forward[0].url: "),
        (
            dev("").replace("127.0.0.1", "dev.lan"),
            "forward.url: of target \"dev\" must begin",
        ),
        (
            dev("").replace("\"dev\"", "\"idc\""),
            "forward: two targets are called \"idc\"",
        ),
        (
            dev("").replace("\"dev\"", "\"\""),
            "forward[0].name: must be 1 to 64",
        ),
        (
            dev("").replace("devtoken", "a b"),
            "forward[0].token: must be 1 to 64",
        ),
    ] {
        let line = read(&text).unwrap_err();
        assert!(
            line.starts_with(said) && !line.contains('\n'),
            "{said}: {line}"
        );
        assert!(
            !line.contains("devtoken") && !line.contains("a b"),
            "{line}"
        );
    }
}

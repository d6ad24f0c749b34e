//! The example `llm_bot`, killed between the acknowledgement and the late reply.

use std::time::Duration;

use tokio::process::Child;
use tokio::time::sleep;

use crate::callback::inbox::embedded::Folder;
use crate::chat::Chat;
use crate::process::{example, start};

const QUESTION: &str = "How is tea made?";

async fn bot(chat: &Chat, folder: &Folder) -> (Child, String) {
    let mut command = example("llm_bot");
    command
        // Longer than the deadline of 4.5 seconds.
        .args(["127.0.0.1:0", "--model", "7", "--platform", &chat.sandbox])
        .arg("--inbox")
        .arg(folder.file());
    start(command).await
}

#[tokio::test]
async fn a_question_survives_the_bot() {
    let (chat, folder) = (Chat::start().await, Folder::new("llm_bot"));
    let (mut killed, base) = bot(&chat, &folder).await;
    assert_eq!(chat.write(&base, QUESTION).await, "success");
    // SIGKILL, so that the process has no time to store anything.
    killed.kill().await.unwrap();
    assert!(chat.received().is_empty());

    let (mut second, _) = bot(&chat, &folder).await;
    let [answer] = chat.receives().await.try_into().unwrap();
    assert!(answer.starts_with(&format!("{QUESTION} Boil fresh water,")));
    assert!(answer.ends_with("wait for three minutes."));

    // The end of a run is on the disk soon after it. Another process then has nothing to do.
    sleep(Duration::from_secs(1)).await;
    second.kill().await.unwrap();
    let (_bot, _) = bot(&chat, &folder).await;
    sleep(Duration::from_secs(9)).await;
    assert_eq!(chat.received(), [answer]);
}

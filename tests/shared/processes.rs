//! Several processes of the standalone example on one Redis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;
use tower_wechat::client::ReqwestTransport;
use tower_wechat::sandbox::Sandbox;

use crate::platform::{Instance, serve};
use crate::server::Server;

const STABLE: &str = "/cgi-bin/stable_token";
const CLASSIC: &str = "/cgi-bin/token";

const CLASSIC_GRANT: &str = "token_grant = \"classic\"";

async fn instances(count: usize, sandbox: &Sandbox, redis: &str, app: &str) -> Vec<Instance> {
    let platform = serve(sandbox).await;
    let mut instances = Vec::new();
    for _ in 0..count {
        instances.push(Instance::start(&platform, redis, sandbox, app).await);
    }
    instances
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_cold_processes_make_ten_thousand_calls_with_one_token() {
    let Some(server) = Server::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.delay_next(STABLE, Duration::from_millis(200));
    let template_id = sandbox.add_template(&sandbox.appid(), "发货通知", "{{thing1.DATA}}");
    let user = sandbox.user("Hui");
    user.set_follows(true);
    let message = Arc::new(json!({
        "source": "test", "appid": Sandbox::APPID, "openid": user.openid(),
        "template_id": template_id, "data": {"data": {"thing1": {"value": "茶叶"}}},
    }));
    let callers: Vec<_> = instances(8, &sandbox, &server.url(), "")
        .await
        .into_iter()
        .map(Arc::new)
        .flat_map(|instance| (0..5).map(move |_| Arc::clone(&instance)))
        .map(|instance| {
            let message = Arc::clone(&message);
            tokio::spawn(async move {
                let transport = ReqwestTransport::new().unwrap();
                for _ in 0..250 {
                    let ret = instance
                        .call(&transport, "sendwxtemplatemsg", &message)
                        .await;
                    assert_eq!(ret["code"], 0, "{ret}");
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(sandbox.calls("/cgi-bin/message/template/send"), 10_000);
    assert_eq!(sandbox.calls(STABLE), 1);
}

#[tokio::test]
async fn a_killed_holder_of_the_lease_delays_the_others_for_its_life() {
    let Some(server) = Server::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    let [mut first, second] =
        <[Instance; 2]>::try_from(instances(2, &sandbox, &server.url(), "").await)
            .map_err(drop)
            .unwrap();
    sandbox.delay_next(STABLE, Duration::from_secs(20));
    let began = Instant::now();
    let (_, ret) = tokio::join!(
        async {
            tokio::select! {
                _ = first.qrcode() => {}
                () = sleep(Duration::from_secs(1)) => {}
            }
            first.process.kill().await.unwrap();
        },
        async {
            sleep(Duration::from_millis(500)).await;
            second.qrcode().await
        },
    );
    assert_eq!(ret["code"], 0, "{ret}");
    // The lease lives three seconds after it was renewed last.
    let took = began.elapsed();
    assert!(took < Duration::from_secs(9), "{took:?}");
    assert_eq!(sandbox.calls(STABLE), 2);
}

#[tokio::test]
async fn a_holder_that_was_stopped_overwrites_no_newer_token() {
    let Some(server) = Server::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    let [first, second] =
        <[Instance; 2]>::try_from(instances(2, &sandbox, &server.url(), CLASSIC_GRANT).await)
            .map_err(drop)
            .unwrap();
    sandbox.delay_next(CLASSIC, Duration::from_secs(2));
    let (stopped, ret) = tokio::join!(first.qrcode(), async {
        sleep(Duration::from_millis(700)).await;
        first.signal("STOP");
        let ret = second.qrcode().await;
        first.signal("CONT");
        ret
    });
    assert_eq!(ret["code"], 0, "{ret}");
    assert_eq!(stopped["code"], 0, "{stopped}");
    assert_eq!(sandbox.calls(CLASSIC), 2);
    // Both use what is stored now.
    let record = server.cli(&[
        "GET",
        &format!("wechat:{{{}}}:token:classic", Sandbox::APPID),
    ]);
    for instance in [&first, &second] {
        assert_eq!(instance.qrcode().await["code"], 0);
    }
    assert_eq!(sandbox.calls(CLASSIC), 2);
    assert!(!record.is_empty());
    assert_eq!(
        record,
        server.cli(&[
            "GET",
            &format!("wechat:{{{}}}:token:classic", Sandbox::APPID)
        ])
    );
}

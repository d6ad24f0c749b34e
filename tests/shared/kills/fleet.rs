//! The instances, and what kills them.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::interval;
use tower_wechat::sandbox::Sandbox;

use super::handler::Handler;
use super::{KILL_EVERY, SEED};
use crate::platform::{Instance, callback, serve};
use crate::server::Server;

pub const INSTANCES: usize = 4;

#[derive(Clone, Copy)]
pub struct Kill {
    pub instance: usize,
    /// A moment at which the process was gone.
    pub at: Instant,
}

/// Processes of the standalone example, which forward each push to the handler of the test: what it
/// has done outlives them.
pub struct Fleet {
    sandbox: Sandbox,
    platform: String,
    redis: String,
    /// The tables of the app's callback and of the handler, without the number of the instance.
    tables: [String; 2],
    bases: Mutex<Vec<String>>,
    kills: Mutex<Vec<Kill>>,
}

impl Fleet {
    pub async fn start(
        sandbox: &Sandbox,
        redis: &Server,
        handler: &Handler,
    ) -> (Arc<Self>, Vec<Instance>) {
        let platform = serve(sandbox).await;
        let callback = callback(&platform).await;
        let fleet = Self {
            sandbox: sandbox.clone(),
            platform,
            redis: redis.url(),
            tables: [
                callback,
                format!(
                    "[[forward]]\nname = \"handler\"\ntoken = \"handler\"\ndefault = true\n\
                     url = \"{}",
                    handler.serve().await,
                ),
            ],
            bases: Mutex::default(),
            kills: Mutex::default(),
        };
        let mut instances = Vec::new();
        for number in 0..INSTANCES {
            let instance = fleet.instance(number).await;
            fleet.bases.lock().unwrap().push(instance.base.clone());
            instances.push(instance);
        }
        (Arc::new(fleet), instances)
    }

    async fn instance(&self, number: usize) -> Instance {
        let [callback, handler] = &self.tables;
        let tables = format!("{callback}\n{handler}/{number}\"");
        Instance::start(&self.platform, &self.redis, &self.sandbox, &tables).await
    }

    /// Kills one of the instances every two seconds, and starts it again.
    pub async fn kill_and_restart(&self, mut instances: Vec<Instance>) {
        let mut random = StdRng::seed_from_u64(SEED);
        let mut interval = interval(KILL_EVERY);
        interval.tick().await;
        loop {
            interval.tick().await;
            let number = random.random_range(0..INSTANCES);
            instances[number].process.kill().await.unwrap();
            let (instance, at) = (number, Instant::now());
            self.kills.lock().unwrap().push(Kill { instance, at });
            instances[number] = self.instance(number).await;
            let base = instances[number].base.clone();
            self.bases.lock().unwrap()[number] = base;
        }
    }

    /// Returns the address of an instance, also while it is being restarted.
    pub fn address(&self, number: usize) -> String {
        let base = &self.bases.lock().unwrap()[number];
        base.strip_suffix("/v1/service/wx").unwrap().to_owned()
    }

    pub fn kills(&self) -> Vec<Kill> {
        self.kills.lock().unwrap().clone()
    }
}

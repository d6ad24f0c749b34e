//! Stores of scans that break one rule each.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Mutex;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::timeout;
use tower_wechat::StoreError;
use tower_wechat::scan_login::{MemoryScanStore, ScanStore, ScannedUser};
use tower_wechat::shared::conformance;

use super::clock::TokioClock;

const LONG: Duration = Duration::from_secs(3600);

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    ReturnsAtOnce,
    NeverWakes,
    /// Gives the user to those who wait, and to nobody later.
    ForgetsScans,
    OpensWhatIsScanned,
    RefusesRepeats,
    CompletesForAll,
    /// Compares the user without the app.
    MixesApps,
    IgnoresCase,
    CompletesInTwoSteps,
    KeepsScenes,
    KeepsScanned,
    RefusesLongLives,
    CannotClose,
    ClosesSilently,
    KeepsScannedOpen,
    ClosesOpenOnly,
    ClosesAll,
}

struct Store {
    fault: Fault,
    inner: MemoryScanStore,
    /// The scenes that were opened, and their users.
    scenes: Mutex<HashMap<String, Option<ScannedUser>>>,
}

impl Store {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            inner: MemoryScanStore::new(TokioClock::new(), 1000),
            scenes: Mutex::default(),
        }
    }

    fn scanned(&self, scene: &str) -> Option<ScannedUser> {
        self.scenes.lock().unwrap().get(scene).cloned().flatten()
    }

    /// Returns the user of a scene that is scanned or has ended, or an error if it is open.
    async fn look(&self, scene: &str) -> Result<Option<ScannedUser>, ()> {
        match timeout(Duration::ZERO, self.inner.wait(scene)).await {
            Ok(user) => Ok(user.unwrap()),
            Err(_) => Err(()),
        }
    }
}

impl ScanStore for Store {
    async fn open(&self, scene: &str, life: Duration) -> Result<bool, StoreError> {
        self.scenes.lock().unwrap().insert(scene.to_owned(), None);
        let life = match self.fault {
            Fault::RefusesLongLives if life > LONG => return Ok(false),
            Fault::KeepsScenes => LONG,
            _ => life,
        };
        self.inner.open(scene, life).await
    }

    async fn complete(&self, scene: &str, user: ScannedUser) -> Result<bool, StoreError> {
        let known = self.scanned(scene);
        match self.fault {
            Fault::OpensWhatIsScanned => {
                self.inner.open(scene, LONG).await?;
            }
            Fault::RefusesRepeats if known.is_some() => return Ok(false),
            Fault::CompletesForAll if known.is_some() => return Ok(true),
            Fault::MixesApps
                if known
                    .as_ref()
                    .is_some_and(|known| known.openid == user.openid) =>
            {
                return Ok(true);
            }
            Fault::IgnoresCase
                if known
                    .as_ref()
                    .is_some_and(|known| known.openid.eq_ignore_ascii_case(&user.openid)) =>
            {
                return Ok(user.appid == known.unwrap().appid);
            }
            Fault::CompletesInTwoSteps if known.is_none() => {
                let is_open = self.look(scene).await.is_err();
                yield_now().await;
                return Ok(self.inner.complete(scene, user).await? || is_open);
            }
            _ => {}
        }
        let is_complete = self.inner.complete(scene, user.clone()).await?;
        if is_complete {
            let mut scenes = self.scenes.lock().unwrap();
            scenes.insert(scene.to_owned(), Some(known.unwrap_or(user)));
        }
        Ok(is_complete)
    }

    async fn wait(&self, scene: &str) -> Result<Option<ScannedUser>, StoreError> {
        let scanned = self.scanned(scene);
        match self.fault {
            Fault::ReturnsAtOnce => Ok(self.look(scene).await.unwrap_or_default()),
            Fault::NeverWakes | Fault::ClosesSilently => match self.look(scene).await {
                Ok(user) => Ok(user),
                // It wakes for a scan only.
                Err(()) if self.fault == Fault::ClosesSilently => {
                    match self.inner.wait(scene).await? {
                        Some(user) => Ok(Some(user)),
                        None => pending().await,
                    }
                }
                Err(()) => pending().await,
            },
            Fault::ForgetsScans if scanned.is_some() => Ok(None),
            Fault::KeepsScanned if scanned.is_some() => Ok(scanned),
            _ => self.inner.wait(scene).await,
        }
    }

    async fn close(&self, scene: &str) -> Result<bool, StoreError> {
        match self.fault {
            Fault::CannotClose => return Ok(false),
            Fault::KeepsScannedOpen if self.scanned(scene).is_some() => return Ok(true),
            Fault::ClosesOpenOnly => {
                let has_ended = self.look(scene).await == Ok(None);
                return Ok(self.inner.close(scene).await? && !has_ended);
            }
            Fault::ClosesAll => {
                let scenes = self.scenes.lock().unwrap().clone();
                for scene in scenes.keys() {
                    self.inner.close(scene).await?;
                }
            }
            _ => {}
        }
        self.inner.close(scene).await
    }
}

/// Returns the rule that the store breaks.
async fn broken(fault: Fault) -> Option<&'static str> {
    let store = Store::new(fault);
    let kept = match conformance::scan_store(&store).await {
        Ok(()) => conformance::scan_close(&store).await,
        broken => broken,
    };
    kept.err().map(|broken| broken.rule())
}

#[tokio::test(start_paused = true)]
async fn each_broken_rule_is_found() {
    let one_user =
        "a scene that has a user is completed by no other user, nor by one of another app";
    let wakes = "closing a scene wakes those who wait for it, without a user";
    let expected = [
        (Fault::ReturnsAtOnce, "a wait goes on until the scan"),
        (
            Fault::NeverWakes,
            "a scan wakes everyone who waits for its scene",
        ),
        (
            Fault::ForgetsScans,
            "a scan stays available until its scene ends",
        ),
        (
            Fault::OpensWhatIsScanned,
            "an unknown scene is never scanned, and ends a wait at once",
        ),
        (
            Fault::RefusesRepeats,
            "a repeated scan of the same user succeeds, and changes nothing",
        ),
        (Fault::CompletesForAll, one_user),
        (Fault::MixesApps, one_user),
        (Fault::IgnoresCase, one_user),
        (
            Fault::CompletesInTwoSteps,
            "of scans at the same time one completes the scene",
        ),
        (Fault::KeepsScenes, "a scene ends after its life"),
        (
            Fault::KeepsScanned,
            "a scan does not extend the life of its scene",
        ),
        (
            Fault::RefusesLongLives,
            "a scene may have any life, and is open for as long as the store can keep it",
        ),
        (Fault::CannotClose, wakes),
        (Fault::ClosesSilently, wakes),
        (
            Fault::KeepsScannedOpen,
            "a closed scene has ended, with or without a scan",
        ),
        (
            Fault::ClosesOpenOnly,
            "closing a scene that has ended or never existed succeeds",
        ),
        (Fault::ClosesAll, "closing a scene ends no other"),
    ];
    assert_eq!(broken(Fault::None).await, None);
    for (fault, rule) in expected {
        assert_eq!(broken(fault).await, Some(rule));
    }
}

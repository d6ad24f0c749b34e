//! Requests for QR codes with a scene.

use serde::Deserialize;
use serde_json::Value;

const PERMANENT_ID_MAX: u64 = 100_000;

#[derive(Deserialize)]
pub(super) struct Request {
    pub(super) expire_seconds: Option<u64>,
    action_name: String,
    action_info: Info,
}

impl Request {
    /// Returns the scene and whether the code is permanent. Returns `None` if the request is
    /// invalid.
    pub(super) fn scene(&self) -> Option<(String, bool)> {
        let (text, permanent) = match self.action_name.as_str() {
            "QR_SCENE" => (false, false),
            "QR_STR_SCENE" => (true, false),
            "QR_LIMIT_SCENE" => (false, true),
            "QR_LIMIT_STR_SCENE" => (true, true),
            _ => return None,
        };
        let scene = self.action_info.scene.of(text, permanent)?;
        Some((scene, permanent))
    }
}

#[derive(Deserialize)]
struct Info {
    scene: Scene,
}

#[derive(Deserialize)]
struct Scene {
    scene_id: Option<Value>,
    scene_str: Option<String>,
}

impl Scene {
    /// Returns the scene for the action, if it is within the platform's limits.
    fn of(&self, text: bool, permanent: bool) -> Option<String> {
        if text {
            let scene = self.scene_str.as_ref()?;
            return (1..=64)
                .contains(&scene.chars().count())
                .then(|| scene.clone());
        }
        let id = self.scene_id.as_ref()?.as_u64()?;
        let most = match permanent {
            true => PERMANENT_ID_MAX,
            false => u64::from(u32::MAX),
        };
        (1..=most).contains(&id).then(|| id.to_string())
    }
}

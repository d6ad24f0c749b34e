//! Menus.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::answer::{Answer, done};
use crate::sandbox::call::Call;
use crate::sandbox::refusal::Refused;

#[derive(Debug, Default)]
pub(in crate::sandbox) struct Menus(HashMap<AppId, Value>);

/// The error codes for the menu bar and for a submenu.
struct Numbers {
    count: i64,
    kind: i64,
    name: i64,
    key: i64,
    url: i64,
}

const BAR: Numbers = Numbers {
    count: 40016,
    kind: 40017,
    name: 40018,
    key: 40019,
    url: 40020,
};
const SUBMENU: Numbers = Numbers {
    count: 40023,
    kind: 40024,
    name: 40025,
    key: 40026,
    url: 40027,
};

fn check(buttons: &[Value], bar: bool) -> Result<(), Refused> {
    let (numbers, most, name_max) = match bar {
        true => (BAR, 3, 16),
        false => (SUBMENU, 5, 60),
    };
    if !(1..=most).contains(&buttons.len()) {
        return Err(Refused::new(numbers.count, "invalid button size"));
    }
    for button in buttons {
        let text = |field: &str| {
            button
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        if !(1..=name_max).contains(&text("name").len()) {
            return Err(Refused::new(numbers.name, "invalid button name size"));
        }
        let submenu = button.get("sub_button").and_then(Value::as_array);
        if let Some(buttons) = submenu.filter(|buttons| !buttons.is_empty()) {
            match bar {
                true => check(buttons, false)?,
                false => return Err(Refused::new(40022, "invalid sub button level")),
            }
            continue;
        }
        match text("type") {
            "" => return Err(Refused::new(numbers.kind, "invalid button type")),
            "view" | "miniprogram" if !(1..=1024).contains(&text("url").len()) => {
                return Err(Refused::new(numbers.url, "invalid button url size"));
            }
            "click" if !(1..=128).contains(&text("key").len()) => {
                return Err(Refused::new(numbers.key, "invalid button key size"));
            }
            _ => {}
        }
    }
    Ok(())
}

impl Menus {
    /// `POST /cgi-bin/menu/create`
    pub(in crate::sandbox) fn create(&mut self, call: &Call<'_>) -> Answer {
        let menu: Value = call.json()?;
        let buttons = menu.get("button").and_then(Value::as_array);
        let buttons = buttons.ok_or_else(|| Refused::new(40015, "invalid menu type"))?;
        check(buttons, true)?;
        self.0.insert(call.appid.clone(), menu);
        done()
    }

    /// `GET /cgi-bin/menu/get`
    pub(in crate::sandbox) fn get(&self, call: &Call<'_>) -> Answer {
        let menu = self.0.get(&call.appid);
        Ok(json!({ "menu": menu.ok_or(ErrCode::NO_MENU)? }))
    }

    /// `GET /cgi-bin/menu/delete`
    pub(in crate::sandbox) fn delete(&mut self, call: &Call<'_>) -> Answer {
        self.0.remove(&call.appid);
        done()
    }
}

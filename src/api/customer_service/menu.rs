//! A message with options to tap.

use serde::Serialize;

use crate::api::limit;
use crate::error::Error;

/// A message with options to tap (菜单消息). A tap sends the option's words as a text message of
/// the user, with the option's id as [`menu_id`](crate::callback::event::Text::menu_id).
///
/// ```
/// use tower_wechat::api::customer_service::MsgMenu;
///
/// let menu = MsgMenu::new("Were you content with our service?")
///     .item("101", "Yes")
///     .item("102", "No")
///     .tail("Thank you!");
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct MsgMenu {
    head_content: String,
    list: Vec<Item>,
    tail_content: String,
}

#[derive(Debug, Clone, Serialize)]
struct Item {
    id: String,
    content: String,
}

impl MsgMenu {
    /// Creates a menu below the text `head`. It needs at least one [`item`](Self::item).
    pub fn new(head: impl Into<String>) -> Self {
        Self {
            head_content: head.into(),
            list: Vec::new(),
            tail_content: String::new(),
        }
    }

    /// Adds an option: an id that you choose, and the words that the user taps.
    #[must_use]
    pub fn item(mut self, id: impl Into<String>, content: impl Into<String>) -> Self {
        let (id, content) = (id.into(), content.into());
        self.list.push(Item { id, content });
        self
    }

    /// Sets the text below the options.
    #[must_use]
    pub fn tail(mut self, tail: impl Into<String>) -> Self {
        self.tail_content = tail.into();
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if self.list.is_empty() {
            return Err(Error::input(
                "list",
                "must have at least 1 entry (it has 0)",
            ));
        }
        for item in &self.list {
            limit::given("id", &item.id)?;
            limit::given("content", &item.content)?;
        }
        Ok(())
    }
}

//! Taps on the account's menu. Source: 自定义菜单事件推送.

view! {
    /// 点击菜单拉取消息时的事件推送: the user tapped a menu entry that has a key.
    Click {
        /// The key of the entry.
        key: text = "EventKey";
    }
}

view! {
    /// 点击菜单跳转链接时的事件推送: the user tapped a menu entry that opens a page.
    View {
        /// The page.
        url: text = "EventKey";
        /// The id of the entry, in a menu made for some users (个性化菜单).
        menu_id: value = "MenuId";
    }
}

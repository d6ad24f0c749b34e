//! Template and subscribe messages.

use super::*;

golden!(template: TemplateSendJobFinish = "TEMPLATESENDJOBFINISH"
    { MsgID: "3428411849815982087", Status: "failed:user block" } => |view| {
    assert_eq!((view.msg_id(), view.msg_id_u64()), ("3428411849815982087", Some(3428411849815982087)));
    assert_eq!(view.outcome(), TemplateOutcome::UserBlocked);
});

/// Returns the answer for each template, however the list is wrapped.
fn answers(message: &Message) -> Vec<(String, bool, Option<String>)> {
    let popup = view!(message, SubscribeMsgPopup);
    let items = popup.items().map(|item| {
        let scene = item.scene().map(|scene| format!("{scene:?}"));
        let accepted = item.status() == Some(SubscribeStatus::Accept);
        (item.template_id().to_owned(), accepted, scene)
    });
    items.collect()
}

#[test]
fn subscribe_msg_popup() {
    const NAME: &str = "subscribe_msg_popup_event";
    let element = |id, status| {
        format!(
            "<List><TemplateId><![CDATA[{id}]]></TemplateId><SubscribeStatusString>\
             <![CDATA[{status}]]></SubscribeStatusString><PopupScene>2</PopupScene></List>"
        )
    };
    let lists = element("TPL_A", "accept") + &element("TPL_B", "reject");
    let a = r#"{"TemplateId":"TPL_A","SubscribeStatusString":"accept","PopupScene":"2"}"#;
    let b = r#"{"TemplateId":"TPL_B","SubscribeStatusString":"reject","PopupScene":2}"#;
    let wrapper = "SubscribeMsgPopupEvent";
    let both = vec![
        ("TPL_A".to_owned(), true, Some("Article".to_owned())),
        ("TPL_B".to_owned(), false, Some("Article".to_owned())),
    ];
    for message in [
        xml(NAME, &format!("<{wrapper}>{lists}</{wrapper}>")),
        xml(NAME, &lists),
        json(NAME, &format!(r#""List":[{a},{b}]"#)),
        json(NAME, &format!(r#""{wrapper}":{{"List":[{a},{b}]}}"#)),
        json(
            NAME,
            &format!(r#""{wrapper}":[{{"List":{a}}},{{"List":{b}}}]"#),
        ),
        json(NAME, &format!(r#""List":{{"item":[{a},{b}]}}"#)),
    ] {
        assert_eq!(answers(&message), both, "{}", message.raw());
    }
    for message in [
        json(NAME, &format!(r#""List":{a}"#)),
        json(NAME, &format!(r#""{wrapper}":{{"List":{a}}}"#)),
    ] {
        assert_eq!(answers(&message), both[..1], "{}", message.raw());
    }
    for message in [
        json(NAME, r#""List":[]"#),
        json(NAME, r#""List":null"#),
        json(NAME, r#""List":"""#),
        xml(NAME, ""),
        xml(NAME, "<SubscribeMsgPopupEvent/>"),
        xml(
            NAME,
            "<SubscribeMsgPopupEvent><List/></SubscribeMsgPopupEvent>",
        ),
    ] {
        assert_eq!(answers(&message), [], "{}", message.raw());
    }
}

#[test]
fn subscribe_msg_change() {
    for message in [
        xml(
            "subscribe_msg_change_event",
            "<SubscribeMsgChangeEvent><List><TemplateId><![CDATA[TPL_A]]></TemplateId>\
             <SubscribeStatusString><![CDATA[reject]]></SubscribeStatusString></List>\
             </SubscribeMsgChangeEvent>",
        ),
        json(
            "subscribe_msg_change_event",
            r#""List":[{"TemplateId":"TPL_A","SubscribeStatusString":"reject"}]"#,
        ),
    ] {
        let items: Vec<_> = view!(message, SubscribeMsgChange).items().collect();
        assert_eq!(items.len(), 1);
        assert_eq!(items[0].template_id(), "TPL_A");
        assert_eq!(items[0].status(), Some(SubscribeStatus::Reject));
    }
}

#[test]
fn subscribe_msg_sent() {
    for message in [
        xml(
            "subscribe_msg_sent_event",
            "<SubscribeMsgSentEvent><List><TemplateId><![CDATA[TPL_A]]></TemplateId>\
             <MsgID>1864323726461255680</MsgID><ErrorCode>0</ErrorCode>\
             <ErrorStatus><![CDATA[success]]></ErrorStatus></List></SubscribeMsgSentEvent>",
        ),
        json(
            "subscribe_msg_sent_event",
            r#""List":{"TemplateId":"TPL_A","MsgID":"1864323726461255680","ErrorCode":"0","ErrorStatus":"success"}"#,
        ),
        json(
            "subscribe_msg_sent_event",
            r#""List":[{"TemplateId":"TPL_A","MsgID":1864323726461255680,"ErrorCode":0,"ErrorStatus":"success"}]"#,
        ),
    ] {
        let item = view!(message, SubscribeMsgSent).items().next().unwrap();
        assert_eq!(
            (item.template_id(), item.msg_id()),
            ("TPL_A", "1864323726461255680")
        );
        assert_eq!(item.msg_id_u64(), Some(1864323726461255680));
        assert_eq!(
            (item.error_code(), item.error_status()),
            (Some(0), "success")
        );
    }
}

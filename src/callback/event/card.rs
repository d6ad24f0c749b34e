//! Cards and coupons in users' hands. Source: 卡券事件推送.

view! {
    /// 审核事件: a kind of card passed the review.
    CardPassCheck {
        /// The kind of card.
        card_id: text = "CardId";
    }
}

view! {
    /// 审核事件: a kind of card did not pass the review.
    CardNotPassCheck {
        /// The kind of card.
        card_id: text = "CardId";
        /// Why.
        refuse_reason: value = "RefuseReason";
    }
}

view! {
    /// 领取事件: the user took a card.
    UserGetCard {
        /// The kind of card.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
        /// Whether another user gave it.
        is_give_by_friend: flag = "IsGiveByFriend";
        /// The openid of the user who gave it.
        friend_user_name: value = "FriendUserName";
        /// Where it was handed out, as a number.
        outer_id: value = "OuterId";
        /// Where it was handed out.
        outer_str: value = "OuterStr";
        /// The number it had before it was given.
        old_user_card_code: value = "OldUserCardCode";
        /// Whether a member card that was deleted came back.
        is_restore_member_card: flag = "IsRestoreMemberCard";
        /// Whether a friend recommended it.
        is_recommend_by_friend: flag = "IsRecommendByFriend";
        /// The user among all apps of one owner.
        union_id: value = "UnionId";
    }
}

view! {
    /// 转赠事件: the user gave a card away.
    UserGiftingCard {
        /// The kind of card.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
        /// Whether it came back.
        is_return_back: flag = "IsReturnBack";
        /// The openid of the user it was given to.
        friend_user_name: value = "FriendUserName";
        /// Whether it was given into a group.
        is_chat_room: flag = "IsChatRoom";
    }
}

view! {
    /// The user deleted a card (删除事件), looked at one (进入会员卡事件), or went from it to the
    /// account (从卡券进入公众号会话事件).
    UserCard {
        /// The kind of card.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
        /// Where it was handed out.
        outer_str: value = "OuterStr";
    }
}

view! {
    /// 核销事件: a card was used.
    UserConsumeCard {
        /// The kind of card.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
        /// How: `FROM_API`, `FROM_MP`, or `FROM_MOBILE_HELPER`.
        consume_source: value = "ConsumeSource";
        /// The shop.
        location_name: value = "LocationName";
        /// The openid of the person who took it.
        staff_open_id: value = "StaffOpenId";
        /// The verification code, where the user used it without help.
        verify_code: value = "VerifyCode";
        /// The sum that the user typed in, where the user used it without help.
        remark_amount: value = "RemarkAmount";
        /// Where it was handed out.
        outer_str: value = "OuterStr";
    }
}

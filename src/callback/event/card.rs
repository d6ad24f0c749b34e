//! Cards and coupons of users. Source: 卡券事件推送.

view! {
    /// 审核事件: a card type passed the review.
    CardPassCheck {
        /// The card type.
        card_id: text = "CardId";
    }
}

view! {
    /// 审核事件: a card type did not pass the review.
    CardNotPassCheck {
        /// The card type.
        card_id: text = "CardId";
        /// The reason.
        refuse_reason: value = "RefuseReason";
    }
}

view! {
    /// 领取事件: the user claimed a card.
    UserGetCard {
        /// The card type.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
        /// Whether another user gave the card away.
        is_give_by_friend: flag = "IsGiveByFriend";
        /// The openid of the giver.
        friend_user_name: value = "FriendUserName";
        /// The distribution channel, as a number.
        outer_id: value = "OuterId";
        /// The distribution channel.
        outer_str: value = "OuterStr";
        /// The number of the card before it was given away.
        old_user_card_code: value = "OldUserCardCode";
        /// Whether a deleted member card was restored.
        is_restore_member_card: flag = "IsRestoreMemberCard";
        /// Whether a friend recommended the card.
        is_recommend_by_friend: flag = "IsRecommendByFriend";
        /// The user's UnionID across all apps of one owner.
        union_id: value = "UnionId";
    }
}

view! {
    /// 转赠事件: the user gave a card away.
    UserGiftingCard {
        /// The card type.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
        /// Whether the card was returned.
        is_return_back: flag = "IsReturnBack";
        /// The openid of the recipient.
        friend_user_name: value = "FriendUserName";
        /// Whether the card was given to a group.
        is_chat_room: flag = "IsChatRoom";
    }
}

view! {
    /// The user deleted a card (删除事件), opened a member card (进入会员卡事件), or opened the
    /// account's chat from a card (从卡券进入公众号会话事件).
    UserCard {
        /// The card type.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
        /// The distribution channel.
        outer_str: value = "OuterStr";
    }
}

view! {
    /// 核销事件: a card was redeemed.
    UserConsumeCard {
        /// The card type.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
        /// How it was redeemed: `FROM_API`, `FROM_MP`, or `FROM_MOBILE_HELPER`.
        consume_source: value = "ConsumeSource";
        /// The shop.
        location_name: value = "LocationName";
        /// The openid of the employee who redeemed it.
        staff_open_id: value = "StaffOpenId";
        /// The verification code, for self-service redemption.
        verify_code: value = "VerifyCode";
        /// The amount that the user entered, for self-service redemption.
        remark_amount: value = "RemarkAmount";
        /// The distribution channel.
        outer_str: value = "OuterStr";
    }
}

//! Member cards, payments by card, stocks and gift cards. Source: 卡券事件推送, 礼品卡事件推送.

view! {
    /// 买单事件: the user paid from a card.
    UserPayFromPayCell {
        /// The kind of card.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
        /// The payment.
        trans_id: text = "TransId";
        /// The shop.
        location_id: value = "LocationId";
        /// What was paid, in fen.
        fee: number u64 = "Fee";
        /// What it would have been without the card, in fen.
        original_fee: number u64 = "OriginalFee";
    }
}

view! {
    /// 会员卡内容更新事件: the points or the balance of a member card changed.
    UpdateMemberCard {
        /// The kind of card.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
        /// How many points were added, or taken if it is negative.
        modify_bonus: number i64 = "ModifyBonus";
        /// What was added to the balance, or taken if it is negative.
        modify_balance: number i64 = "ModifyBalance";
    }
}

view! {
    /// 会员卡激活事件: the user filled in the form of a member card.
    SubmitMembercardUserInfo {
        /// The kind of card.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
    }
}

view! {
    /// 库存报警事件: few cards of a kind are left.
    CardSkuRemind {
        /// The kind of card.
        card_id: text = "CardId";
        /// How many are left, in words.
        detail: text = "Detail";
    }
}

view! {
    /// 子商户审核事件: the review of a business under the account ended.
    CardMerchantCheckResult {
        /// The business.
        merchant_id: text = "MerchantId";
        /// Whether it passed.
        is_pass: flag = "IsPass";
        /// Why it did not.
        reason: value = "Reason";
    }
}

view! {
    /// 券点流水详情事件: the account's coupon points (券点) changed.
    CardPayOrder {
        /// The order.
        order_id: text = "OrderId";
        /// What became of it, such as `ORDER_STATUS_FINANCE_SUCC`.
        status: text = "Status";
        /// When the code to pay it by was made, in seconds since the Unix epoch.
        create_order_time: number u64 = "CreateOrderTime";
        /// When it was paid, in seconds since the Unix epoch.
        pay_finish_time: number u64 = "PayFinishTime";
        /// How it was paid.
        desc: value = "Desc";
        /// How many free points are left. It may have decimals.
        free_coin_count: value = "FreeCoinCount";
        /// How many paid points are left.
        pay_coin_count: value = "PayCoinCount";
        /// By how many free points the account changed.
        refund_free_coin_count: value = "RefundFreeCoinCount";
        /// By how many paid points the account changed.
        refund_pay_coin_count: value = "RefundPayCoinCount";
        /// The kind of order, such as `ORDER_TYPE_SYS_ADD`.
        order_type: value = "OrderType";
        /// Why the account changed, in the platform's words.
        memo: value = "Memo";
        /// About the invoice.
        receipt_info: value = "ReceiptInfo";
    }
}

view! {
    /// A gift card was bought (用户购买礼品卡付款成功), given away (用户购买后赠送), or taken by
    /// the user it was given to (用户领取礼品卡成功).
    Giftcard {
        /// The shelf that it is from.
        page_id: text = "PageId";
        /// The order.
        order_id: text = "OrderId";
        /// Whether it was given into a group.
        is_chat_room: flag = "IsChatRoom";
        /// Whether it came back.
        is_return_back: flag = "IsReturnBack";
    }
}

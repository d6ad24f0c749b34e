//! Member cards, payments with a card, stock and gift cards. Source: 卡券事件推送, 礼品卡事件推送.

view! {
    /// 买单事件: the user paid from a card.
    UserPayFromPayCell {
        /// The card type.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
        /// The id of the payment.
        trans_id: text = "TransId";
        /// The shop.
        location_id: value = "LocationId";
        /// The amount paid, in fen.
        fee: number u64 = "Fee";
        /// The amount without the card, in fen.
        original_fee: number u64 = "OriginalFee";
    }
}

view! {
    /// 会员卡内容更新事件: the points or the balance of a member card changed.
    UpdateMemberCard {
        /// The card type.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
        /// The change of the points; negative if points were deducted.
        modify_bonus: number i64 = "ModifyBonus";
        /// The change of the balance; negative if it was reduced.
        modify_balance: number i64 = "ModifyBalance";
    }
}

view! {
    /// 会员卡激活事件: the user submitted the activation form of a member card.
    SubmitMembercardUserInfo {
        /// The card type.
        card_id: text = "CardId";
        /// The number of the card.
        user_card_code: text = "UserCardCode";
    }
}

view! {
    /// 库存报警事件: the stock of a card type is low.
    CardSkuRemind {
        /// The card type.
        card_id: text = "CardId";
        /// The remaining stock, as a text.
        detail: text = "Detail";
    }
}

view! {
    /// 子商户审核事件: the review of a sub-merchant ended.
    CardMerchantCheckResult {
        /// The sub-merchant.
        merchant_id: text = "MerchantId";
        /// Whether the review succeeded.
        is_pass: flag = "IsPass";
        /// The reason for a refusal.
        reason: value = "Reason";
    }
}

view! {
    /// 券点流水详情事件: the account's coupon points (券点) changed.
    CardPayOrder {
        /// The id of the order.
        order_id: text = "OrderId";
        /// The status of the order, such as `ORDER_STATUS_FINANCE_SUCC`.
        status: text = "Status";
        /// When the payment QR code was created, in seconds since the Unix epoch.
        create_order_time: number u64 = "CreateOrderTime";
        /// When the order was paid, in seconds since the Unix epoch.
        pay_finish_time: number u64 = "PayFinishTime";
        /// The payment method.
        desc: value = "Desc";
        /// The remaining free points. May have decimals.
        free_coin_count: value = "FreeCoinCount";
        /// The remaining paid points.
        pay_coin_count: value = "PayCoinCount";
        /// The change of the free points.
        refund_free_coin_count: value = "RefundFreeCoinCount";
        /// The change of the paid points.
        refund_pay_coin_count: value = "RefundPayCoinCount";
        /// The kind of order, such as `ORDER_TYPE_SYS_ADD`.
        order_type: value = "OrderType";
        /// The reason for the change, as a text.
        memo: value = "Memo";
        /// The invoice information.
        receipt_info: value = "ReceiptInfo";
    }
}

view! {
    /// A gift card was bought (用户购买礼品卡付款成功), given away (用户购买后赠送), or claimed by
    /// its recipient (用户领取礼品卡成功).
    Giftcard {
        /// The shelf that offers the card.
        page_id: text = "PageId";
        /// The order.
        order_id: text = "OrderId";
        /// Whether the card was given to a group.
        is_chat_room: flag = "IsChatRoom";
        /// Whether the card was returned.
        is_return_back: flag = "IsReturnBack";
    }
}

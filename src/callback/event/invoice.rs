//! Electronic invoices. Source: 电子发票.

view! {
    /// 用户授权事件: the user authorized invoices for the card case, or the authorization failed.
    UserAuthorizeInvoice {
        /// The order whose authorization succeeded.
        succ_order_id: value = "SuccOrderId";
        /// The order whose authorization failed.
        fail_order_id: value = "FailOrderId";
        /// The app that requested the authorization.
        appid: value = "AppId";
        /// Where the authorization was requested, such as `web`.
        source: value = "Source";
    }
}

view! {
    /// 发票状态更新: the status of an invoice changed.
    UpdateInvoiceStatus {
        /// The status, such as `INVOICE_REIMBURSE_INIT` or `INVOICE_REIMBURSE_CLOSURE`.
        status: text = "Status";
        /// The card type of the invoice.
        card_id: text = "CardId";
        /// The number of the invoice.
        code: text = "Code";
    }
}

view! {
    /// 用户提交发票抬头: the user submitted an invoice title.
    SubmitInvoiceTitle {
        /// The title.
        title: text = "title";
        /// The tax number (税号).
        tax_no: value = "tax_no";
        /// The address.
        addr: value = "addr";
        /// The telephone number.
        phone: value = "phone";
        /// The bank.
        bank_type: value = "bank_type";
        /// The number of the bank account.
        bank_no: value = "bank_no";
        /// The attachment of the code that the user scanned.
        attach: value = "attach";
        /// The type of the title: `InvoiceUserTitlePersonType` or `InvoiceUserTitleBusinessType`.
        title_type: value = "title_type";
    }
}

view! {
    /// 开票结果: an invoice was issued, or issuing it failed.
    CloudInvoiceInvoiceresult {
        /// The serial number of the request (发票请求流水号).
        fpqqlsh: text = "fpqqlsh";
        /// The result, as numbered by the platform.
        status: text = "status";
        /// The tax number of the seller (纳税人识别号).
        nsrsbh: value = "nsrsbh";
    }
}

//! Electronic invoices. Source: 电子发票.

view! {
    /// 用户授权事件: the user agreed to get invoices into the card case, or it failed.
    UserAuthorizeInvoice {
        /// The order that it worked for.
        succ_order_id: value = "SuccOrderId";
        /// The order that it failed for.
        fail_order_id: value = "FailOrderId";
        /// The app that asked.
        appid: value = "AppId";
        /// Where the user was asked, such as `web`.
        source: value = "Source";
    }
}

view! {
    /// 发票状态更新: the status of an invoice changed.
    UpdateInvoiceStatus {
        /// The status, such as `INVOICE_REIMBURSE_INIT` or `INVOICE_REIMBURSE_CLOSURE`.
        status: text = "Status";
        /// The invoice's kind of card.
        card_id: text = "CardId";
        /// The number of the invoice.
        code: text = "Code";
    }
}

view! {
    /// 用户提交发票抬头: the user gave the title that invoices are made out to.
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
        /// The account at the bank.
        bank_no: value = "bank_no";
        /// What the code that the user scanned has as its attachment.
        attach: value = "attach";
        /// Whose title it is: `InvoiceUserTitlePersonType` or `InvoiceUserTitleBusinessType`.
        title_type: value = "title_type";
    }
}

view! {
    /// 开票结果: an invoice was made, or it failed.
    CloudInvoiceInvoiceresult {
        /// The serial number of the request (发票请求流水号).
        fpqqlsh: text = "fpqqlsh";
        /// What became of it, as the platform numbers it.
        status: text = "status";
        /// The tax number of the seller (纳税人识别号).
        nsrsbh: value = "nsrsbh";
    }
}

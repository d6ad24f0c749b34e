//! Users whose data changed, or who withdrew it. Source: 授权用户信息变更.

view! {
    /// 授权用户资料变更: the profile of a user who had agreed to share it changed, or the user
    /// withdrew the agreement, or closed the account. The withdrawn data must be deleted.
    UserAuthorization {
        /// The user.
        openid: text = "OpenID";
        /// The user among all apps of one owner, if they are bound to one another.
        union_id: value = "UnionID";
        /// The app that had the agreement.
        appid: text = "AppID";
        /// What was withdrawn.
        revoked: choice RevokedInfo = "RevokeInfo";
        /// What was withdrawn, as the platform numbers it.
        revoke_info: value = "RevokeInfo";
        /// The plug-in that had the agreement, if it was one.
        plugin_id: value = "PluginID";
        /// The user of the plug-in.
        open_pid: value = "OpenPID";
    }
}

choice! {
    /// What a user withdrew the agreement to share.
    RevokedInfo {
        /// 车牌号.
        LicensePlate = "1";
        /// 地址, of a mini-program.
        Address = "2";
        /// 发票信息, of a mini-program.
        Invoice = "3";
        /// 蓝牙.
        Bluetooth = "4";
        /// 麦克风, of a mini-program.
        Microphone = "5";
        /// 昵称和头像, of a mini-program.
        Profile = "6";
        /// 摄像头.
        Camera = "7";
        /// 手机号.
        PhoneNumber = "8";
        /// 微信运动步数.
        RunSteps = "12";
        /// 位置信息, of a mini-program.
        Location = "13";
        /// 选中的图片或视频, of a mini-program.
        ChosenMedia = "14";
        /// 选中的文件.
        ChosenFile = "15";
        /// 邮箱地址.
        Email = "16";
        /// 选择的位置信息.
        ChosenLocation = "18";
        /// 昵称输入键盘中选择的微信昵称.
        TypedNickname = "19";
        /// 获取用户头像组件中选择的微信头像.
        ChosenAvatar = "20";
        /// 地址, of a web page.
        WebAddress = "201";
        /// 发票信息, of a web page.
        WebInvoice = "202";
        /// 卡券信息, of a web page.
        WebCard = "203";
        /// 麦克风, of a web page.
        WebMicrophone = "204";
        /// 昵称和头像, of a web page.
        WebProfile = "205";
        /// 位置信息, of a web page.
        WebLocation = "206";
        /// 选中的图片或视频, of a web page.
        WebChosenMedia = "207";
    }
}

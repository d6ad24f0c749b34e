//! Changed and revoked user data. Source: 授权用户信息变更.

view! {
    /// 授权用户资料变更: a user who had authorized access to the profile changed it, revoked the
    /// authorization, or closed the account. Revoked data must be deleted.
    UserAuthorization {
        /// The openid of the user.
        openid: text = "OpenID";
        /// The user's UnionID across all bound apps of one owner.
        union_id: value = "UnionID";
        /// The app that was authorized.
        appid: text = "AppID";
        /// The data whose authorization was revoked.
        revoked: choice RevokedInfo = "RevokeInfo";
        /// The revoked data, as numbered by the platform.
        revoke_info: value = "RevokeInfo";
        /// The plug-in that was authorized, if any.
        plugin_id: value = "PluginID";
        /// The user's id in the plug-in.
        open_pid: value = "OpenPID";
    }
}

choice! {
    /// The data whose authorization a user revoked.
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

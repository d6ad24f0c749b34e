module peers

go 1.16

require github.com/silenceper/wechat/v2 v2.1.6

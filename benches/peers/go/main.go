// A callback server with silenceper/wechat and net/http.
package main

import (
	"log"
	"net/http"
	"os"
	"runtime"

	"github.com/silenceper/wechat/v2/cache"
	"github.com/silenceper/wechat/v2/officialaccount"
	"github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/officialaccount/message"
)

func main() {
	runtime.GOMAXPROCS(1)
	account := officialaccount.NewOfficialAccount(&config.Config{
		AppID:          os.Getenv("WECHAT_APPID"),
		Token:          os.Getenv("WECHAT_TOKEN"),
		EncodingAESKey: os.Getenv("WECHAT_AES_KEY"),
		Cache:          cache.NewMemory(),
	})
	http.HandleFunc("/wxmsg", func(writer http.ResponseWriter, request *http.Request) {
		server := account.GetServer(request, writer)
		server.SetMessageHandler(func(*message.MixMessage) *message.Reply { return nil })
		if err := server.Serve(); err != nil {
			writer.WriteHeader(http.StatusForbidden)
		}
		// Send isn't called: in secure mode it would encrypt an empty reply.
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

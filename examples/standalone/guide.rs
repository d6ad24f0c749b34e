//! What to type next.

use std::net::SocketAddr;

/// Prints commands to copy, one flow each.
pub(crate) fn print(address: SocketAddr) {
    println!(
        r#"Listening on http://{address}/v1/service/wx, with a sandbox as the platform.

Sign a user in. The browser's step, which answers with a code in its Location:

  curl -si 'http://{address}/sandbox/connect/oauth2/authorize?appid=wx3cc8fd6963e31a32&redirect_uri=http%3A%2F%2Fblog.xyecho.com&response_type=code&scope=snsapi_userinfo&state=1024'

The back-end's step, with that code:

  curl -s -X POST 'http://{address}/v1/service/wx/getwxuserinfo' -H 'Content-Type: application/json' \
    --data-raw '{{"source":"curl-test","appid":"wx3cc8fd6963e31a32","code":"CODE FROM ABOVE"}}'

Both at once:

  curl -s -X POST 'http://{address}/v1/service/wx/getwxuserinfo' -H 'Content-Type: application/json' \
    --data-raw "{{\"source\":\"curl-test\",\"appid\":\"wx3cc8fd6963e31a32\",\"code\":\"$(curl -si 'http://{address}/sandbox/connect/oauth2/authorize?appid=wx3cc8fd6963e31a32&redirect_uri=http%3A%2F%2Fblog.xyecho.com&response_type=code&scope=snsapi_userinfo&state=1024' | sed -n 's/.*[?]code=\([^&]*\).*/\1/p')\"}}"

Let the platform push something that a user did, signed and encrypted, and see the reply:

  curl -s 'http://{address}/sandbox/control/push' -d '{{"type":"text","content":"hello"}}'
  curl -s 'http://{address}/sandbox/control/push' -d '{{"type":"scan","scene":"order-42"}}'

Make a QR code with a scene, and let a user scan it; take the ticket from the answer:

  curl -s -X POST 'http://{address}/v1/service/wx/getwxqrcode' -H 'Content-Type: application/json' \
    --data-raw '{{"source":"curl-test","appid":"wx3cc8fd6963e31a32","scene":"order-42","expire_seconds":600}}'
  curl -s 'http://{address}/sandbox/control/push' -d '{{"type":"scan","ticket":"TICKET FROM ABOVE"}}'

Send a template message; take the openid and the template_id from the first two answers:

  curl -s 'http://{address}/sandbox/control/user' -d '{{"nickname":"Hui🐠"}}'
  curl -s 'http://{address}/sandbox/control/template' -d '{{"title":"发货通知","content":"{{{{thing1.DATA}}}}"}}'
  curl -s -X POST 'http://{address}/v1/service/wx/sendwxtemplatemsg' -H 'Content-Type: application/json' \
    --data-raw '{{"source":"curl-test","appid":"wx3cc8fd6963e31a32","openid":"OPENID","template_id":"TEMPLATE","data":{{"data":{{"thing1":{{"value":"茶叶"}}}}}}}}'

A mini-program's code as an image, and the phone number of a user who pressed the button:

  curl -s -X POST 'http://{address}/v1/service/wx/getunlimitedqrcode' -H 'Content-Type: application/json' \
    --data-raw '{{"source":"curl-test","appid":"wx3cc8fd6963e31a32","scene":"order=42"}}'

  curl -s 'http://{address}/sandbox/control/code' -d '{{"type":"phone"}}'
  curl -s -X POST 'http://{address}/v1/service/wx/getuserphone' -H 'Content-Type: application/json' \
    --data-raw '{{"source":"curl-test","appid":"wx3cc8fd6963e31a32","code":"CODE FROM ABOVE"}}'

The log tells what becomes of each request and each push. Stop with ctrl-c."#
    );
}

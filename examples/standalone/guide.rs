//! The commands that the server prints at start.

use std::net::SocketAddr;

/// Prints commands to copy, for each flow.
pub(crate) fn print(address: SocketAddr) {
    println!(
        r#"Listening on http://{address}/v1/service/wx, with the sandbox as the platform.

Sign a user in. The browser's request, which returns a code in the Location header:

  curl -si 'http://{address}/sandbox/connect/oauth2/authorize?appid=wx3cc8fd6963e31a32&redirect_uri=http%3A%2F%2Fblog.xyecho.com&response_type=code&scope=snsapi_userinfo&state=1024'

The backend's request, with that code:

  curl -s -X POST 'http://{address}/v1/service/wx/getwxuserinfo' -H 'Content-Type: application/json' \
    --data-raw '{{"source":"curl-test","appid":"wx3cc8fd6963e31a32","code":"CODE FROM ABOVE"}}'

Both in one command:

  curl -s -X POST 'http://{address}/v1/service/wx/getwxuserinfo' -H 'Content-Type: application/json' \
    --data-raw "{{\"source\":\"curl-test\",\"appid\":\"wx3cc8fd6963e31a32\",\"code\":\"$(curl -si 'http://{address}/sandbox/connect/oauth2/authorize?appid=wx3cc8fd6963e31a32&redirect_uri=http%3A%2F%2Fblog.xyecho.com&response_type=code&scope=snsapi_userinfo&state=1024' | sed -n 's/.*[?]code=\([^&]*\).*/\1/p')\"}}"

Send a signed and encrypted push, and print the reply:

  curl -s 'http://{address}/sandbox/control/push' -d '{{"type":"text","content":"hello"}}'
  curl -s 'http://{address}/sandbox/control/push' -d '{{"type":"scan","scene":"order-42"}}'

Create a QR code with a scene, and scan it as a user, with the ticket of the first response:

  curl -s -X POST 'http://{address}/v1/service/wx/getwxqrcode' -H 'Content-Type: application/json' \
    --data-raw '{{"source":"curl-test","appid":"wx3cc8fd6963e31a32","scene":"order-42","expire_seconds":600}}'
  curl -s 'http://{address}/sandbox/control/push' -d '{{"type":"scan","ticket":"TICKET FROM ABOVE"}}'

Send a template message, with the openid and the template_id of the first two responses:

  curl -s 'http://{address}/sandbox/control/user' -d '{{"nickname":"Hui🐠"}}'
  curl -s 'http://{address}/sandbox/control/template' -d '{{"title":"发货通知","content":"{{{{thing1.DATA}}}}"}}'
  curl -s -X POST 'http://{address}/v1/service/wx/sendwxtemplatemsg' -H 'Content-Type: application/json' \
    --data-raw '{{"source":"curl-test","appid":"wx3cc8fd6963e31a32","openid":"OPENID","template_id":"TEMPLATE","data":{{"data":{{"thing1":{{"value":"茶叶"}}}}}}}}'

Create a mini-program code as an image, and get the phone number of a user who shared it:

  curl -s -X POST 'http://{address}/v1/service/wx/getunlimitedqrcode' -H 'Content-Type: application/json' \
    --data-raw '{{"source":"curl-test","appid":"wx3cc8fd6963e31a32","scene":"order=42"}}'

  curl -s 'http://{address}/sandbox/control/code' -d '{{"type":"phone"}}'
  curl -s -X POST 'http://{address}/v1/service/wx/getuserphone' -H 'Content-Type: application/json' \
    --data-raw '{{"source":"curl-test","appid":"wx3cc8fd6963e31a32","code":"CODE FROM ABOVE"}}'

The log has a line for each request and each push. Press ctrl-c to stop."#
    );
}

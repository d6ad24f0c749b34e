"""A callback server with wechatpy, starlette and uvicorn."""

import os

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.utils import check_signature

TOKEN = os.environ["WECHAT_TOKEN"]
SECURE = os.environ["MODE"] == "secure"
CRYPTO = WeChatCrypto(TOKEN, os.environ["WECHAT_AES_KEY"], os.environ["WECHAT_APPID"])


async def push(request: Request) -> Response:
    query = request.query_params
    timestamp, nonce = query["timestamp"], query["nonce"]
    document = await request.body()
    try:
        if SECURE:
            document = CRYPTO.decrypt_message(document, query["msg_signature"], timestamp, nonce)
        else:
            check_signature(TOKEN, query["signature"], timestamp, nonce)
    except (InvalidSignatureException, InvalidAppIdException):
        return Response(status_code=403)
    parse_message(document)
    return PlainTextResponse("success")


if __name__ == "__main__":
    uvicorn.run(
        Starlette(routes=[Route("/wxmsg", push, methods=["POST"])]),
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_level="critical",
        access_log=False,
    )

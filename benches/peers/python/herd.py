"""The herd with wechatpy: one thread per caller, since its client blocks."""

import os
import sys
import threading
import time

import requests
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatException

UPSTREAM = os.environ["UPSTREAM"]
CALLERS = int(os.environ["CALLERS"])


class Client(WeChatClient):
    """The client with its host replaced."""

    API_BASE_URL = UPSTREAM + "/cgi-bin/"

    def fetch_access_token(self):
        grant = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return self._fetch_access_token(url=UPSTREAM + "/cgi-bin/token", params=grant)


def main() -> None:
    client = Client("wx3cc8fd6963e31a32", "secret")
    if os.environ["CASE"] == "dead":
        client.fetch_access_token()
        requests.get(UPSTREAM + "/kill", timeout=10)
        call = client.misc.get_wechat_ips
    else:
        call = lambda: client.access_token  # noqa: E731

    go = threading.Event()
    start = 0.0
    lines = []

    def caller() -> None:
        go.wait()
        try:
            call()
            lines.append(f"{(time.perf_counter() - start) * 1000:.3f}")
        except (WeChatException, requests.RequestException, OSError) as error:
            lines.append(f"error {type(error).__name__}")

    threads = [threading.Thread(target=caller) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    start = time.perf_counter()
    go.set()
    for thread in threads:
        thread.join()
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""A page of another origin asks a server with a token, in a browser."""

import functools
import http.server
import threading

from plaudit.serving import Access, running_server
from plaudit.web import Tokens

ASK = """async ([url, token]) => {
    const headers = {"Content-Type": "application/json", "Authorization": `Bearer ${token}`};
    const body = JSON.stringify({prompt: "a", responses: ["b"]});
    const answer = await fetch(`${url}/v1/rewards`, {method: "POST", headers, body});
    return [answer.status, answer.headers.get("X-Plaudit-Model"), Object.keys(await answer.json())];
}"""


def test_a_page_asks_with_its_token_and_reads_refusals(folder, tmp_path, chromium):
    (tmp_path / "index.html").write_text("<title>page</title>")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{pages.server_port}"
        access = Access(port=0, tokens=Tokens(["s"]), origins=(origin,))
        with running_server({"tiny": str(folder)}, access=access) as url:
            page = chromium.new_page()
            page.goto(origin)
            assert page.evaluate(ASK, [url, "s"]) == [200, "tiny", ["id", "model", "version", "results"]]
            assert page.evaluate(ASK, [url, "other"]) == [401, None, ["error"]]
            page.close()
        pages.shutdown()

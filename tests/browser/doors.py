"""Who is let in: everything that a program, or another page, can try without the browser's help."""

import http.client
import json
import socket


def ask(served, method="GET", path=None, headers=None, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    path = path if path is not None else f"/{served.token}/"
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    headers = {"Host": f"127.0.0.1:{served.port}", **(headers or {})}
    for name, value in headers.items():
        if value is not None:
            connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read().decode()


def order(served, name, body, **headers):
    own = {"Origin": f"http://127.0.0.1:{served.port}", "Content-Type": "application/json"}
    path = f"/{served.token}/api/{name}"
    return ask(served, "POST", path, {**own, **headers}, json.dumps(body).encode())


def only_who_should(project):
    """Every refusal, and that nothing was decided by what was refused."""
    with project.serve("doors") as served:
        status, headers, page = ask(served)
        assert status == 200 and "<title>Review</title>" in page
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy, policy
        assert headers["x-frame-options"] == "DENY" and headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        for path in ["/", "/x/", "/api/desk", f"/{served.token[:-1]}/", f"/{served.token}x/api/desk"]:
            assert ask(served, path=path)[0] == 403, path
        for host in [None, "evil.example", f"evil.example:{served.port}", "127.0.0.1:1"]:
            status = ask(served, headers={"Host": host})[0]
            assert status in (400, 421), (host, status)
        take = {"edition": 1, "tab": 0, "item": 0, "take": True}
        foreign = "http://evil.example"
        assert order(served, "put", take, Origin=foreign)[0] == 403
        assert order(served, "put", take, Origin="null")[0] == 403
        assert order(served, "put", take, Origin=None)[0] == 403
        assert order(served, "put", take, **{"Sec-Fetch-Site": "cross-site"})[0] == 403
        assert order(served, "put", take, **{"Content-Type": "text/plain"})[0] == 415
        assert ask(served, "PUT")[0] == 405
        assert order(served, "put", {**take, "more": "x" * 100_000})[0] == 413
        assert order(served, "put", {**take, "item": 10**6})[0] == 400
        assert order(served, "put", {**take, "hunk": 7})[0] == 400
        assert order(served, "put", {**take, "edition": 0})[0] == 409
        assert order(served, "nothing", {})[0] == 400
        # What nobody was shown is not applied.
        assert order(served, "apply", {"edition": 1})[0] == 409
        assert json.loads(project.isolate("review", "doors", "--json"))["decisions"] == []
        for address in addresses():
            with socket.socket() as tried:
                tried.settimeout(2)
                assert tried.connect_ex((address, served.port)) != 0, f"it listens on {address}"
        assert order(served, "put", take)[0] == 200
        decided = json.loads(project.isolate("review", "doors", "--json"))["decisions"]
        assert [word["accept"] for word in decided] == [True]
        code, said = served.interrupt()
        assert code == 130 and "your decisions are kept" in said, (code, said)


def addresses():
    """Those of this machine that are not loopback."""
    found = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    return {entry[4][0] for entry in found if not entry[4][0].startswith("127.")}


def ends_when_nobody_asks(project):
    with project.serve("doors", idle="1s") as served:
        # Who is not let in does not keep it awake.
        ask(served, path="/")
        code, said = served.ended()
        assert code == 0 and "Nobody looked at the page" in said, (code, said)

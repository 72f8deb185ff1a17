"""What is let in, and what an answer may do: a real server on a port."""

from __future__ import annotations

import contextlib
import socket

import httpx
import pytest

from tests.serve.guest import MOST


def test_a_request_of_another_site_is_refused(address: str) -> None:
    """Proves: without a sign that this server's page sent it nothing is done. Sensitivity: with one it is."""
    with httpx.Client(base_url=address) as client:
        told = [
            client.post("/books", headers=headers).status_code
            for headers in (
                {},
                {"Origin": "http://elsewhere.example"},
                {"Origin": "null"},
                {"Sec-Fetch-Site": "cross-site"},
                {"Origin": address},
                {"Sec-Fetch-Site": "same-origin"},
            )
        ]
        # Let in, and without a workbook.
        assert told == [403] * 4 + [400] * 2
        assert client.get("/", headers={"Host": "elsewhere.example"}).status_code == 403
        assert client.cookies == httpx.Cookies()


def test_every_answer_is_bounded(address: str) -> None:
    """Proves: pages run no foreign script and stand in no foreign frame, errors and files too."""
    with httpx.Client(base_url=address) as client:
        for page in ("/", "/static/live.js", "/nothing"):
            headers = client.get(page).headers
            policy = headers["content-security-policy"]
            assert "script-src 'self';" in policy and "frame-ancestors 'self'" in policy
            assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("header", ["Content-Length: 90000000", "Transfer-Encoding: chunked"])
def test_a_large_upload_is_refused_while_it_comes(address: str, header: str) -> None:
    """Proves: the answer comes before the end, whether the size was told or not."""
    host = address.removeprefix("http://")
    name, _, port = host.partition(":")
    start = (
        f"POST /books HTTP/1.1\r\nHost: {host}\r\nOrigin: {address}\r\n{header}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    )
    part = b'--x\r\nContent-Disposition: form-data; name="workbook"; filename="a.xlsx"\r\n\r\n'
    block, sent, answer = bytes(2**16), 0, b""

    def framed(data: bytes) -> bytes:
        return b"%x\r\n%s\r\n" % (len(data), data) if "chunked" in header else data

    with socket.create_connection((name, int(port)), timeout=30) as line:
        line.sendall(start.encode() + framed(part))
        with contextlib.suppress(ConnectionError):
            line.settimeout(0.02)
            while not answer and sent < 20 * MOST:
                with contextlib.suppress(TimeoutError):
                    line.sendall(framed(block))
                    sent += len(block)
                with contextlib.suppress(TimeoutError):
                    answer = line.recv(2**12)
    assert answer.startswith(b"HTTP/1.1 413"), answer
    assert sent < 2 * MOST

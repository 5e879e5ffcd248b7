"""What stands in front of the site in life, on loopback: it passes requests on, and keeps the log that such programs
keep unless they are told not to."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

# Not passed on: they are about the connection, and there are two of these.
OWN = {"connection", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log: the «combined» format of nginx and Apache, without the address of the visitor and the time."""

    method: str
    address: str
    status: int
    referrer: str


class Proxy(ThreadingHTTPServer):
    """Passes everything on to one port of loopback."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.behind = port
        self.log: list[Line] = []

    @property
    def url(self) -> str:
        """Where visitors come."""
        return f"http://localhost:{self.server_port}"


class Passing(BaseHTTPRequestHandler):
    """One request."""

    server: Proxy
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Ask what is behind, note, answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with closing(HTTPConnection("127.0.0.1", self.server.behind, timeout=60)) as behind:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in OWN}
            behind.request(self.command, self.path, body=body, headers=headers)
            answer = behind.getresponse()
            content = answer.read()
        self.server.log.append(Line(self.command, self.path, answer.status, self.headers.get("Referer", "-")))
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in {*OWN, "content-length"}:
                self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_POST = do_HEAD = do_GET  # noqa: N815  # the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name that http.server calls
        """Say nothing."""


@contextmanager
def in_front_of(port: int) -> Iterator[Proxy]:
    """The proxy, until the end of the block."""
    proxy = Proxy(port)
    thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()

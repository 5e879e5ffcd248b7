"""Another site on loopback: where Quitter leads in tests, and what a page of another origin learns of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from tests.referrals.post import wait_until

PAGE = b"<!doctype html><title>ailleurs</title><p>ailleurs</p>"
# A form as most sites have it, which takes no care of what is typed.
CARELESS = b"<!doctype html><title>ailleurs</title><form><input name=q id=q><button>Go</button></form>"


class Elsewhere(ThreadingHTTPServer):
    """Answers everything with one page, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answers = Event()  # while it is not set, visitors wait
        self.answers.set()

    @property
    def url(self) -> str:
        """Its address: another host name than the site's, so another site to a browser."""
        return f"http://127.0.0.1:{self.server_port}/"

    def has_been_asked(self, times: int) -> None:
        """Wait until it was asked for its page so many times."""
        wait_until(lambda: len([path for path, _headers in self.asked if path == "/"]) >= times)


class Visit(BaseHTTPRequestHandler):
    """One request."""

    server: Elsewhere

    def do_GET(self) -> None:
        """Note what was said, and answer."""
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.server.answers.wait(20)
        page = CARELESS if self.path.startswith("/form") else PAGE
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "max-age=600" if page is CARELESS else "no-store")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name that http.server calls
        """Say nothing."""


@contextmanager
def another_site() -> Iterator[Elsewhere]:
    """The site, until the end of the block."""
    site = Elsewhere()
    thread = Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        site.answers.set()
        site.shutdown()
        thread.join()
        site.server_close()

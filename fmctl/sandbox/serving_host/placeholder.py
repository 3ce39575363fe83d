"""What answers in place of a container: a server of its own, run as a script, that says so and repeats the question.

It is started with the interpreter alone, in a process of its own, and needs nothing of the sandbox.
"""

from __future__ import annotations

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Placeholder(BaseHTTPRequestHandler):
    """Takes any request."""

    def answer(self) -> None:
        """Who this is not, and what it was asked."""
        size = int(self.headers.get("Content-Length") or 0)
        said = {
            "sandbox": "no container runs here: this stands in for its image and repeats the request",
            "image": os.environ["STANDS_IN_FOR"],
            "method": self.command,
            "path": self.path,
            "body": self.rfile.read(size).decode(errors="replace"),
        }
        body = json.dumps(said, ensure_ascii=False).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def __getattr__(self, name: str) -> Any:
        """Every method is answered alike; the server looks each up by its name."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Placeholder).serve_forever()

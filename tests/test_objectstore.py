"""Object storage, through the official library, against the sandbox's OBS on a real socket."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fmctl.domain.problem import ExitCode, StorageError, UsageError
from fmctl.objectstore.address import parse_address, wants_path_style
from fmctl.objectstore.store import ObsStore
from fmctl.sandbox.server import Server

pytestmark = [  # the library's own: it is as old as Python 2
    pytest.mark.filterwarnings("ignore:ssl:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning"),
]

ODD = ["plain.txt", "with space.txt", "数据/训练 集.csv", "a+b/c&d=e%20f.txt", "empty"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("sandbox"))
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server
    server.stop()
    thread.join()
    server.close()


@pytest.fixture
def store(server: Server) -> ObsStore:
    info = server.info
    store = ObsStore(info["obs_endpoint"], info["access_key"], info["secret_key"])
    store.ensure_bucket("things")
    return store


def folder_of(path: Path, files: dict[str, bytes]) -> list[tuple[str, str]]:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return [(name, str(path / name)) for name in files]


@pytest.mark.parametrize("key", ODD)
def test_what_is_written_is_read(store: ObsStore, key: str) -> None:
    """Any key holds any content, the empty one included."""
    content = b"" if key == "empty" else f"{key}\x00".encode()
    store.write(f"obs://things/rw/{key}", content)

    assert content == store.read(f"obs://things/rw/{key}")


def test_what_is_absent_is_nothing(store: ObsStore) -> None:
    """Absent buckets, folders and keys are no errors for those who look."""
    looked = [store.read("obs://things/no"), store.read("obs://no-such-bucket/no")]
    listed = [*store.list("obs://things/no/"), *store.list("obs://no-such-bucket/no/")]

    assert ([None, None], []) == (looked, listed)


def test_writing_into_no_bucket_says_so(store: ObsStore, tmp_path: Path) -> None:
    """A write does not pass over an absent bucket."""
    with pytest.raises(StorageError, match="no bucket no-such-bucket"):
        store.write("obs://no-such-bucket/x", b"1")
    with pytest.raises(StorageError, match="no bucket no-such-bucket"):
        store.upload("obs://no-such-bucket/x/", folder_of(tmp_path, {"a": b"1"}))


def test_a_folder_is_what_is_below_it(store: ObsStore) -> None:
    """A listing stops at the folder's slash: neighbours with the same beginning are not in it."""
    for key in ("l/a/1", "l/a/b/2", "l/ab/3", "l/a"):
        store.write(f"obs://things/{key}", b"12")
    listed = {url: [found.key for found in store.list(url)] for url in ("obs://things/l/a/", "obs://things/l/a")}

    assert ["l/a/1", "l/a/b/2"] == listed["obs://things/l/a/"]
    assert ["l/a", "l/a/1", "l/a/b/2"] == listed["obs://things/l/a"]


def test_a_listing_tells_size_and_digest(store: ObsStore) -> None:
    """What a listing says is enough to see that a file is there as a whole."""
    store.write("obs://things/s/x", b"hello")
    found = store.list("obs://things/s/")[0]

    assert (5, "5d41402abc4b2a76b9719d911017c592") == (found.size, found.etag.strip('"'))


def test_long_listings_are_complete(server: Server, store: ObsStore) -> None:
    """More than one page of keys is listed to the end."""
    keys = [f"many/{number:04}" for number in range(2005)]
    for key in keys:
        server.sandbox.objects.put("things", key, b"")

    assert keys == [found.key for found in store.list("obs://things/many/")]


def test_a_folder_goes_up_and_comes_down(store: ObsStore, tmp_path: Path) -> None:
    """Upload and download are each other's inverse."""
    files = {name: name.encode() for name in ODD} | {"empty": b""}
    store.upload("obs://things/up", folder_of(tmp_path / "here", files))
    count = store.download("obs://things/up/", str(tmp_path / "there"))
    down = {name: (tmp_path / "there" / name).read_bytes() for name in files}

    assert files == down
    assert len(files) == count == len([path for path in (tmp_path / "there").rglob("*") if path.is_file()])


def test_large_files_go_in_pieces(store: ObsStore, tmp_path: Path) -> None:
    """A file beyond the limit for one piece arrives whole."""
    content = bytes(range(256)) * (70 << 10)
    store.upload("obs://things/large/", folder_of(tmp_path, {"x": content}))

    assert content == store.read("obs://things/large/x")


def test_only_what_is_missing_is_uploaded(server: Server, store: ObsStore, tmp_path: Path) -> None:
    """An object of the right size is left alone, half an object is replaced."""
    store.write("obs://things/again/kept", b"old")
    store.write("obs://things/again/half", b"ol")
    store.upload("obs://things/again/", folder_of(tmp_path, {"kept": b"new", "half": b"new"}))

    assert b"old" == store.read("obs://things/again/kept")
    assert b"new" == store.read("obs://things/again/half")


def test_a_file_that_vanished_is_named(store: ObsStore, tmp_path: Path) -> None:
    """A local file that cannot be read is the error, not the storage."""
    with pytest.raises(StorageError, match=r"cannot read .*gone"):
        store.upload("obs://things/x/", [("gone", str(tmp_path / "gone"))])


def test_one_object_comes_down_too(store: ObsStore, tmp_path: Path) -> None:
    """An address without a slash at the end may be one object."""
    store.write("obs://things/one/model.bin", b"m")
    count = store.download("obs://things/one/model.bin", str(tmp_path))

    assert (1, b"m") == (count, (tmp_path / "model.bin").read_bytes())


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "link/evil"])
def test_a_download_stays_in_its_folder(store: ObsStore, server: Server, tmp_path: Path, name: str) -> None:
    """No key of an object gets a file written elsewhere."""
    target, elsewhere = tmp_path / "target", tmp_path / "elsewhere"
    target.mkdir()
    elsewhere.mkdir()
    (target / "link").symlink_to(elsewhere)
    prefix = f"evil{abs(hash(name))}/"
    server.sandbox.objects.put("things", prefix + name, b"x")
    with pytest.raises(StorageError, match="outside"):
        store.download(f"obs://things/{prefix}", str(target))

    assert [] == list(tmp_path.rglob("evil*"))


def test_a_bucket_is_made_once(store: ObsStore) -> None:
    """Making sure of a bucket twice is as good as once."""
    store.ensure_bucket("fresh-bucket")
    store.ensure_bucket("fresh-bucket")
    store.write("obs://fresh-bucket/x", b"1")

    assert b"1" == store.read("obs://fresh-bucket/x")


def test_a_wrong_key_is_an_error_of_authentication(server: Server) -> None:
    """A refused credential exits with 3, and the secret is not shown."""
    store = ObsStore(server.info["obs_endpoint"], server.info["access_key"], "s3cr3t")
    with pytest.raises(StorageError) as caught:
        store.list("obs://things/")

    assert (ExitCode.AUTH, 403) == (caught.value.code, caught.value.status)
    assert not [word for word in ("s3cr3t", server.info["access_key"]) if word in f"{caught.value}{store!r}"]


class Page(BaseHTTPRequestHandler):
    """A web server that is not OBS."""

    status = 404

    def do_GET(self) -> None:
        body = b"<html>welcome</html>"
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@pytest.mark.parametrize("status", [200, 404])
def test_a_web_page_is_not_an_empty_bucket(status: int) -> None:
    """An endpoint that is not OBS must not make stored things look absent."""
    handler = type("Handler", (Page,), {"status": status})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with pytest.raises(StorageError) as caught:
                ObsStore(f"http://127.0.0.1:{web.server_port}", "ak", "sk").list("obs://b/x/")
        finally:
            web.shutdown()
            thread.join()

    assert "endpoint" in (caught.value.hint or "")


def self_signed(folder: Path) -> Path:
    """A certificate that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file = folder / "server.pem"
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + certificate.public_bytes(pem))
    return file


def test_certificates_are_verified(tmp_path: Path) -> None:
    """Keys and data go to nobody whose certificate is not trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    seen: list[str] = []

    class Handler(Page):
        def do_GET(self) -> None:
            seen.append(self.path)
            super().do_GET()

    class Web(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None: ...

    with Web(("127.0.0.1", 0), Handler) as web:
        web.socket = context.wrap_socket(web.socket, server_side=True)
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with pytest.raises(StorageError, match="CERTIFICATE_VERIFY_FAILED"):
                ObsStore(f"https://localhost:{web.server_port}", "ak", "sk").list("obs://b/x/")
        finally:
            web.shutdown()
            thread.join()

    assert [] == seen


def test_a_dead_endpoint_is_named() -> None:
    """When nobody listens, message and hint say where."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(StorageError) as caught:
        ObsStore(endpoint, "ak", "sk").read("obs://b/x")

    assert endpoint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("https://obs.cn-north-4.myhuaweicloud.com", False),
        ("https://obs.cn-north-4.myhuaweicloud.com:443", False),
        ("https://obs.example.com:8443", False),
        ("https://storage.example.com", False),
        ("http://storage.example.com:9000", True),
        ("http://127.0.0.1:9000", True),
        ("http://localhost:9000", True),
        ("http://sandbox.localhost", True),
        ("http://minio:9000", True),
    ],
)
def test_the_endpoint_decides_where_the_bucket_is_written(endpoint: str, expected: bool) -> None:
    """Real OBS has the bucket in the host name, local servers have it in the path."""
    assert expected == wants_path_style(endpoint)


@pytest.mark.parametrize("endpoint", ["obs.example.com", "http://[::1]:9000", "https://", "http://h:port", ""])
def test_an_endpoint_must_be_an_address(endpoint: str) -> None:
    """A mistyped endpoint is the user's mistake."""
    with pytest.raises(UsageError):
        ObsStore(endpoint, "ak", "sk")


@pytest.mark.parametrize("url", ["s3://b/k", "obs://", "obs:///k", "/local/path"])
def test_an_address_must_name_a_bucket(url: str) -> None:
    """Only obs://bucket/key is an address."""
    with pytest.raises(UsageError):
        parse_address(url)


@pytest.mark.parametrize(
    ("url", "expected"), [("obs://b", "obs://b/"), ("obs://b/a", "obs://b/a/"), ("obs://b/a//", "obs://b/a/")]
)
def test_a_folder_has_one_slash_at_the_end(url: str, expected: str) -> None:
    """However it was written, a folder has one address."""
    assert expected == str(parse_address(url).folder())

"""Assets: local files, HTTP and fsspec URLs; many at a time; nothing secret in an error."""

from __future__ import annotations

import http.server
import os
import threading
from pathlib import Path

import pytest

from mixpeek_orchestration.core.errors import ItemFailure, TransientItemFailure
from mixpeek_orchestration.extractors.sdk import download_asset, open_asset, parallel_io


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = int(self.path.split("?")[0].strip("/").split(".")[0])
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"content")

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def base_url():
    """A server that answers with the status in the path."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_local_file_is_used_where_it_is(tmp_path, prefix):
    """No copy is made of a local file."""
    (tmp_path / "a b.txt").write_text("x")
    path = f"{prefix}{tmp_path}/a b.txt"
    assert download_asset(path) == (str(tmp_path / "a b.txt"), False)


def test_a_url_becomes_a_temporary_file(base_url):
    """The copy has the suffix asked for and is gone after the block."""
    with open_asset(f"{base_url}/200.bin?signature=secret", suffix=".jpg") as path:
        assert path.endswith(".jpg")
        assert Path(path).read_bytes() == b"content"
    assert not os.path.exists(path)


def test_fsspec_urls_are_read():
    """Whatever fsspec can open can be read."""
    import fsspec

    with fsspec.open("memory://assets/a.txt", "wb") as file:
        file.write(b"from memory")
    path, is_temporary = download_asset("memory://assets/a.txt")
    assert (Path(path).read_bytes(), is_temporary) == (b"from memory", True)
    os.unlink(path)


@pytest.mark.parametrize(
    ("status", "error"), [(404, ItemFailure), (403, ItemFailure), (503, TransientItemFailure)]
)
def test_an_http_error_says_whether_to_try_again(base_url, status, error):
    """A missing asset fails for good, a struggling server for now; the signature is not repeated."""
    with pytest.raises(error) as caught:
        download_asset(f"{base_url}/{status}?signature=secret")
    assert type(caught.value) is error
    assert "secret" not in f"{caught.value} {caught.value.details()}"


def test_parallel_io_gives_results_by_index_and_keeps_errors():
    """One bad item is absent and recorded; the others are there."""
    results = parallel_io([1, 0, 4], lambda value: 8 // value, max_workers=2)
    assert dict(results) == {0: 8, 2: 2}
    assert isinstance(results.errors[1], ZeroDivisionError)
    assert dict(parallel_io(["a"], process_fn=str.upper)) == {0: "A"}

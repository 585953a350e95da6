"""`etl serve`: what a browser, a curious client and a hostile page get of it."""

from __future__ import annotations

import gzip
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl import serving
from etl.dashboard import page
from etl.errors import NothingPublishedError, PortTakenError
from etl.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server(sample_warehouse: Settings) -> Iterator[tuple[subprocess.Popen[str], int]]:
    process = started(sample_warehouse.warehouse)
    assert process.stdout
    line = process.stdout.readline()
    yield process, int(line.split("127.0.0.1:")[1].split("/")[0])
    process.kill()
    process.wait()


def started(warehouse: Path) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "etl", "serve", "--port", "0", "--warehouse", str(warehouse)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


Answer = tuple[int, dict[str, str], bytes]


def ask(port: int, path: str, method: str = "GET", **headers: str) -> Answer:
    connection = http.client.HTTPConnection(serving.HOST, port, timeout=20)
    # As it stands: a client that means harm does not tidy its paths.
    connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def test_the_way_in_leads_to_the_snapshot_of_now(server: tuple[object, int], sample_warehouse: Settings) -> None:
    name = sample_warehouse.current.resolve().name
    status, headers, _ = ask(server[1], "/")
    assert (status, headers["location"]) == (307, f"/{name}/dashboard/")
    status, headers, _ = ask(server[1], "/current/feeds/papers.atom")
    assert (status, headers["location"]) == (307, f"/{name}/feeds/papers.atom")


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("dashboard/", "text/html; charset=utf-8"),
        ("dashboard/index.html", "text/html; charset=utf-8"),
        ("feeds/papers.atom", "application/atom+xml"),
        ("feeds/keyword_trends.csv", "text/csv; charset=utf-8"),
        ("tables/core.papers.parquet", "application/vnd.apache.parquet"),
        ("papers.duckdb", "application/vnd.duckdb"),
        ("manifest.json", "application/json"),
    ],
)
def test_files_have_the_right_headers(
    place: str, kind: str, server: tuple[object, int], sample_warehouse: Settings
) -> None:
    path = f"/{sample_warehouse.current.resolve().name}/{place}"
    file = sample_warehouse.current / (place + "index.html" if place.endswith("/") else place)
    status, headers, body = ask(server[1], path)
    assert (status, headers["content-type"]) == (200, kind)
    assert body == file.read_bytes()
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == f"{page.POLICY}; frame-ancestors 'none'"
    assert headers["cache-control"] == "no-cache"
    assert headers["etag"]
    assert ask(server[1], path, If_None_Match=headers["etag"])[::2] == (304, b"")
    assert ask(server[1], path, "HEAD")[::2] == (200, b"")


def test_text_is_compressed_and_what_is_compressed_is_left_alone(
    server: tuple[object, int], sample_warehouse: Settings
) -> None:
    root = sample_warehouse.current.resolve()
    _, headers, body = ask(server[1], f"/{root.name}/manifest.json", Accept_Encoding="gzip")
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == (root / "manifest.json").read_bytes()
    chunk = next(root.glob("dashboard/data/*/tables.json.gz"))
    _, headers, body = ask(server[1], f"/{chunk.relative_to(root.parent)}", Accept_Encoding="gzip")
    assert (headers["content-type"], headers.get("content-encoding")) == ("application/gzip", None)
    assert body == chunk.read_bytes()
    assert headers["cache-control"] == "public, max-age=31536000, immutable"


def test_parts_of_a_file_can_be_asked_for(server: tuple[object, int], sample_warehouse: Settings) -> None:
    root = sample_warehouse.current.resolve()
    status, headers, body = ask(server[1], f"/{root.name}/papers.duckdb", Range="bytes=8-11")
    assert (status, body) == (206, b"DUCK")
    assert headers["content-range"] == f"bytes 8-11/{(root / 'papers.duckdb').stat().st_size}"


@pytest.mark.parametrize(
    "path",
    [
        "/../working.duckdb",
        "/..%2fworking.duckdb",
        "/%2e%2e/working.duckdb",
        "/current/../../working.duckdb",
        "//etc/passwd",
        "/..%5c..%5cetc/passwd",
        "/x/../../state/withdrawn.json",
        "/%00",
        "/.2025.tmp/papers.duckdb",
        "/nothing/dashboard/",
        "/" + "a" * 5000,
    ],
)
def test_nothing_but_snapshots_is_served(path: str, server: tuple[object, int]) -> None:
    status, headers, body = ask(server[1], path)
    while status == 307:
        status, headers, body = ask(server[1], headers["location"])
    assert status == 404
    assert b"DUCK" not in body and b"root:" not in body


def test_a_link_out_of_the_folder_is_not_followed(
    server: tuple[object, int], own_warehouse: Settings, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (own_warehouse.current.resolve() / "leak.txt").symlink_to(tmp_path / "secret.txt")
    process = started(own_warehouse.warehouse)
    assert process.stdout
    port = int(process.stdout.readline().split("127.0.0.1:")[1].split("/")[0])
    status, _, body = ask(port, f"/{own_warehouse.current.resolve().name}/leak.txt")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=20)[1]
    assert (status, b"secret" in body) == (404, False)
    assert process.returncode == 130 or (process.returncode == 0 and said == "")
    assert "Traceback" not in said


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(method: str, server: tuple[object, int], sample_warehouse: Settings) -> None:
    assert ask(server[1], f"/{sample_warehouse.current.resolve().name}/manifest.json", method)[0] == 405


def test_a_page_of_another_name_gets_nothing(server: tuple[object, int]) -> None:
    """As in DNS rebinding: a name of someone else's that leads to this machine."""
    assert ask(server[1], "/", Host="paper-trends.example")[0] == 400


def test_it_listens_on_this_machine_alone(server: tuple[object, int]) -> None:
    taken = subprocess.run(["cat", "/proc/net/tcp", "/proc/net/tcp6"], capture_output=True, text=True).stdout
    ours = [line.split()[1] for line in taken.splitlines() if f":{server[1]:04X} " in line and " 0A " in line]
    assert ours == [f"0100007F:{server[1]:04X}"] or not taken


def test_serving_writes_nothing(server: tuple[object, int], sample_warehouse: Settings) -> None:
    def state() -> dict[Path, tuple[int, int]]:
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in sample_warehouse.warehouse.rglob("*")}

    before = state()
    for path in ("/", "/current/dashboard/", "/nowhere"):
        ask(server[1], path)
    assert state() == before


def test_nothing_published_is_said(settings: Settings) -> None:
    with pytest.raises(NothingPublishedError):
        serving.application(settings)


def test_a_taken_port_is_said(sample_warehouse: Settings) -> None:
    with socket.socket() as holder:
        holder.bind((serving.HOST, 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port}: .*--port"):
            serving.serve(sample_warehouse, port, print)

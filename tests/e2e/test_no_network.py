"""The program opens no connection, ever: neither through Python nor below it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fvae_studio import paths

ROOT = Path(__file__).resolve().parents[2]
_TELEMETRY = "ORT_DISABLE_TELEMETRY"
_INTERNET = re.compile(r"AF_INET6?|AF_NETLINK|AF_PACKET")


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every attempt fails, and is remembered."""
    attempts: list[str] = []

    def refuse(name: str) -> Any:
        def attempt(*arguments: object, **_options: object) -> None:
            attempts.append(f"{name}{arguments}")
            raise OSError("there is no network in this test")

        return attempt

    for name in ("socket", "create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse(name))
    return attempts


def test_commands_open_no_socket(cli, jpeg, png, tmp_path, no_sockets):
    outcomes = [
        cli("edit", jpeg, "--set", "smile=0.8", "-o", tmp_path / "a.jpg"),
        cli("inspect", png),
        cli("flow", png, "--set", "smile=1", "-o", tmp_path / "a.npz"),
        cli("edit", tmp_path / "none.jpg", "--set", "smile=1"),
    ]

    assert [outcome.code for outcome in outcomes] == [0, 0, 0, 1]
    assert no_sockets == []


def test_no_module_of_the_program_imports_anything_of_networks():
    program = (
        "import pkgutil, importlib, sys, fvae_studio\n"
        "for found in pkgutil.walk_packages(fvae_studio.__path__, 'fvae_studio.'):\n"
        "    if not found.name.endswith('__main__'):\n"
        "        importlib.import_module(found.name)\n"
        "print([name for name in sys.modules if name in ('PySide6.QtNetwork', 'PySide6.QtWebSockets', 'requests')])"
    )
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True)

    assert done.stdout.strip() == "[]", done.stderr


def test_what_runs_the_networks_leaves_no_identity_behind_and_reports_to_nobody(tmp_path):
    """ONNX Runtime keeps one in the cache, from which it reports every few seconds: connections come later."""
    program = (
        "import sys\n"
        "from fvae_studio.model.networks import make_networks\n"
        "from fvae_studio.model.registry import read_model\n"
        "make_networks(read_model(), 'cpu')\n"
        "print('onnxruntime' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name != _TELEMETRY}
    environment |= {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True)

    assert done.stdout.strip() == "True", done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace, which sees what is called below Python, is not here"
)
@pytest.mark.parametrize(
    "arguments", [["edit", "{photo}", "--set", "smile=0.5", "-o", "{out}"], ["--smoke", "{photo}"]]
)
def test_whole_program_calls_the_system_for_no_internet(tmp_path: Path, arguments: list[str]) -> None:
    photo = paths.samples_dir() / "ada_neutral.jpg"
    if not photo.is_file():
        pytest.skip("the sample photos are not there")
    words = [word.format(photo=photo, out=tmp_path / "out.jpg") for word in arguments]
    seen = tmp_path / "calls.txt"
    trace = ["strace", "-f", "-qq", "-e", "trace=socket,connect,sendto,sendmsg", "-e", "signal=none", "-o", str(seen)]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*trace, sys.executable, "-m", "fvae_studio", *words],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "ptrace" in done.stderr:
        pytest.skip("this system does not let strace look")

    assert done.returncode == 0, done.stderr
    assert [line for line in seen.read_text().splitlines() if _INTERNET.search(line)] == []

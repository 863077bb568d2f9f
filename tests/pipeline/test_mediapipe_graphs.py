from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import os, sys, threading
from fvae_studio.pipeline.mediapipe_graphs import quiet_native_log

before = sys.stderr
with quiet_native_log():
    os.write(2, b"native\\n")
    thread = threading.Thread(target=print, args=("Python: ä",), kwargs={"file": sys.stderr})
    thread.start()
    thread.join()
    held = sys.stderr
print("later", file=held)
assert sys.stderr is before
os.write(2, b"native again\\n")
"""


def test_only_native_code_is_silenced() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True)

    assert done.stderr.decode().splitlines() == ["Python: ä", "later", "native again"]

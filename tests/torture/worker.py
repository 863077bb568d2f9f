"""A process that reads bad files: lines of JSON in, lines of JSON out. It may crash or hang; that is the point."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from pathlib import Path

from tests.torture.probes import probe

_MEMORY_BYTES = 3 << 30
"""Beyond what the program itself takes once it is loaded."""


def _limit_memory() -> None:
    if sys.platform != "linux":
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    size = pages * os.sysconf("SC_PAGE_SIZE") + _MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Answer until the pipe is closed."""
    # What libraries print must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    if "--weights" in sys.argv:
        import torch

        torch.set_num_threads(1)
    _limit_memory()
    for line in sys.stdin:
        kind, path = json.loads(line)
        print(json.dumps(probe(kind, Path(path))), file=answers, flush=True)


if __name__ == "__main__":
    main()

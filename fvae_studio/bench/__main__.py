"""`python -m fvae_studio.bench STAGE ARGUMENTS CORES`: one stage in this process; its last line of output is JSON.

For `processes.ask_stage`. People use `fvae-studio bench`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from fvae_studio.__main__ import ONE_CORE_SUMS
from fvae_studio.bench.machine import restrict_to


def main() -> None:
    """Do one stage."""
    stage, arguments, cores = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
    # As `fvae-studio` does for itself, before numpy is imported.
    for name, value in ONE_CORE_SUMS.items():
        os.environ.setdefault(name, value)
    if cores and not restrict_to(cores):
        sys.exit(f"This system does not let a program take {cores} cores.")
    print("\n" + json.dumps(_STAGES[stage](arguments)), flush=True)


# Every stage imports what it needs: no other one's imports shall count in its memory.


def _photo(arguments: Mapping[str, Any]) -> None:
    from fvae_studio.bench.photos import make_photo

    make_photo(**{**arguments, "path": Path(arguments["path"])})


def _stages(arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    from fvae_studio.bench.stages import Stages

    return _measured(Stages(Path(arguments["photo"]), arguments["model"]), arguments["measures"])


def _clips(arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    from fvae_studio.bench.clips import Clips

    first, second = map(Path, arguments["pair"])
    return _measured(Clips((first, second), arguments["model"]), arguments["measures"])


def _measured(measured: Any, measures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for measure in measures:
        options = {name: value for name, value in measure.items() if name != "what"}
        found = getattr(measured, measure["what"])(**options)
        rows += found if isinstance(found, list) else [found]
    measured.close()
    return [row.to_json() for row in rows]


def _batch(arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    from fvae_studio.bench.stages import measure_batch

    photos = [Path(path) for path in arguments["photos"]]
    return [measure_batch(arguments["part"], photos, arguments["model"]).to_json()]


def _drag(arguments: Mapping[str, Any]) -> dict[str, Any]:
    from fvae_studio.bench.studio import drag

    return drag(Path(arguments["photo"]), rests=arguments["rests"])


def _memory(arguments: Mapping[str, Any]) -> float:
    from fvae_studio.bench.studio import memory

    return memory([Path(path) for path in arguments["photos"]])


_STAGES: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "photo": _photo,
    "stages": _stages,
    "clips": _clips,
    "batch": _batch,
    "drag": _drag,
    "memory": _memory,
}

if __name__ == "__main__":
    main()

"""The window: its start, a slider that is dragged, full resolution after it rests, memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fvae_studio.bench.figures import Row, row_of
from fvae_studio.bench.processes import ask_process, ask_stage, run_process, studio_command

_STALL_MS = 50.0


def measure_starts(photo: Path, *, repeats: int) -> Iterator[Row]:
    """From starting the program on a photo to its first edit; each run a process of its own."""
    import sys

    # Not counted: it compiles what was never started here before.
    ask_process(studio_command("--smoke", str(photo)))
    bare = [run_process([sys.executable, "-c", "pass"]).seconds for _ in range(repeats)]
    told = [run_process(studio_command("--help")).seconds for _ in range(repeats)]
    yield row_of("start", "interpreter alone", "s", bare)
    yield row_of("start", "fvae-studio --help", "s", told, goal=0.5)
    starts = [ask_process(studio_command("--smoke", str(photo)))["seconds"] for _ in range(repeats)]
    name = "24-megapixel JPEG"
    yield row_of("start", "window opens", "s", [at["window"] for at in starts], goal=1.0)
    yield row_of("start", "engine ready", "s", [at["model"] for at in starts], note="from the start")
    yield row_of(
        "start", f"first face outlined, {name}", "s", [at["faces"] - at["window"] for at in starts], goal=2.0,
        note="from the window on; the model loads at the same time",
    )  # fmt: skip
    yield row_of("start", "first edit on the screen", "s", [_first_edit(at) for at in starts], goal=5.0,
                 note="from the start")  # fmt: skip


def measure_window(photos: Sequence[Path], *, rests: int) -> Iterator[Row]:
    """A drag of some seconds over the first photo; memory with one and with all of them."""
    found = ask_stage("drag", {"photo": str(photos[0]), "rests": rests})
    waits, own = answer_times(found["sent"], found["shown"])
    began, ended = found["sent"][0][0], found["sent"][-1][0]
    pictures = sum(moment <= ended for moment, _ in found["shown"])
    gaps = found["gaps_ms"]
    seconds = f"{ended - began:.0f} s"
    yield row_of("window", "drag: slider to screen", "ms", waits, goal=33.0, goal_p95=60.0, note="over all events")
    yield row_of("window", "drag: values that are shown themselves", "ms", own)
    yield Row("window", "drag: pictures", "/s", pictures / (ended - began), runs=pictures)
    stalls = float(sum(gap > _STALL_MS for gap in gaps))
    yield Row("window", f"drag: stalls over {_STALL_MS:.0f} ms", "", stalls, goal=0.0, note=f"in {seconds}")
    yield Row("window", "drag: longest stall", "ms", max(gaps))
    yield row_of("window", "full resolution after rest", "ms", found["rests_ms"], goal=300.0)
    for count, goal in ((1, 800.0), (len(photos), 1500.0)):
        peak = ask_stage("memory", {"photos": [str(path) for path in photos[:count]]})
        told = "24-megapixel photo" if count == 1 else "24-megapixel photos"
        yield Row("window", f"memory with {count} {told}", "MB", peak, goal=goal)


def answer_times(
    sent: Sequence[tuple[float, float]], shown: Sequence[tuple[float, float]]
) -> tuple[list[float], list[float]]:
    """How long events waited for the screen.

    An event is answered by its own value or by a newer one, as most are: the latest value wins.

    Args:
        sent: (moment in seconds, value) of each event; all values differ.
        shown: the same of what the screen showed.

    Returns:
        Milliseconds of every event that was answered, and of those whose own value was shown.
    """
    order = {value: number for number, (_, value) in enumerate(sent)}
    waits, own, next_event = [], [], 0
    for moment, value in shown:
        answered = order.get(value, -1)
        if answered < next_event:
            continue
        own.append((moment - sent[answered][0]) * 1000)
        waits += [(moment - at) * 1000 for at, _ in sent[next_event : answered + 1]]
        next_event = answered + 1
    return waits, own


def _first_edit(at: Mapping[str, Any]) -> float:
    return float(min(at[quality] for quality in ("preview", "full_res") if quality in at))

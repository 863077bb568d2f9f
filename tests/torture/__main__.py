"""`python -m tests.torture`: the whole corpus, then the faults; prints tables, fails where anything went wrong."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.torture.corpus import run_corpus
from tests.torture.documents import document_files
from tests.torture.images import BadFile, image_files


def whole_corpus(*, images_per_family: int, documents_per_place: int, seed: int) -> Iterator[BadFile]:
    """All bad files."""
    yield from image_files(per_family=images_per_family, seed=seed)
    yield from document_files(per_place=documents_per_place, seed=seed)


def main() -> int:
    """Exit code 0 where nothing crashed, hung, was lost or was written in part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=15, help="of each family and valid file")
    parser.add_argument("--documents", type=int, default=6, help="strange values for each place of a document")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=50, help="moments at which each kind of writing is killed")
    parser.add_argument("--only", choices=["corpus", "faults"], help="one half")
    parser.add_argument("--keep", type=Path, help="folder for the files that made trouble")
    options = parser.parse_args()
    is_well = True
    with tempfile.TemporaryDirectory() as folder:
        if options.only != "faults":
            corpus = whole_corpus(
                images_per_family=options.images, documents_per_place=options.documents, seed=options.seed
            )
            tally = run_corpus(corpus, Path(folder) / "corpus")
            print(tally.table(), flush=True)
            for number, (bad, outcome) in enumerate(tally.faults):
                print(f"\n{bad.kind}: {bad.name}\n{outcome}")
                if options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"{number}-{bad.kind}{bad.suffix}").write_bytes(bad.content)
            is_well = not tally.faults
        if options.only != "corpus":
            # Here: a corpus needs no Qt, and these fork.
            from tests.torture.faults import run_faults, table

            counts = run_faults(Path(folder) / "faults", kills=options.kills)
            print(table(counts), flush=True)
            is_well = is_well and not any(count.losses for count in counts)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())

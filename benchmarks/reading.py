"""How long it takes to read judgements, beside `datasets.load_dataset` reading and caching the same file.

A file of TRL rows (prompt, chosen, rejected, in text; every prompt another, about 1 kB a row) is made as JSON lines and
as Parquet, and read by each side in a process of its own, which has read ten rows before the clock starts.
`datasets` reads cold, into a cache folder of its own that is new each time. Plaudit reads into a list (`load_groups`)
and as a stream (`read_groups`, which spills to disc beyond its budget). Printed are the fastest run's wall time, its
ratio to `datasets`' (the target is at most 3), what a row costs in processor time (it should not rise with the rows),
and the peak of resident memory.

    python benchmarks/reading.py                      # 20,000, 200,000 and 1,000,000 rows
    python benchmarks/reading.py --rows 2000 --repeat 1
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from itertools import islice
from pathlib import Path

from common import Job, in_own_process, peak_rss, table

WORDS = ("river", "hill", "answer", "better", "question", "because", "there", "which", "people", "water", "over")

READERS = ("datasets", "load_groups", "read_groups")
"""Who reads; the first is what the others are compared with."""


def make_rows(path: Path, rows: int, seed: int = 0) -> None:
    """TRL rows: JSON lines, or Parquet by the path's ending."""
    numbers = random.Random(seed)

    def text(words: int) -> str:
        return " ".join(numbers.choices(WORDS, k=words))

    made = (
        {"prompt": f"{i}: {text(30)}", "chosen": text(numbers.randint(20, 120)), "rejected": text(70)}
        for i in range(rows)
    )
    if path.suffix == ".jsonl":
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in made)
        return
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema(dict.fromkeys(("prompt", "chosen", "rejected"), pyarrow.string()))
    with parquet.ParquetWriter(path, schema) as writer:
        while batch := list(islice(made, 10_000)):
            writer.write_batch(pyarrow.RecordBatch.from_pylist(batch, schema))


def read(job: Job) -> dict[str, float]:
    """Read a file as the job says: rows, wall and processor seconds, and the peak of memory in MiB."""
    file, cache = Path(job["file"]), Path(job["cache"])
    # What is imported with first use is no cost of a row.
    small = cache / f"small{file.suffix}"
    make_rows(small, 10)
    count_rows(job["reader"], small, cache / "of-the-small")
    wall, processor = time.perf_counter(), time.process_time()
    rows = count_rows(job["reader"], file, cache / "cold")
    return {
        "rows": rows,
        "wall": time.perf_counter() - wall,
        "processor": time.process_time() - processor,
        "peak": peak_rss(),
    }


def count_rows(reader: str, file: Path, cache: Path) -> int:
    """Read a file and count what was read."""
    if reader == "datasets":
        import datasets

        kind = {".parquet": "parquet", ".jsonl": "json"}[file.suffix]
        return len(datasets.load_dataset(kind, data_files=str(file), split="train", cache_dir=str(cache)))
    from plaudit.data import load_groups, read_groups

    return len(load_groups(file)) if reader == "load_groups" else sum(1 for _ in read_groups(file))


def measured(file: Path, reader: str, repeat: int) -> dict[str, float]:
    """The fastest of several runs, each in a process of its own, with a new cache."""
    runs = []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory(dir=file.parent) as cache:
            job = {"file": str(file), "reader": reader, "cache": cache}
            runs.append(in_own_process(__file__, job))
    return min(runs, key=lambda run: float(run["wall"]))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, nargs="+", default=[20_000, 200_000, 1_000_000])
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--job", type=json.loads, help=argparse.SUPPRESS)
    wanted = options.parse_args()
    if wanted.job:
        print(json.dumps(read(wanted.job)))
        return
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".jsonl", ".parquet"):
            for rows in wanted.rows:
                file = Path(folder, f"rows{suffix}")
                make_rows(file, rows)
                runs = {reader: measured(file, reader, wanted.repeat) for reader in READERS}
                for reader, run in runs.items():
                    if run["rows"] != rows:
                        raise SystemExit(f"{reader} read {run['rows']:,} of {rows:,} rows")
                    ratio = run["wall"] / runs["datasets"]["wall"]
                    cost = f"{1e6 * run['processor'] / rows:.1f}"
                    figures = [f"{run['wall']:.2f}", f"{ratio:.2f}", cost, f"{run['peak']:,.0f}"]
                    lines.append([reader, suffix, f"{rows:,}", *figures])
    print(table(["reader", "file", "rows", "wall s", "x datasets", "µs a row", "peak MiB"], lines))


if __name__ == "__main__":
    main()

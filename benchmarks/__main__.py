"""`make bench`: run every row, print tables, write `bench-out/bench.json` and `bench-out/bench.md`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import calls, files, fill, pixels, restore
from benchmarks.timing import Row

OUT = Path("bench-out")


def main() -> None:
    """Run and report."""
    timings = [*files.rows(), *pixels.strip_rows(), *pixels.edit_rows(), *calls.rows()]
    tables: dict[str, list[Mapping[str, Any]]] = {
        "Time": [_timing(row) for row in timings],
        "PNG size": list(files.sizes()),
        "Fill": fill.measure(),
        "Restoration": list(restore.measure()),
    }
    text = "\n\n".join(f"## {name}\n\n{_table(rows)}" for name, rows in tables.items()) + "\n"
    OUT.mkdir(exist_ok=True)
    (OUT / "bench.md").write_text(text, "utf-8")
    (OUT / "bench.json").write_text(json.dumps(tables, indent=2) + "\n", "utf-8")
    print(text)


def _timing(row: Row) -> dict[str, Any]:
    times = {"ours ms": round(row.ours_ms, 1), "floor ms": round(row.floor_ms, 1)}
    return {"what": row.what, "floor": row.floor, **times, "ratio": round(row.ratio, 2)}


def _table(rows: Iterable[Mapping[str, Any]]) -> str:
    rows = list(rows)
    heads = list(dict.fromkeys(key for row in rows for key in row))
    lines = [heads, ["---"] * len(heads), *([str(row.get(head, "")) for head in heads] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    main()

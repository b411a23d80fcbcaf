"""Writes docs/benchmarks.md from the saved results of every item, with a plot beside it where there is one."""

import json
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.environment import BIN, ROOT, base_environment

ORDER = (
    "reload_loss",
    "bad_deploy",
    "crash_recovery",
    "throughput",
    "balance",
    "control",
    "log_capture",
    "memory",
    "manager_killed",
    "access_log",
    "session",
    "web_both",
)
QUICK = ", in a quick run: it shows that the measuring works, not what is true"
MARKS = {True: "kept", False: "**missed**", None: "not measured"}

# Any: what comes back from JSON has the shape of results.Section, plus "taken", "machine" and "quick".
Document = dict[str, Any]


def load(folder: Path) -> list[Document]:
    """The saved items, in their order."""
    paths = (folder / f"{key}.json" for key in ORDER)
    return [json.loads(path.read_text()) for path in paths if path.exists()]


def write(folder: Path, out: Path) -> None:
    """Write the report to `out`, the plots and one results.json into a folder of the same name beside it."""
    documents = load(folder)
    beside = out.with_suffix("")
    beside.mkdir(parents=True, exist_ok=True)
    (beside / "results.json").write_text(json.dumps(documents, indent=1) + "\n")
    draw(beside / "results.json", beside, "svg")
    out.write_text(render(documents, beside.name))


def draw(results: Path, folder: Path, kind: str) -> None:
    """Draw one picture per item that has bars, with the bench environment's matplotlib."""
    script = [str(BIN / "python"), "-m", "benchmarks.plots", str(results), str(folder), kind]
    subprocess.run(script, cwd=ROOT, env=base_environment(), check=True)


def render(documents: list[Document], pictures: str) -> str:
    """The whole report as Markdown; `pictures` is the folder of the plots, relative to it."""
    parts = [
        "# Benchmarks",
        "Made by `./scripts/bench` (`python -m benchmarks`): mainstay beside its peers, each item measured in one run"
        " on one machine, interleaved. Do not quote the absolute figures: the machine is small and shared. The ratios"
        " are what counts.",
        _machine(documents),
        "## Targets",
        _targets(documents),
    ]
    for document in documents:
        parts += _section(document, pictures)
    return "\n\n".join(parts) + "\n"


def _machine(documents: list[Document]) -> str:
    """One line per machine and set of versions, newest last; usually there is one."""
    seen: dict[str, None] = {}
    for document in documents:
        seen[", ".join(f"{name} {value}" for name, value in document["machine"].items())] = None
    return "\n\n".join(f"Machine and versions: {line}." for line in seen)


def _grid(columns: tuple[str, ...] | list[str], rows: list[list[str]]) -> str:
    """A Markdown table; columns after the first that hold figures are right-aligned."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "|".join(["---"] + ["---:"] * (len(columns) - 1)) + "|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _targets(documents: list[Document]) -> str:
    rows = [
        [document["title"], target["promise"], target["measured"], MARKS[target["kept"]]]
        for document in documents
        for target in document["targets"]
    ]
    return _grid(["item", "target", "measured", ""], rows)


def _section(document: Document, pictures: str) -> list[str]:
    parts = [
        f"## {document['title']}",
        document["method"],
        f"Taken {document['taken']}{QUICK if document['quick'] else ''}.",
    ]
    if document["panels"]:
        parts.append(f"![{document['title']}]({pictures}/{document['key']}.svg)")
    for table in document["tables"]:
        parts += [f"**{table['title']}**", _grid(table["columns"], table["rows"])]
        parts += [table["note"]] if table["note"] else []
    return parts

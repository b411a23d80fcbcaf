"""Draws the bars of each item: run by the bench environment's Python, which has matplotlib.

`python -m benchmarks.plots RESULTS FOLDER svg|png`. The ink is mid-grey on nothing, readable on light and dark pages.
"""

import importlib
import json
import math
import sys
from pathlib import Path
from typing import Any

INK = "#7d8590"
OURS = "#2f81f7"
THEIRS = "#a8b1bb"
TARGET = "#d1544b"
WIDTH = 8.6
BAR_HEIGHT = 0.30
PANEL_EXTRA = 0.85


def draw(document: dict[str, Any], path: Path) -> None:
    """Draw all panels of one item under each other."""
    # Any: matplotlib is not in the environment the types are checked in.
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    pyplot.rcParams.update({"font.size": 10, "svg.fonttype": "none", "svg.hashsalt": "mainstay"})
    panels = document["panels"]
    heights = [len(panel["bars"]) * BAR_HEIGHT + PANEL_EXTRA for panel in panels]
    figure, axes = pyplot.subplots(
        len(panels), 1, figsize=(WIDTH, sum(heights)), height_ratios=heights, squeeze=False, layout="constrained"
    )
    figure.patch.set_alpha(0)
    for panel, (axis,) in zip(panels, axes, strict=True):
        _panel(axis, panel)
    metadata = {"Date": None} if path.suffix == ".svg" else {}
    figure.savefig(path, transparent=True, metadata=metadata, dpi=110)
    pyplot.close(figure)


def _panel(axis: Any, panel: dict[str, Any]) -> None:
    bars = list(reversed(panel["bars"]))
    values = [bar["value"] for bar in bars]
    places = range(len(bars))
    axis.barh(places, values, height=0.68, color=[OURS if bar["ours"] else THEIRS for bar in bars])
    axis.set_yticks(places, [bar["label"] for bar in bars], color=INK)
    for place, value in zip(places, values, strict=True):
        axis.annotate(_figure(value), (value, place), (4, 0), textcoords="offset points", va="center", color=INK)
    axis.set_xlim(0, max([*values, panel["limit"] or 0, 1e-9]) * 1.14)
    if panel["limit"] is not None:
        axis.axvline(panel["limit"], color=TARGET, linewidth=1.2, linestyle="--")
    axis.set_title(panel["title"], loc="left", color=INK, fontsize=11, fontweight="bold")
    axis.set_xlabel(panel["unit"], color=INK)
    axis.set_xticks([])  # every bar carries its figure
    axis.tick_params(colors=INK, length=0)
    axis.set_facecolor("none")
    for side in ("top", "right", "bottom"):
        axis.spines[side].set_visible(False)
    axis.spines["left"].set_color(INK)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 or math.isclose(value, round(value)) else f"{value:.2f}"


def main() -> None:
    """Draw every item that has panels."""
    results, folder, kind = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    for document in json.loads(results.read_text()):
        if document["panels"]:
            draw(document, folder / f"{document['key']}.{kind}")


if __name__ == "__main__":
    main()

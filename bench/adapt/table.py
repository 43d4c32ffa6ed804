"""Dice of the proof's runs as a table: python3 table.py RUNS, with RUNS/<task>-<start>-<seed>/test/summary.json."""

import json
import statistics
import sys
from pathlib import Path


def main():
    found = {}
    for summary in sorted(Path(sys.argv[1]).glob("*-*-*/test/summary.json")):
        task, start, seed = summary.parent.parent.name.split("-")
        means = json.loads(summary.read_text())
        for label, metrics in [("mean", means["foreground_mean"])] + sorted(means["mean"].items()):
            found.setdefault((task, label), {}).setdefault(start, {})[seed] = metrics["Dice"]
    print("| task | label | start | Dice of each seed | mean | spread |")
    print("|---|---|---|---|---|---|")
    for (task, label), starts in found.items():
        if label == "1" and (task, "2") not in found:
            continue  # the mean of one label
        for start in ["scratch", "pretrained"]:
            values = [value for _, value in sorted(starts.get(start, {}).items())]
            if values:
                each = " ".join(f"{value:.3f}" for value in values)
                print(
                    f"| {task} | {label} | {start} | {each} | {statistics.mean(values):.3f} "
                    f"| {max(values) - min(values):.3f} |"
                )


main()

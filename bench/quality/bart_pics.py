#!/usr/bin/env python3
"""Compressed sensing by BART, for comparison: parallel imaging with an L1-wavelet prior (ESPIRiT maps).

    python3 bench/quality/bart_pics.py LEADERBOARD OUT [LAMBDA]

Reads LEADERBOARD/acc*/kspace/*.h5 and writes OUT/acc*/*.h5 as 'larmor reconstruct' does, so that
'larmor evaluate' scores both alike. Wants the Debian packages bart and python3-h5py.
(Uecker et al., BART Toolbox, https://mrirecon.github.io/bart; Lustig et al., MRM 2007.)
"""

import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np


def write_cfl(path, array):
    """BART's format: a text header with the extents and complex64 in column-major order."""
    path.with_suffix(".hdr").write_text("# Dimensions\n" + " ".join(map(str, array.shape)) + "\n")
    array.astype(np.complex64).ravel(order="F").tofile(path.with_suffix(".cfl"))


def read_cfl(path):
    words = path.with_suffix(".hdr").read_text().splitlines()[1].split()
    shape = [int(word) for word in words]
    return np.fromfile(path.with_suffix(".cfl"), np.complex64).reshape(shape, order="F").squeeze()


def bart(*arguments):
    subprocess.run(["bart", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def reconstruct(kspace, mask, regularization, folder):
    """Magnitude image [H, W] of one slice of k-space [coils, H, W]."""
    measured = (kspace * mask).transpose(1, 2, 0)[:, :, np.newaxis, :]
    write_cfl(folder / "kspace", measured)
    centre = kspace.shape[2] // 2
    left = right = 0
    while mask[centre - 1 - left]:
        left += 1
    while mask[centre + right]:
        right += 1
    lines = 2 * min(left, right)
    # Kernel and calibration region no wider than the few centre lines there are.
    kernel = min(6, lines)
    bart("ecalib", "-m1", "-k", kernel, "-r", f"24:{lines}:1", folder / "kspace", folder / "maps")
    bart(
        "pics", "-S", "-i", "100", "-R", f"W:3:0:{regularization}",
        folder / "kspace", folder / "maps", folder / "image",
    )
    return np.abs(read_cfl(folder / "image"))


def crop(image, size):
    top, left = (image.shape[0] - size) // 2, (image.shape[1] - size) // 2
    return image[top : top + size, left : left + size]


def main():
    source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    regularization = float(sys.argv[3]) if len(sys.argv) > 3 else 0.002
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(source.glob("acc*/kspace/*.h5")):
            target = path.parent.parent / "image" / path.name
            with h5py.File(path) as file, h5py.File(target) as images:
                size = images["image_label"].shape[1]
                mask = file["mask"][()] != 0
                slices = [
                    crop(reconstruct(kspace, mask, regularization, pathlib.Path(scratch)), size)
                    for kspace in file["kspace"]
                ]
            result = out / path.parent.parent.name / path.name
            result.parent.mkdir(parents=True, exist_ok=True)
            with h5py.File(result, "w") as file:
                file["reconstruction"] = np.stack(slices).astype(np.float32)
            print(result, flush=True)


if __name__ == "__main__":
    main()

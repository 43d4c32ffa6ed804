#!/usr/bin/env python3
"""A data set of many full-size volumes that takes next to no disk: sparse files, all zero.

    python3 bench/scale/sparse.py FOLDER [VOLUMES]

Every volume has 16 slices of 15 x 640 x 368 complex k-space (450 MB if it were not sparse) and a
target of 384 x 384. One in ten is for validation.
"""

import pathlib
import sys

import h5py
import numpy as np

SLICES, COILS, HEIGHT, WIDTH, SIZE = 16, 15, 640, 368, 384


def allocated_early():
    """Contiguous and allocated at once, never written: a hole in the file."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.CONTIGUOUS)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    return properties


def hole(file, name, shape, dtype):
    space = h5py.h5s.create_simple(shape)
    h5py.h5d.create(file.id, name.encode(), h5py.h5t.py_create(np.dtype(dtype)), space, allocated_early())


def volume(root, split, number):
    brain, four = number // 2 % 2 == 0, number // 4 % 2 == 0
    name = f"{'brain' if brain else 'knee'}_acc{4 if four else 8}_{number}.h5"
    kspace, image = root / split / "kspace" / name, root / split / "image" / name
    with h5py.File(kspace, "w") as file:
        hole(file, "kspace", (SLICES, COILS, HEIGHT, WIDTH), "c8")
        mask = np.zeros(WIDTH, "f4")
        mask[:: 4 if four else 8] = 1
        mask[WIDTH // 2 - 15 : WIDTH // 2 + 15] = 1
        file["mask"] = mask
    with h5py.File(image, "w") as file:
        hole(file, "image_label", (SLICES, SIZE, SIZE), "f4")
        file.attrs["max"] = 1e-3


def main():
    root = pathlib.Path(sys.argv[1])
    volumes = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    for split in ("train", "val"):
        for kind in ("kspace", "image"):
            (root / split / kind).mkdir(parents=True, exist_ok=True)
    for number in range(volumes):
        volume(root, "val" if number % 10 == 9 else "train", number)


if __name__ == "__main__":
    main()

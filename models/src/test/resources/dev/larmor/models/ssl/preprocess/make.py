"""Makes scikit.json: what scikit-image and SciPy give where golden.json has only sums; run with Debian's python3."""
import json

import numpy as np
from scipy import ndimage
from skimage.transform import resize


def val(t, n):
    """The portable noise of the golden values."""
    z = np.arange(n, dtype=np.uint64) + np.uint64(t << 32) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return 2 * ((z >> np.uint64(11)).astype(float) / 2**53) - 1


def cubic(shape, to):
    x = val(3000, int(np.prod(shape))).reshape(shape).astype(np.float32)
    y = resize(x.astype(float), to, 3, mode="edge", anti_aliasing=False, clip=True, preserve_range=True)
    return {"from": shape, "to": to, "values": [float(v) for v in y.astype(np.float32).ravel()]}


def labels(shape, to):
    x = np.floor((val(3001, int(np.prod(shape))) + 1) * 1.5).reshape(shape)
    y = np.zeros(to)
    for label in np.unique(x):
        share = resize((x == label).astype(float), to, 1, mode="edge", anti_aliasing=False, clip=True)
        y[share >= 0.5] = label
    return {"from": shape, "to": to, "values": [int(v) for v in y.ravel()]}


def filled(shape):
    x = val(3002, int(np.prod(shape))).reshape(shape) > -0.3
    return {"shape": shape, "inside": "".join("01"[int(v)] for v in ndimage.binary_fill_holes(x).ravel())}


json.dump(
    {
        "cubic": [cubic([6, 7, 8], [9, 10, 12]), cubic([1, 2, 9], [3, 2, 4]), cubic([4, 3, 5], [4, 7, 2])],
        "labels": [labels([6, 7, 8], [9, 10, 12]), labels([5, 6, 7], [10, 3, 21]), labels([6, 6, 6], [3, 4, 18])],
        "filled": [filled([5, 6, 7]), filled([8, 3, 4])],
    },
    open("scikit.json", "w"),
)

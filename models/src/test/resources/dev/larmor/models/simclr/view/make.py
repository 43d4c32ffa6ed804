"""Makes changes.json, which ChangeTest reads, with NumPy and SciPy: python3 make.py > changes.json.

monai_ops.json is not made here: it is what MONAI 1.5.0 gives. Resizing is scikit-image's, which is
scipy.ndimage.zoom on voxel centres, the result clipped to the input's range.
"""

import numpy as np
from scipy import ndimage

SHAPE = (5, 5, 7)
ZOOM = 0.7
GAMMA = 1.3


def volume(number):
    """Splitmix64 of k + number * 2^32, scaled to -1 ... 1: the tests' Reference.volume."""
    with np.errstate(over="ignore"):
        z = np.arange(np.prod(SHAPE), dtype=np.uint64)
        z += np.uint64((number << 32) + 0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (2 * ((z >> np.uint64(11)).astype(float) / 2**53) - 1).reshape(SHAPE).astype(np.float32)


def resize(image, shape, order):
    zoom = np.divide(shape, image.shape)
    return ndimage.zoom(image, zoom, order=order, mode="nearest", grid_mode=True)


def low_resolution(image):
    coarse = resize(image, np.round(np.multiply(image.shape, ZOOM)).astype(int), 0)
    return np.clip(resize(coarse, image.shape, 3), coarse.min(), coarse.max())


def power(image):
    mean, deviation, least, most = image.mean(), image.std(), image.min(), image.max()
    y = ((image - least) / (most - least + 1e-7)) ** GAMMA * (most - least) + least
    return (y - y.mean()) / (y.std() + 1e-8) * deviation + mean


def contrast(image):
    return np.clip((image - image.mean()) * 1.2 + image.mean(), image.min(), image.max())


x = volume(40).astype(float)
changed = {
    "blur 0.8": ndimage.gaussian_filter(x, 0.8),
    "blur 2.5": ndimage.gaussian_filter(x, 2.5),
    "low resolution 0.7": low_resolution(x),
    "power 1.3": power(x),
    "power 1.3 inverted": -power(-x),
    "contrast 1.2": contrast(x),
    "turn 1": np.rot90(x, 1, (0, 1)),
}
rows = [f'"{name}": {[round(float(v), 7) for v in y.ravel()]}' for name, y in changed.items()]
print("{\n" + ",\n".join(rows) + "\n}")

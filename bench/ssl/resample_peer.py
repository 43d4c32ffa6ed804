"""scikit-image's cubic resampling of one volume to 1 mm, once for each line of standard input.

    python3 resample_peer.py IMAGE.nii.gz 1.2,1.2,1.2

What nnSSL does with an image whose spacing (along z, y, x) is that: skimage.transform.resize with order 3, slice by
slice where slices are more than 3 times as thick as the smallest spacing. scikit-image has no threads. Ends with a line
of JSON whose sums tell that both sides did the same.
"""
import gzip
import json
import resource
import struct
import sys
import time

import numpy as np
from scipy.ndimage import map_coordinates
from skimage.transform import resize

TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4"}


def read(path):
    """A little-endian NIfTI-1 volume as float32[z, y, x], scaled as its header says."""
    data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read()
    x, y, z = struct.unpack_from("<3h", data, 42)
    (datatype,) = struct.unpack_from("<h", data, 70)
    offset, slope, intercept = struct.unpack_from("<3f", data, 108)
    stored = np.frombuffer(data, "<" + TYPES[datatype], x * y * z, int(offset)).reshape(z, y, x)
    return (stored * slope + intercept if slope else stored).astype(np.float32)


def zoomed(values, shape):
    return resize(values, shape, 3, mode="edge", anti_aliasing=False, clip=True, preserve_range=True)


def resample(image, spacing):
    shape = [round(s * n) for s, n in zip(spacing, image.shape)]
    axes = [a for a in range(3) if spacing[a] == max(spacing)]
    if max(spacing) / min(spacing) <= 3 or len(axes) > 1:
        return zoomed(image.astype(float), shape).astype(np.float32)
    slices = np.moveaxis(image.astype(float), axes[0], 0)
    plane = [shape[a] for a in range(3) if a != axes[0]]
    stack = np.stack([zoomed(s, plane) for s in slices])
    thick, thin = len(slices), shape[axes[0]]
    at = np.meshgrid((np.arange(thin) + 0.5) * (thick / thin) - 0.5, *map(np.arange, plane), indexing="ij")
    return np.moveaxis(map_coordinates(stack, at, order=0, mode="nearest"), 0, axes[0]).astype(np.float32)


image = read(sys.argv[1])
spacing = [float(s) for s in sys.argv[2].split(",")]
result = resample(image, spacing)
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    result = resample(image, spacing)
    print("step %.6f" % (time.perf_counter() - start), flush=True)
print(
    json.dumps(
        {
            "from": image.shape,
            "to": result.shape,
            "sum": float(result.sum(dtype=float)),
            "sum of squares": float((result.astype(float) ** 2).sum()),
            "VmHWM_kB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        }
    )
)

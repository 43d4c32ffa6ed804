"""Makes the NIfTI files that NiftiVolumeTest reads, with nibabel, and prints what it reads back.

Run here: python3 make.py > expected.txt. Stored voxel (x, y, z) is x + 10 y + 100 z (+ 1000 t).
"""
import itertools

import nibabel as nib
import numpy as np

SHAPE = (4, 3, 2)
x, y, z = np.indices(SHAPE)
STORED = x + 10 * y + 100 * z
# Columns: x runs to the left at 2 mm, y to the top at 3 mm, z to the back at 1.5 mm, tilted.
TILT = np.array([[np.cos(0.2), -np.sin(0.2), 0], [np.sin(0.2), np.cos(0.2), 0], [0, 0, 1]])
AFFINE = np.eye(4)
AFFINE[:3, :3] = TILT @ np.array([[-2, 0, 0], [0, 0, -1.5], [0, 3, 0]])
AFFINE[:3, 3] = [10, -20, 30]


def write(name, image, code):
    image.header.set_slope_inter(*(2, -1) if "scaled" in name else (1, 0))
    image.set_sform(AFFINE if code != "q" else None, 1 if code == "s" else 0)
    image.set_qform(AFFINE if code != "s" else None, 1 if code == "q" else 0)
    nib.save(image, name)
    back = nib.load(name)
    data = back.get_fdata()
    data = data[..., 0] if data.ndim == 4 else data
    ras = nib.as_closest_canonical(back)
    rasdata = ras.get_fdata()
    rasdata = rasdata[..., 0] if rasdata.ndim == 4 else rasdata
    print(name, *data.ravel(order="F"))
    print(name, *back.affine[:3].ravel())
    print(name, *rasdata.shape[:3])
    print(name, *rasdata.ravel(order="F"))
    print(name, *ras.affine[:3].ravel())


for i, dtype in enumerate("u1 i1 i2 u2 i4 u4 f4 f8 i8 u8".split()):
    endian = "<" if i % 2 else ">"
    nifti = nib.Nifti2Image if i % 3 == 2 else nib.Nifti1Image
    stored = STORED % 100 if dtype in ("u1", "i1") else STORED
    image = nifti(stored.astype(dtype), AFFINE, nifti.header_class(endianness=endian))
    image.header.set_data_dtype(np.dtype(dtype).newbyteorder(endian))
    scaled = "-scaled" if i % 4 == 1 else ""
    write(f"{dtype}{scaled}.nii" + (".gz" if i % 2 else ""), image, "sq"[i % 2])
series = np.stack([STORED, STORED + 1000], axis=-1)
write("series.nii.gz", nib.Nifti1Image(series.astype("i2"), AFFINE), "s")

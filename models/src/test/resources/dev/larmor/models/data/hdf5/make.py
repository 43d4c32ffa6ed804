"""Makes the HDF5 files that Hdf5FileTest reads, with h5py as data sets in the wild are made.

Run here: python3 make.py. Value n of kspace (complex, row-major) is n - 1j * n / 2.
"""
import h5py
import numpy as np

SHAPE = (3, 2, 7, 5)
n = np.arange(np.prod(SHAPE)).reshape(SHAPE)
KSPACE = (n - 0.5j * n).astype(np.complex64)
MASK = np.array([0, 1, 1, 0, 1])


def write(name, libver, mask, max_value, big_endian=False, userblock=0, **storage):
    with h5py.File(name, "w", libver=libver, userblock_size=userblock) as f:
        kspace = KSPACE
        if big_endian:
            kspace = np.empty(SHAPE, np.dtype([("r", ">f4"), ("i", ">f4")]))
            kspace["r"], kspace["i"] = KSPACE.real, KSPACE.imag
        f.create_dataset("kspace", data=kspace, **storage)
        f.create_dataset("mask", data=mask)
        f.attrs["max"] = max_value
        f.attrs["note"] = "text"
        f.attrs["pair"] = [1.0, 2.0]
        f.create_group("group")


write("contiguous.h5", "earliest", MASK.astype(np.float32), np.float32(2.5))
write("gzip.h5", "earliest", MASK.astype(bool), np.float64(2.5),
      chunks=(1, 1, 7, 5), compression="gzip", shuffle=True)
write("straddling.h5", "earliest", MASK.astype(np.uint8), np.int32(3),
      chunks=(2, 2, 4, 3), compression="gzip", shuffle=True, fletcher32=True)
write("lzf.h5", "latest", MASK.astype(np.int64), np.array([2.5]),
      chunks=(1, 2, 7, 5), compression="lzf")
write("extendable.h5", "latest", MASK.astype(">i2"), np.float32(2.5),
      chunks=(1, 1, 7, 5), maxshape=(None, 2, 7, 5), compression="gzip")
write("big-endian.h5", "earliest", MASK.astype(np.uint64), np.float32(2.5), big_endian=True)
write("userblock.h5", "earliest", MASK.astype(np.float64), np.float32(2.5), userblock=512)

with h5py.File("odd.h5", "w") as f:
    f.create_dataset("kspace", shape=(0, 2, 7, 5), dtype=np.complex64)
    f.create_dataset("double", data=KSPACE.astype(np.complex128))
    f.create_dataset("text", data="text")
    f.create_dataset("unwritten", shape=(2, 3), dtype=np.float32)
    f.create_dataset("unwritten-chunks", shape=(2, 3), dtype=np.float32, chunks=(1, 3))
    f.create_dataset("scalar", data=np.float32(7))
    f.create_dataset("half", data=np.float16([1, 2]))

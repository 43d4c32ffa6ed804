"""Lays out real volumes for the proof: python3 prepare.py DATA OUT, with Python's own library alone.

DATA/brats_nc, DATA/open and DATA/extra hold NIfTI files. OUT gets raw/Dataset101_Proof, the images without labels to
pre-train on; tumour/ and tissue/, data sets in nnU-Net's layout: FLAIR and T1c with whole-tumour labels, the fourth
patient in imagesTs; one T1 head with labels of cerebrospinal fluid, grey and white matter, cut in two: one half in
imagesTr, the other in imagesTs.
"""

import gzip
import json
import os
import shutil
import struct
import sys

TRAINED = [1, 2, 5]
TESTED = 6
DIMENSIONS = 40  # bytes of the header where its fields begin
DATA_OFFSET = 108
SFORM = 280
QFORM_OFFSETS = 268


def read(path):
    with gzip.open(path) as file:
        content = file.read()
    offset = int(struct.unpack_from("<f", content, DATA_OFFSET)[0])
    return content[:offset], content[offset:]


def write(path, header, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 6, file, 0) as packed:
        packed.write(header + data)


def copy(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(source, target)


def describe(folder, channels, labels, cases):
    with open(os.path.join(folder, "dataset.json"), "w") as file:
        json.dump(
            {
                "channel_names": {str(i): name for i, name in enumerate(channels)},
                "labels": {name: i for i, name in enumerate(["background"] + labels)},
                "numTraining": cases,
                "file_ending": ".nii.gz",
            },
            file,
            indent=4,
        )


def tumour(data, out):
    """All of the tumour's parts are one label."""
    whole = bytes(min(label, 1) for label in range(256))
    for patient in TRAINED + [TESTED]:
        part = "Ts" if patient == TESTED else "Tr"
        stem = f"{data}/brats_nc/brats_pat{patient:04d}"
        case = f"patient{patient}"
        for channel, name in enumerate(["FLAIR", "T1c"]):
            copy(f"{stem}_{name}.nii.gz", f"{out}/tumour/images{part}/{case}_{channel:04d}.nii.gz")
        header, labels = read(f"{stem}_label.nii.gz")
        write(f"{out}/tumour/labels{part}/{case}.nii.gz", header, labels.translate(whole))
    describe(f"{out}/tumour", ["FLAIR", "T1c"], ["tumour"], len(TRAINED))


def rows(header, data, first, end):
    """The part of a volume between two positions of its second axis."""
    nx, ny, nz = struct.unpack_from("<3h", header, DIMENSIONS + 2)
    row = len(data) // (ny * nz)
    plane = row * ny
    part = b"".join(data[z * plane + first * row : z * plane + end * row] for z in range(nz))
    header = bytearray(header)
    struct.pack_into("<h", header, DIMENSIONS + 4, end - first)
    # The first voxel lies elsewhere now.
    for axis in range(3):
        at = SFORM + 16 * axis
        srow = list(struct.unpack_from("<4f", header, at))
        shift = srow[1] * first
        srow[3] += shift
        struct.pack_into("<4f", header, at, *srow)
        place = struct.unpack_from("<f", header, QFORM_OFFSETS + 4 * axis)[0]
        struct.pack_into("<f", header, QFORM_OFFSETS + 4 * axis, place + shift)
    return bytes(header), part


def tissue(data, out):
    stem = f"{data}/open/itk"
    header, _ = read(f"{stem}_T1.nii.gz")
    middle = struct.unpack_from("<h", header, DIMENSIONS + 4)[0] // 2
    for part, first, end in [("Tr", 0, middle), ("Ts", middle, 2 * middle)]:
        case = "first" if part == "Tr" else "second"
        write(f"{out}/tissue/images{part}/{case}_0000.nii.gz", *rows(*read(f"{stem}_T1.nii.gz"), first, end))
        labels = rows(*read(f"{stem}_label_csf_gm_wm.nii.gz"), first, end)
        write(f"{out}/tissue/labels{part}/{case}.nii.gz", *labels)
    describe(f"{out}/tissue", ["T1"], ["csf", "gm", "wm"], 1)


def unlabelled(data, out):
    """One folder for each subject; what has fewer than 16 slices is no volume."""
    for group in ["brats_nc", "open", "extra"]:
        for name in sorted(os.listdir(f"{data}/{group}")):
            if not name.endswith(".nii.gz") or "label" in name or f"pat{TESTED:04d}" in name:
                continue
            header, _ = read(f"{data}/{group}/{name}")
            if min(struct.unpack_from("<3h", header, DIMENSIONS + 2)) < 16:
                continue
            words = name[: -len(".nii.gz")].split("_")
            subject = words[1] if words[0] == "brats" else words[0]
            copy(f"{data}/{group}/{name}", f"{out}/images/sub-{subject}/ses-1/anat/{name}")


def main():
    data, out = sys.argv[1:]
    tumour(data, out)
    tissue(data, out)
    unlabelled(data, out)


main()

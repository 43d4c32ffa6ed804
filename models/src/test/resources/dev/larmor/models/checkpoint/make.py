"""Makes the PyTorch files that the tests read, without PyTorch: Python's own pickler, with stand-ins
of the names that torch.save writes.

python3 make.py                         types.pt and original.pt, here
python3 make.py GOLDEN.safetensors OUT  the original's checkpoint with the weights of a golden file

types-libtorch.pt is types.pt, read and written again by libtorch 2.10:
bench/peer --mode tensors --file types.pt --out types-libtorch.pt
"""
import argparse
import array
import io
import json
import pathlib
import pickle
import random
import struct
import sys
import types
import zipfile
from collections import OrderedDict

import numpy as np

TYPES = {
    "F64": ("DoubleStorage", "d"), "F32": ("FloatStorage", "f"), "F16": ("HalfStorage", "e"),
    "BF16": ("BFloat16Storage", None), "I64": ("LongStorage", "q"), "I32": ("IntStorage", "i"),
    "I16": ("ShortStorage", "h"), "I8": ("CharStorage", "b"), "U8": ("ByteStorage", "B"),
    "BOOL": ("BoolStorage", "?")}


def stand_in(module, name, value):
    sys.modules.setdefault(module, types.ModuleType(module))
    setattr(sys.modules[module], name, value)
    value.__module__, value.__qualname__ = module, name
    return value


for storage, _ in TYPES.values():
    stand_in("torch", storage, type(storage, (), {}))
rebuild = stand_in("torch._utils", "_rebuild_tensor_v2", lambda *args: None)


class Storage:
    def __init__(self, kind, count, data):
        self.kind, self.count, self.data = kind, count, data


class Tensor:
    def __init__(self, storage, shape, stride=None, offset=0):
        self.storage, self.shape, self.offset = storage, tuple(shape), offset
        self.stride = dense(shape) if stride is None else stride

    def __reduce__(self):
        return rebuild, (self.storage, self.offset, self.shape, self.stride, False, OrderedDict())


def dense(shape):
    stride = [1]
    for extent in reversed(shape[1:]):
        stride.insert(0, stride[0] * extent)
    return tuple(stride[:len(shape)])


def tensor(kind, values, shape):
    if kind == "BF16":
        data = b"".join(struct.pack("<f", v)[2:] for v in values)
    else:
        data = struct.pack("<%d%s" % (len(values), TYPES[kind][1]), *values)
    return Tensor(Storage(kind, len(values), data), shape)


def save(path, value, device):
    storages = {}

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj):
            if not isinstance(obj, Storage):
                return None
            key = storages.setdefault(id(obj), (str(len(storages)), obj))[0]
            kind = getattr(sys.modules["torch"], TYPES[obj.kind][0])
            return "storage", kind, key, device, obj.count

    pickled = io.BytesIO()
    Pickler(pickled, protocol=2).dump(value)
    name = path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        def put(entry, data):
            archive.writestr(zipfile.ZipInfo(name + "/" + entry, (1980, 1, 1, 0, 0, 0)), data)
        put("data.pkl", pickled.getvalue())
        put("byteorder", "little")
        for key, storage in storages.values():
            put("data/" + key, storage.data)
        put("version", "3\n")


def every_type():
    tensors = {}  # libtorch reads no OrderedDict but that of a tensor's hooks
    for kind in TYPES:
        count = [i % 2 for i in range(6)] if kind == "BOOL" else list(range(1, 7))
        tensors[kind] = tensor(kind, count, (2, 3))
    shared = tensor("F32", range(1, 7), (2, 3))
    tensors["whole"] = shared
    tensors["transposed"] = Tensor(shared.storage, (3, 2), (1, 3))
    tensors["part"] = Tensor(shared.storage, (2, 2), (3, 1), 1)
    tensors["repeated"] = Tensor(shared.storage, (2, 3), (0, 1), 3)
    tensors["scalar"] = Tensor(shared.storage, (), (), 5)
    tensors["empty"] = Tensor(Storage("F32", 0, b""), (0, 3))
    return tensors


# FI-VarNet with one cascade of each kind, two channels and one pooling: names and shapes in the
# order in which the original's modules are made.
def conv_block(name, n_in, n_out):
    yield name + ".layers.0.weight", (n_out, n_in, 3, 3)
    yield name + ".layers.4.weight", (n_out, n_out, 3, 3)


def unet(name, chans):
    yield from conv_block(name + ".down_sample_layers.0", 2, chans)
    yield from conv_block(name + ".conv", chans, 2 * chans)
    yield from conv_block(name + ".up_conv.0.0", 2 * chans, chans)
    yield name + ".up_conv.0.1.weight", (2, chans, 1, 1)
    yield name + ".up_conv.0.1.bias", (2,)
    yield name + ".up_transpose_conv.0.layers.0.weight", (2 * chans, chans, 2, 2)


def coders(name):
    yield name + "encoder.encoder.0.weight", (2, 2, 5, 5)
    yield name + "encoder.encoder.0.bias", (2,)
    yield name + "decoder.decoder.weight", (2, 2, 5, 5)
    yield name + "decoder.decoder.bias", (2,)


def small_network():
    yield "output_scale", (1,)
    yield from unet("sens_net.norm_unet.unet", 2)
    yield from coders("")
    yield "image_cascades.0.dc_weight", (1,)
    yield from unet("image_cascades.0.model.unet", 2)
    cascade = "feature_cascades.0."
    yield cascade + "dc_weight", (1,)
    yield from coders(cascade)
    layer = cascade + "feature_processor.layer"
    yield from conv_block(layer + ".left_block", 2, 2)
    yield from conv_block(layer + ".child.left_block", 2, 4)
    yield layer + ".upsample.layers.0.weight", (4, 2, 2, 2)
    yield from conv_block(layer + ".right_block", 4, 2)
    yield cascade + "feature_processor.final_conv.0.weight", (2, 2, 1, 1)
    yield cascade + "output_conv.0.weight", (2, 2, 5, 5)
    yield cascade + "output_conv.3.weight", (2, 2, 5, 5)


def shared_name(name):
    parts = name.split(".")
    shared = parts[0] == "feature_cascades" and parts[2] in ("encoder", "decoder")
    return ".".join(parts[2:]) if shared else name


def drawn(shapes):
    draw = random.Random(2025)
    weights = OrderedDict()
    for name, shape in shapes:
        if shared_name(name) != name:
            weights[name] = weights[shared_name(name)]
        else:
            kind = "F64" if name == "output_scale" else "F32"
            values = [1.0] if "scale" in name or "dc_" in name else [
                draw.uniform(-0.3, 0.3) for _ in range(int(np.prod(shape)))]
            weights[name] = tensor(kind, values, shape)
    return weights


def golden(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        body = file.read()
    weights = OrderedDict()
    for key, entry in header.items():
        if not key.startswith("w/"):
            continue
        name = key[2:]
        begin, end = entry["data_offsets"]
        if shared_name(name) != name:
            weights[name] = weights[shared_name(name)]
        elif name == "output_scale":
            weights[name] = tensor("F64", struct.unpack("<f", body[begin:end]), entry["shape"])
        else:
            storage = Storage("F32", (end - begin) // 4, body[begin:end])
            weights[name] = Tensor(storage, entry["shape"])
    return weights


def adam(weights):
    """The state after 8 steps: means are half the weights, squares their squares."""
    parameters = list({id(w): w for w in weights.values()}.values())
    state = {}
    for number, parameter in enumerate(parameters):
        if parameter.storage.kind == "F64":
            continue  # output_scale has no gradient
        values = array.array("f", parameter.storage.data)
        state[number] = {
            "step": tensor("F32", [8.0], ()),
            "exp_avg": tensor("F32", [v / 2 for v in values], parameter.shape),
            "exp_avg_sq": tensor("F32", [v * v for v in values], parameter.shape)}
    group = {"lr": 3e-4, "betas": (0.2, 0.999), "eps": 1e-8, "weight_decay": 1e-6,
             "amsgrad": False, "foreach": None, "maximize": False, "capturable": False,
             "params": list(range(len(parameters)))}
    return {"state": state, "param_groups": [group]}


def original(weights):
    weights = OrderedDict(weights)
    weights._metadata = OrderedDict([("", {"version": 1}), ("sens_net", {"version": 1})])
    args = argparse.Namespace(
        GPU_NUM=0, exp_dir=pathlib.PosixPath("/root/results/x"), betas=[0.2, 0.999], lr=3e-4,
        criterion="SobelLoss", k_fold=True, net_name=pathlib.PurePosixPath("fivarnet"),
        losses={"ssim", "l1"}, seed=2 ** 70, device=None)
    return {"epoch": 4, "args": args, "model": weights, "optimizer": adam(weights),
            "best_val_loss": np.float64(0.0125), "val_loss": np.float32(0.5), "folds": np.int64(5),
            "exp_dir": pathlib.PosixPath("../results/x"), "new_best": np.bool_(True),
            "note": b"\xff\x00"}


if len(sys.argv) == 3:
    save(sys.argv[2], original(golden(sys.argv[1])), "cuda:0")
else:
    save("types.pt", every_type(), "cpu")
    save("original.pt", original(drawn(small_network())), "cuda:0")

"""Reads a file as torch.load(weights_only=True) does, written from its documentation with zipfile,
pickle and struct: the instructions and names that it allows, no others. Prints the content as JSON; a
tensor is its type, shape, strides, storage and the sum of its storage's bytes, a tuple {"tuple": [...]}.
"""
import io
import json
import pickle
import pickletools
import struct
import sys
import zipfile
from collections import OrderedDict

ALLOWED = set(
    "GLOBAL NEWOBJ REDUCE BUILD APPEND APPENDS SETITEM SETITEMS MARK TUPLE TUPLE1 TUPLE2"
    " TUPLE3 NONE NEWFALSE NEWTRUE EMPTY_TUPLE EMPTY_LIST EMPTY_DICT EMPTY_SET BININT"
    " BININT1 BININT2 BINFLOAT BINUNICODE SHORT_BINSTRING BINPERSID BINGET LONG_BINGET"
    " BINPUT LONG_BINPUT LONG1 PROTO STOP".split())
SIZES = dict(Double=8, Float=4, Half=2, BFloat16=2, Long=8, Int=4, Short=2, Char=1, Byte=1, Bool=1)


class Tensor:
    def __init__(self, storage, offset, shape, stride, needs_grad, hooks):
        assert offset == 0 and not needs_grad and hooks == OrderedDict()
        self.storage, self.shape, self.stride = storage, shape, stride


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return Tensor
        if module == "torch" and name.endswith("Storage") and name[:-7] in SIZES:
            return name[:-7]
        raise pickle.UnpicklingError(module + "." + name)

    def persistent_load(self, pid):
        kind, type, key, location, count = pid
        assert kind == "storage" and location == "cpu" and isinstance(key, str)
        return type, key, count


path = sys.argv[1]
archive = zipfile.ZipFile(path)
assert archive.testzip() is None
prefix = archive.namelist()[0].split("/")[0] + "/"
assert archive.read(prefix + "byteorder") == b"little"
assert int(archive.read(prefix + "version")) == 3
with open(path, "rb") as file:
    for info in archive.infolist():
        assert info.filename.startswith(prefix)
        assert info.compress_type == zipfile.ZIP_STORED
        assert info.compress_size == info.file_size
        file.seek(info.header_offset + 26)
        name, extra = struct.unpack("<HH", file.read(4))
        assert (info.header_offset + 30 + name + extra) % 64 == 0, "not aligned"
pkl = archive.read(prefix + "data.pkl")
operations = [(op.name, arg) for op, arg, _ in pickletools.genops(pkl)]
assert {name for name, _ in operations} <= ALLOWED
assert operations[0] == ("PROTO", 2)


def plain(value):
    if isinstance(value, Tensor):
        type, key, count = value.storage
        values = archive.read(prefix + "data/" + key)
        assert len(values) == count * SIZES[type]
        return f"{type} {list(value.shape)} {list(value.stride)} {key} {sum(values)}"
    if isinstance(value, dict):
        assert all(isinstance(key, (str, int)) for key in value)
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [plain(item) for item in value]}
    assert value is None or isinstance(value, (str, int, float, bool))
    return value


print(json.dumps(plain(Unpickler(io.BytesIO(pkl)).load())))

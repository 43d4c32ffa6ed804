#!/usr/bin/env python3
"""A training step of the published FI-VarNet in PyTorch, timed on a card; see bench/README.md.

    fivarnet.py --shape 15x640x372 --precision fp32 --steps 5   # one line of JSON at the end
    fivarnet.py --check fivarnet_small.safetensors              # output, loss, gradients: the original's?

With `--steps stdin` it says `ready` after its warm-up and does a step for every line it reads, so
that another process can take turns with it.
"""

import argparse
import json
import statistics
import struct
import sys
import time

try:
    import torch
except ImportError:
    sys.exit("PyTorch is not installed for " + sys.executable)

import model as fivarnet

HALF = {"fp32": None, "tf32": None, "bf16": "bfloat16", "fp16": "float16"}
ACCELERATION = 4
CENTRE_FRACTION = 0.08
KNEE, BRAIN = 2e-5, 5e-5
DATA_RANGE = 1e-3


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", default="15x640x372", help="coils x H x W")
    parser.add_argument(
        "--mode",
        default="recompute",
        choices=["train", "recompute", "recompute_all", "reconstruct"],
        help="which stages are checkpointed: none, the original's, all; or the forward pass alone",
    )
    parser.add_argument("--precision", default="fp32", choices=HALF)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--steps", default="stdin", help="a number, or stdin: one a line read")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--cudnn-benchmark", action="store_true", help="let cuDNN try its algorithms")
    parser.add_argument("--check", metavar="GOLDEN")
    return parser.parse_args()


def equispaced(width):
    """The equispaced mask of offset 0."""
    low = round(width * CENTRE_FRACTION)
    pad = (width - low) // 2
    mask = [0.0] * width
    mask[pad : pad + low] = [1.0] * low
    for i in range(0, width - low, ACCELERATION):
        mask[i if i < pad else i + low] = 1.0
    return mask


def set_precision(precision):
    """fp32 means float32 products; every other precision lets tensor cores round them to TF32."""
    torch.backends.cuda.matmul.allow_tf32 = precision != "fp32"
    torch.backends.cudnn.allow_tf32 = precision != "fp32"


def grad_scaler(enabled):
    """The dynamic scale of the loss; where it is not enabled it changes nothing."""
    if hasattr(torch.amp, "GradScaler"):
        return torch.amp.GradScaler("cuda", enabled=enabled)
    return torch.cuda.amp.GradScaler(enabled=enabled)


def environment(device):
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    return {
        "card": card,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
    }


def open_device(name):
    device = torch.device(name)
    if device.type == "cuda":
        if not torch.cuda.is_available():
            sys.exit("PyTorch " + torch.__version__ + " sees no card")
        torch.cuda.set_device(device)
    return device


def turns(steps):
    """As many turns as told, or one for every line read."""
    if steps == "stdin":
        print("ready", flush=True)
        return sys.stdin
    return range(int(steps))


def timed(options):
    device = open_device(options.device)
    on_card = device.type == "cuda"
    set_precision(options.precision)
    torch.backends.cudnn.benchmark = options.cudnn_benchmark
    half = HALF[options.precision]
    torch.manual_seed(2025)
    network = fivarnet.FiVarNet(
        recompute=options.mode, dtype=getattr(torch, half) if half else None
    ).to(device)
    coils, height, width = (int(n) for n in options.shape.split("x"))
    sampled = equispaced(width)
    # White noise at the scale of real data; from pinned memory, as a data loader gives it.
    kspace = 1e-5 * torch.view_as_complex(torch.randn(coils, height, width, 2))
    target = 1e-3 * torch.rand(1, fivarnet.IMAGE, fivarnet.IMAGE)
    if on_card:
        kspace, target = kspace.pin_memory(), target.pin_memory()
    mask = torch.tensor(sampled, device=device)
    centre = torch.tensor(fivarnet.centre_columns(sampled), device=device)
    criterion = fivarnet.SobelLoss(device)
    anatomy = fivarnet.anatomical_mask(target.to(device), KNEE)
    trained = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=3e-4, betas=(0.2, 0.999), eps=1e-8, weight_decay=1e-6)

    scaler = grad_scaler(options.precision == "fp16" and on_card)

    def reconstruct():
        with torch.no_grad():
            network(kspace.to(device, non_blocking=True), mask, centre).cpu()

    def train():
        optimiser.zero_grad(set_to_none=True)
        image = network(kspace.to(device, non_blocking=True), mask, centre)
        loss = criterion(image, target.to(device, non_blocking=True), anatomy, DATA_RANGE)
        scaler.scale(loss).backward()
        scaler.step(optimiser)
        scaler.update()
        return loss.item()

    def run(word):
        start = time.perf_counter()
        reconstruct() if options.mode == "reconstruct" else train()
        if on_card:
            torch.cuda.synchronize(device)
        took = time.perf_counter() - start
        print(f"{word} {took:.6f}", flush=True)
        return took

    for _ in range(options.warmup):
        run("warmup")
    if on_card:
        torch.cuda.reset_peak_memory_stats(device)
    seconds = [run("step") for _ in turns(options.steps)]
    report = {
        "name": options.mode + " " + options.shape,
        "precision": options.precision,
        "parameters": fivarnet.parameter_count(network),
        "median": statistics.median(seconds) if seconds else None,
        "seconds": seconds,
        "max_memory_allocated": torch.cuda.max_memory_allocated(device) if on_card else None,
        "max_memory_reserved": torch.cuda.max_memory_reserved(device) if on_card else None,
        "cudnn_benchmark": options.cudnn_benchmark,
    }
    print(json.dumps({**report, **environment(device)}))


# ---------------------------------------------------------------------------- golden values


class Safetensors:
    """A safetensors file: eight bytes of length, a JSON header, the bytes of the tensors."""

    DTYPES = {"F32": "float32", "F64": "float64", "U8": "uint8"}

    def __init__(self, path):
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            self.header = json.loads(file.read(length))
            self.data = bytearray(file.read())
        self.metadata = self.header.pop("__metadata__", {})

    def names(self, prefix):
        """The names that begin with `prefix`, without it."""
        return {name[len(prefix) :] for name in self.header if name.startswith(prefix)}

    def span(self, name):
        """Dtype, shape and bytes of a tensor."""
        entry = self.header[name]
        begin, end = entry["data_offsets"]
        return self.DTYPES[entry["dtype"]], entry["shape"], self.data[begin:end]

    def __getitem__(self, name):
        dtype, shape, data = self.span(name)
        return torch.frombuffer(data, dtype=getattr(torch, dtype)).reshape(shape)


def distance(actual, expected):
    """Relative, in the norm of the tensors."""
    expected = expected.to(actual.device, torch.float64)
    return float((actual.double() - expected).norm() / expected.norm())


def verify(what, error, tolerance):
    print(f"{what:32} {error:.2e} of {tolerance:.0e}")
    if not error <= tolerance:
        sys.exit(f"{what}: {error} exceeds {tolerance}")


def check(path, device):
    """Compares with the original's output, loss and gradients.

    A gradient tensor may be 2e-2 of its norm away: where the input of a leaky ReLU is within rounding
    of zero, its slope hangs on the order of summation, and one such pixel moves the gradients before
    it by up to a percent in a model this small. Gradients below 1e-6 of the norm of all are zero.
    """
    golden = Safetensors(path)
    set_precision("fp32")
    sizes = {
        key: int(golden.metadata[name])
        for key, name in {
            "feature_cascades": "num_feature_cascades",
            "image_cascades": "num_image_cascades",
            "chans": "chans",
            "sens_chans": "sens_chans",
            "pools": "pools",
            "sens_pools": "sens_pools",
        }.items()
    }
    network = fivarnet.FiVarNet(**sizes).to(device)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            weight = golden["w/" + name]
            if weight.shape != parameter.shape:
                sys.exit(f"{name} is {tuple(parameter.shape)}, the original's {tuple(weight.shape)}")
            parameter.copy_(weight)
    kspace = torch.view_as_complex(golden["kspace"][0].contiguous()).to(device)
    mask = golden["mask"].float()
    centre = torch.tensor(fivarnet.centre_columns(mask.tolist()), device=device)
    mask = mask.to(device)
    target = golden["target"][:1].to(device)
    anatomy = fivarnet.anatomical_mask(target, BRAIN)
    criterion = fivarnet.SobelLoss(device)
    with torch.no_grad():
        verify("output", distance(network(kspace, mask, centre), golden["output"]), 1e-4)
    trained = {n: p for n, p in network.named_parameters() if p.requires_grad}
    if set(trained) != golden.names("g/"):
        sys.exit(f"other parameters than the original's: {set(trained) ^ golden.names('g/')}")
    expected = {name: golden["g/" + name] for name in trained}
    floor = 1e-6 * sum(float(g.double().norm()) ** 2 for g in expected.values()) ** 0.5
    for recompute in ("train", "recompute", "recompute_all"):
        network.recompute = recompute
        network.zero_grad(set_to_none=True)
        image = network(kspace, mask, centre)
        loss = criterion(image, target, anatomy, float(golden["max"][0]))
        loss.backward()
        verify(f"loss, {recompute}", distance(loss.detach(), golden["loss/sobel"][0]), 1e-4)
        worst = 0.0
        for name, parameter in trained.items():
            g = expected[name].to(device)
            if float((parameter.grad - g).norm()) > floor:
                worst = max(worst, distance(parameter.grad, g))
        verify(f"gradients, {recompute}", worst, 2e-2)


def main():
    options = arguments()
    if options.check:
        name = options.device if torch.cuda.is_available() else "cpu"
        check(options.check, open_device(name))
    else:
        timed(options)


if __name__ == "__main__":
    main()

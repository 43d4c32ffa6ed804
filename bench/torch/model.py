"""FI-VarNet and its criterion in PyTorch, eager, as the original is written: what `fivarnet.py` times.

Modules and parameters bear the original's names. Complex data are `[coils, H, W]` complex64, images
between networks `[N, 2, H, W]` float32.
"""

import contextlib
import math

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

KSPACE_FACTOR = 1e6
IMAGE = 384
INNER_WIDTH = 32
WITH_EXTRA_CONVS = (0, 3, 6, 9)


def computing_in(x, dtype):
    """The autocast region of a network that computes in `dtype`; None: no autocast."""
    return torch.autocast(x.device.type, dtype=dtype) if dtype else contextlib.nullcontext()


# ---------------------------------------------------------------------------- coils


def fft(x):
    x = torch.fft.ifftshift(x, dim=(-2, -1))
    return torch.fft.fftshift(torch.fft.fft2(x, norm="ortho"), dim=(-2, -1))


def ifft(x):
    x = torch.fft.ifftshift(x, dim=(-2, -1))
    return torch.fft.fftshift(torch.fft.ifft2(x, norm="ortho"), dim=(-2, -1))


def to_channels(x):
    return torch.view_as_real(x).permute(0, 3, 1, 2).contiguous()


def to_complex(x):
    return torch.view_as_complex(x.permute(0, 2, 3, 1).contiguous())


def sens_reduce(kspace, sens):
    return to_channels((ifft(kspace) * sens.conj()).sum(0, keepdim=True))


def sens_expand(image, sens):
    return fft(to_complex(image) * sens)


def rss(x):
    """The root of the sum of squares over coils, `[1, H, W]`."""
    return torch.view_as_real(x).square().sum((0, 3)).sqrt().unsqueeze(0)


def crop_or_pad(x, size):
    """Crops the centre, or pads around it with zeros: F.pad takes sides below zero."""
    rows, columns = size - x.shape[-2], size - x.shape[-1]
    top, left = int(rows / 2), int(columns / 2)
    return F.pad(x, [left, columns - left, top, rows - top])


def centre_columns(mask):
    """The fully sampled columns around the centre, as the original finds them."""
    width, middle = len(mask), len(mask) // 2
    left = right = 0
    while middle - 1 - left >= 0 and mask[middle - 1 - left]:
        left += 1
    while middle + right < width and mask[middle + right]:
        right += 1
    count = max(2 * min(left, right), 1)
    start = (width - count + 1) // 2
    return [1.0 if start <= i < start + count else 0.0 for i in range(width)]


# ---------------------------------------------------------------------------- networks


def norm_act(chans):
    return [nn.InstanceNorm2d(chans), nn.LeakyReLU(0.2, inplace=True)]


class ConvBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            *norm_act(outputs),
            nn.Dropout2d(0),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            *norm_act(outputs),
            nn.Dropout2d(0),
        )

    def forward(self, x):
        return self.layers(x)


class TransposeConvBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(inputs, outputs, 2, stride=2, bias=False), *norm_act(outputs)
        )

    def forward(self, x):
        return self.layers(x)


class Unet(nn.Module):
    def __init__(self, inputs, chans, pools):
        super().__init__()
        self.down_sample_layers = nn.ModuleList()
        width, before = chans, inputs
        for _ in range(pools):
            self.down_sample_layers.append(ConvBlock(before, width))
            before, width = width, 2 * width
        self.conv = ConvBlock(before, width)
        self.up_conv = nn.ModuleList()
        self.up_transpose_conv = nn.ModuleList()
        for level in range(pools):
            width //= 2
            self.up_transpose_conv.append(TransposeConvBlock(2 * width, width))
            block = ConvBlock(2 * width, width)
            last = level == pools - 1
            self.up_conv.append(nn.Sequential(block, nn.Conv2d(width, inputs, 1)) if last else block)

    def forward(self, x):
        skips = []
        for block in self.down_sample_layers:
            x = block(x)
            skips.append(x)
            x = F.avg_pool2d(x, 2)
        x = self.conv(x)
        for up, block in zip(self.up_transpose_conv, self.up_conv):
            skip = skips.pop()
            x = up(x)
            rows, columns = skip.shape[-2] - x.shape[-2], skip.shape[-1] - x.shape[-1]
            if rows or columns:
                x = F.pad(x, [0, columns, 0, rows], "reflect")
            x = block(torch.cat([x, skip], 1))
        return x


class NormUnet(nn.Module):
    def __init__(self, chans, pools, dtype):
        super().__init__()
        self.unet = Unet(2, chans, pools)
        self.dtype = dtype

    def forward(self, x):
        height, width = x.shape[-2:]
        mean = x.mean((2, 3), keepdim=True)
        std = x.std((2, 3), keepdim=True)
        x = (x - mean) / std
        rows, columns = -height % 16, -width % 16
        top, left = rows // 2, columns // 2
        x = F.pad(x, [left, columns - left, top, rows - top])
        with computing_in(x, self.dtype):
            x = self.unet(x.to(self.dtype or x.dtype))
        x = x.float()[:, :, top : top + height, left : left + width]
        return x * std + mean


class Level(nn.Module):
    def __init__(self, inputs, width, pools):
        super().__init__()
        self.left_block = ConvBlock(inputs, width)
        self.child = None
        if pools:
            self.child = Level(width, 2 * width, pools - 1)
            self.upsample = TransposeConvBlock(2 * width, width)
            self.right_block = ConvBlock(2 * width, width)

    def forward(self, x):
        x = self.left_block(x)
        if self.child is None:
            return x
        return self.right_block(torch.cat([x, self.upsample(self.child(F.avg_pool2d(x, 2)))], 1))


class Unet2d(nn.Module):
    def __init__(self, chans, pools, dtype):
        super().__init__()
        self.layer = Level(chans, INNER_WIDTH, pools)
        self.final_conv = nn.Sequential(
            nn.Conv2d(INNER_WIDTH, chans, 1, bias=False), *norm_act(chans)
        )
        self.factor = 2**pools
        self.dtype = dtype

    def forward(self, x):
        height, width = x.shape[-2:]
        rows, columns = -height % self.factor, -width % self.factor
        with computing_in(x, self.dtype):
            x = x.to(self.dtype or x.dtype)
            if rows or columns:
                x = F.pad(x, [0, columns, 0, rows], "reflect")
            x = self.final_conv(self.layer(x))
        return x[:, :, :height, :width].float()


class SensitivityModel(nn.Module):
    """Float32 in every precision, as Larmor's is: every later stage multiplies by the maps."""

    def __init__(self, chans, pools):
        super().__init__()
        self.norm_unet = NormUnet(chans, pools, None)

    def forward(self, kspace, centre):
        x = to_complex(self.norm_unet(to_channels(ifft(kspace * centre))))
        return x / rss(x)


class Encoder(nn.Module):
    def __init__(self, chans):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(2, chans, 5, padding=2))

    def forward(self, image, mean, var):
        return self.encoder((image - mean) * var.rsqrt())


class Decoder(nn.Module):
    def __init__(self, chans):
        super().__init__()
        self.decoder = nn.Conv2d(chans, 2, 5, padding=2)

    def forward(self, features, mean, var):
        return self.decoder(features) * var.sqrt() + mean


class FeatureCascade(nn.Module):
    def __init__(self, chans, pools, extra_convs, dtype):
        super().__init__()
        self.dc_weight = nn.Parameter(torch.ones(1))
        self.feature_processor = Unet2d(chans, pools, dtype)
        self.norm = nn.InstanceNorm2d(chans)
        self.output_conv = None
        if extra_convs:
            self.output_conv = nn.Sequential(
                nn.Conv2d(chans, chans, 5, padding=2, bias=False),
                *norm_act(chans),
                nn.Conv2d(chans, chans, 5, padding=2, bias=False),
                *norm_act(chans),
            )
        self.dtype = dtype

    def forward(self, x, kspace, mask, sens, mean, var, encoder, decoder):
        x = self.norm(x)
        residual = mask * (sens_expand(decoder(x, mean, var), sens) - kspace)
        dc = self.dc_weight * encoder(sens_reduce(residual, sens), mean, var)
        x = x - dc - self.feature_processor(x)
        if self.output_conv is None:
            return x
        x = self.norm(x)
        with computing_in(x, self.dtype):
            refined = self.output_conv(x)
        return x + refined.float()


class ImageCascade(nn.Module):
    def __init__(self, chans, pools, dtype):
        super().__init__()
        self.dc_weight = nn.Parameter(torch.ones(1))
        self.model = NormUnet(chans, pools, dtype)

    def forward(self, x, kspace, mask, sens):
        dc = self.dc_weight * (mask * (x - kspace))
        return x - dc - sens_expand(self.model(sens_reduce(x, sens)), sens)


class FiVarNet(nn.Module):
    """The published model by default: 78,282,707 parameters.

    `recompute`: `train` keeps every activation, `recompute` checkpoints what the original does
    (encode, each feature cascade, decode, each image cascade), `recompute_all` the sensitivity model
    and the final image too. `dtype`: what the cascades' networks compute in under autocast, or None.
    """

    def __init__(
        self,
        feature_cascades=8,
        image_cascades=2,
        chans=32,
        sens_chans=8,
        pools=4,
        sens_pools=4,
        recompute="recompute",
        dtype=None,
    ):
        super().__init__()
        self.output_scale = nn.Parameter(torch.ones(1, dtype=torch.float64), requires_grad=False)
        self.sens_net = SensitivityModel(sens_chans, sens_pools)
        self.encoder = Encoder(chans)
        self.decoder = Decoder(chans)
        self.image_cascades = nn.ModuleList(
            [ImageCascade(chans, pools, dtype) for _ in range(image_cascades)]
        )
        self.feature_cascades = nn.ModuleList(
            [
                FeatureCascade(chans, pools, i in WITH_EXTRA_CONVS, dtype)
                for i in range(feature_cascades)
            ]
        )
        self.recompute = recompute

    def stage(self, function, *inputs):
        """A part that the original checkpoints."""
        return self.checkpointed(self.recompute != "train", function, *inputs)

    def outer_stage(self, function, *inputs):
        """A part that the original does not."""
        return self.checkpointed(self.recompute == "recompute_all", function, *inputs)

    @staticmethod
    def checkpointed(on, function, *inputs):
        if on and torch.is_grad_enabled():
            return checkpoint(function, *inputs, use_reentrant=False)
        return function(*inputs)

    def forward(self, kspace, mask, centre):
        """K-space `[coils, H, W]` in the units of the file, columns `[W]` sampled and central, to
        `[1, 384, 384]`."""
        kspace = kspace * KSPACE_FACTOR * mask
        sens = self.outer_stage(self.sens_net, kspace, centre)
        x, mean, var = self.stage(self.encode, kspace, sens)
        for cascade in self.feature_cascades:
            x = self.stage(cascade, x, kspace, mask, sens, mean, var, self.encoder, self.decoder)
        x = self.stage(self.decode, x, sens, mean, var)
        for cascade in self.image_cascades:
            x = self.stage(cascade, x, kspace, mask, sens)
        return self.outer_stage(self.image, x)

    def encode(self, kspace, sens):
        image = sens_reduce(kspace, sens)
        mean = image.mean((2, 3), keepdim=True)
        var = image.var((2, 3), unbiased=False, keepdim=True)
        return self.encoder(image, mean, var), mean, var

    def decode(self, x, sens, mean, var):
        return sens_expand(self.decoder(F.instance_norm(x), mean, var), sens)

    def image(self, kspace):
        return crop_or_pad(rss(ifft(kspace / KSPACE_FACTOR)), IMAGE)


# ---------------------------------------------------------------------------- criterion


def anatomical_mask(target, threshold):
    """Threshold, 3x3 erode once, dilate 15 times, erode 14 times; the border never wins."""

    def dilate(x, radius):
        return F.max_pool2d(x, 2 * radius + 1, stride=1, padding=radius)

    mask = (target > threshold).float().unsqueeze(1)
    mask = -dilate(-mask, 1)
    mask = dilate(mask, 15)
    return (-dilate(-mask, 14)).squeeze(1)


class SobelLoss(nn.Module):
    """0.1 mean|X - Y| + 0.7 (1 - SSIM inside the anatomy) + 0.2 mean|E(X) - E(Y)|."""

    def __init__(self, device):
        super().__init__()
        self.window = torch.full((1, 1, 7, 7), 1 / 49, device=device)
        gx = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
        self.sobel = torch.stack([gx, gx.t()]).unsqueeze(1).to(device)

    def forward(self, x, y, mask, data_range):
        pixels = (x - y).abs().mean()
        structure = 1 - self.ssim(x * mask, y * mask, data_range)
        edges = (self.edges(x) - self.edges(y)).abs().mean()
        return 0.1 * pixels + 0.7 * structure + 0.2 * edges

    def average(self, x):
        return F.conv2d(x.unsqueeze(1), self.window)

    def ssim(self, x, y, data_range):
        c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
        ux, uy = self.average(x), self.average(y)
        sample = 49 / 48
        vx = sample * (self.average(x * x) - ux * ux)
        vy = sample * (self.average(y * y) - uy * uy)
        vxy = sample * (self.average(x * y) - ux * uy)
        a = (2 * ux * uy + c1) * (2 * vxy + c2)
        b = (ux * ux + uy * uy + c1) * (vx + vy + c2)
        return (a / b).mean()

    def edges(self, x):
        g = F.conv2d(x.unsqueeze(1), self.sobel, padding=1)
        return (g.square().sum(1) + 1e-12).sqrt()


def parameter_count(model):
    return sum(math.prod(p.shape) for p in model.parameters())

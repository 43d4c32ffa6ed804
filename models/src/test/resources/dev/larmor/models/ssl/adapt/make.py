"""Makes theirs.pth with PyTorch (it was 1.13): what nnSSL's SimCLR trainer saves, of the smallest
network, after three steps of Adam. Prints the embedding that the test expects.
"""
import numpy as np
import torch
from torch import nn


class Unit(nn.Module):
    def __init__(self, i, o, kernel, stride, bias, act):
        super().__init__()
        self.conv = nn.Conv3d(i, o, kernel, stride, kernel // 2, bias=bias)
        self.norm = nn.InstanceNorm3d(o, eps=1e-5, affine=True)
        self.all_modules = nn.Sequential(self.conv, self.norm, *([nn.LeakyReLU()] if act else []))

    def forward(self, x):
        return self.all_modules(x)


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1 = Unit(i, o, 3, stride, True, True)
        self.conv2 = Unit(o, o, 3, 1, True, False)
        parts = [nn.AvgPool3d(stride, stride)] if stride != 1 else []
        parts += [Unit(i, o, 1, 1, False, False)] if i != o else []
        self.skip = nn.Sequential(*parts)

    def forward(self, x):
        return nn.functional.leaky_relu(self.conv2(self.conv1(x)) + self.skip(x))


class Part(nn.Module):
    def __init__(self, name, *modules):
        super().__init__()
        setattr(self, name, nn.Sequential(*modules))
        self.forward = getattr(self, name).forward


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Part("convs", Unit(1, 2, 3, 1, True, True))
        self.stages = nn.Sequential(
            Part("blocks", Block(2, 2, 1)), Part("blocks", Block(2, 3, 2), Block(3, 3, 1)))

    def forward(self, x):
        fine = self.stages[0](self.stem(x))
        return [fine, self.stages[1](fine)]


class Projector(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Sequential(nn.Linear(5, 4), nn.InstanceNorm1d(4), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Linear(4, 3))

    def forward(self, x):
        return self.layer2(self.layer1(x))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.projector = Projector()

    def forward(self, x):
        return self.projector(torch.cat([y.mean((2, 3, 4)) for y in self.encoder(x)], 1))


torch.manual_seed(0)
network = Network()
adam = torch.optim.Adam(network.parameters(), 3e-2)
volume = torch.sin(0.1 * torch.arange(512.0)).reshape(1, 1, 8, 8, 8)
for _ in range(3):
    adam.zero_grad()
    network(volume).square().sum().backward()
    adam.step()
torch.save({
    "network_weights": network.state_dict(),
    "optimizer_state": adam.state_dict(),
    "grad_scaler_state": None,
    "logging": {
        "train_losses": [np.float64(4.5), 4.25, 4.0], "val_losses": [], "lrs": [3e-4] * 3,
        "epoch_start_timestamps": [1.5, 2.5, 3.5], "epoch_end_timestamps": [2.5, 3.5, 4.5]},
    "_best_ema": None,
    "current_epoch": 3,
    "init_args": {"device": torch.device("cuda"), "patch_size": (192, 192, 64), "fold": "all"},
    "trainer_name": "SimCLRTrainer",
    "nnssl_adaptation_plan": {"recommended_downstream_patchsize": [160, 160, 160]},
}, "theirs.pth")
print(network(volume)[0].tolist())
print(adam.state[network.projector.layer2[0].bias]["exp_avg"].tolist())

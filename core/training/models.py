"""Two networks: one that learns within a minute on two cores, and ResNet-18 as its authors describe it."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from ..base.errors import InputError
from .expected import SMALL_SIDE


def make_model(name: str, classes: int, side: int, seed: int) -> nn.Module:
    """The model of this name for images of `side` pixels, in channels-last memory; one seed gives one set of weights.

    The caller's random numbers are left as they were. Raises InputError for an unknown name.
    """
    makers = {"small": SmallCNN, "resnet18": ResNet18}
    if name not in makers:
        raise InputError(f"unknown model {name!r}; there are: {', '.join(makers)}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: nn.Module = makers[name](classes, small_images=side <= SMALL_SIDE)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


class SmallCNN(nn.Module):
    """Three convolutions of 3 x 3 with batch normalisation, halving the image each time, and one linear layer.

    Large images begin with a stride of 4, so that they cost little more than small ones.
    float32 (B, 3, H, W) -> (B, classes).
    """

    WIDTHS = (16, 32, 64)

    def __init__(self, classes: int, *, small_images: bool = True) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for number, (before, width) in enumerate(pairwise((3, *self.WIDTHS))):
            coarse = number == 0 and not small_images
            blocks += [*_normalised(before, width, 7 if coarse else 3, 4 if coarse else 1), nn.ReLU(inplace=True)]
            blocks.append(nn.MaxPool2d(2, ceil_mode=True))
        self.features = nn.Sequential(*blocks)
        self.head = nn.Linear(self.WIDTHS[-1], classes)
        _initialise(self)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.features(images).mean((2, 3)))
        return logits


class ResNet18(nn.Module):
    """He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2015): 18 layers, table 1.

    Where the width doubles the image is halved and the shortcut is a projection (their option B). The stem for large
    images is theirs: 7 x 7 with stride 2 and a max pool; the one for small images, 3 x 3 with neither, follows their
    section 4.2 on CIFAR-10. float32 (B, 3, H, W) -> (B, classes).
    """

    WIDTHS = (64, 128, 256, 512)

    def __init__(self, classes: int, *, small_images: bool = False) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_stem(self.WIDTHS[0], small_images=small_images))
        stages: list[nn.Module] = []
        for before, width in pairwise((self.WIDTHS[0], *self.WIDTHS)):
            stages += [Residual(before, width, stride=1 if before == width else 2), Residual(width, width, stride=1)]
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(self.WIDTHS[-1], classes)
        _initialise(self)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.stages(self.stem(images)).mean((2, 3)))
        return logits


class Residual(nn.Module):
    """Two convolutions of 3 x 3 whose result is added to what came in."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        first, second = _normalised(before, width, 3, stride), _normalised(width, width, 3, 1)
        self.branch = nn.Sequential(*first, nn.ReLU(inplace=True), *second)
        same = before == width and stride == 1
        self.shortcut = nn.Identity() if same else nn.Sequential(*_normalised(before, width, 1, stride))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.branch(images) + self.shortcut(images))


def _stem(width: int, *, small_images: bool) -> list[nn.Module]:
    if small_images:
        return [*_normalised(3, width, 3, 1), nn.ReLU(inplace=True)]
    return [*_normalised(3, width, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, stride=2, padding=1)]


def _normalised(before: int, width: int, kernel: int, stride: int) -> list[nn.Module]:
    """A convolution and the batch normalisation that makes a bias of its own superfluous."""
    return [nn.Conv2d(before, width, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(width)]


def _initialise(model: nn.Module) -> None:
    """He et al., "Delving Deep into Rectifiers" (2015): weights of a variance that ReLU keeps."""
    for part in model.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")

"""A model with its optimiser: one step of training, one batch of validation."""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
import xxhash
from torch import nn
from torch.nn.functional import cross_entropy

from ..loading.normalise import Normalise
from ..loading.transfer import Batch, OnDevice
from .settings import Settings


class Outcome(NamedTuple):
    """Of one batch, still on its device: the mean loss, float32 (), and how many were right, int64 ()."""

    loss: torch.Tensor
    correct: torch.Tensor


class Learner:
    """Learns from batches of uint8 pixels.

    Pixels are normalised here, not by the loader: what comes from a store are whole numbers then, the same from every
    lossless one, and one piece of arithmetic turns them into the network's.
    """

    def __init__(self, model: nn.Module, settings: Settings, device: torch.device) -> None:
        self.model = model.to(device)
        self._normalise = OnDevice(device, Normalise("float32"))
        self._optimiser = torch.optim.SGD(
            self.model.parameters(), settings.lr, momentum=settings.momentum, weight_decay=settings.weight_decay
        )

    @classmethod
    def copy_of(cls, model: nn.Module, settings: Settings, device: torch.device) -> Learner:
        """A learner that begins with these weights and leaves them alone."""
        return cls(copy.deepcopy(model), settings, device)

    def learn(self, batch: Batch) -> Outcome:
        """One step of SGD on `batch`, uint8 (B, 3, H, W) and int64 (B,)."""
        self.model.train()
        self._optimiser.zero_grad(set_to_none=True)
        logits = self.model(self._normalise(batch.images))
        loss = cross_entropy(logits, batch.labels)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        return Outcome(loss.detach(), _right(logits.detach(), batch.labels))

    @torch.no_grad()
    def evaluate(self, batch: Batch) -> Outcome:
        """The loss and the right answers on `batch`, learning nothing."""
        self.model.eval()
        logits = self.model(self._normalise(batch.images))
        return Outcome(cross_entropy(logits, batch.labels), _right(logits, batch.labels))

    def fingerprint(self) -> str:
        """XXH3-64 of all weights and running statistics, bit for bit, in hexadecimal."""
        digest = xxhash.xxh3_64()
        for tensor in self.model.state_dict().values():
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()


def _right(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return (logits.argmax(1) == labels).sum()

"""The way to the device, as far as a CPU can test it; the rest where there is a GPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.base.errors import InputError
from core.loading.loader import make_loader
from core.loading.normalise import Normalise
from core.loading.transfer import Batch, Copy, OnDevice, Stay, find_device, transfer_to
from tests.loading_fixtures import memory_store

CPU = torch.device("cpu")


def test_normalising_on_the_device_gives_the_hosts_numbers() -> None:
    store = memory_store([(20, 24)] * 6)
    whole, _ = next(iter(make_loader(store, batch_size=6, shuffle=False, output="uint8", workers=0)))
    host, _ = next(iter(make_loader(store, batch_size=6, shuffle=False, workers=0)))
    torch.testing.assert_close(OnDevice(CPU, Normalise())(whole), host, atol=2e-6, rtol=0)
    assert OnDevice(CPU, Normalise("uint8"))(whole) is whole


def test_a_copy_brings_uint8_and_finishes_there() -> None:
    images, labels = torch.arange(24, dtype=torch.uint8).reshape(2, 3, 2, 2), torch.tensor([3, 4])
    copy = Copy(CPU, Normalise(mean=(0, 0, 0), std=(1, 1, 1)))
    assert copy.host_output == "uint8"
    (batch,) = copy(iter([Batch(images, labels)]))
    torch.testing.assert_close(batch.images, images.to(torch.float32) / 255)
    assert torch.equal(batch.labels, labels)
    assert copy.allocate((2, 3), np.uint8).shape == (2, 3)


def test_on_the_cpu_nothing_is_moved() -> None:
    stay = transfer_to("cpu", Normalise())
    assert isinstance(stay, Stay)
    batches = iter([])
    assert stay(batches) is batches


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_devices_are_looked_for() -> None:
    with pytest.raises(InputError, match="device 'cuda' is not there"):
        find_device("cuda:1")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
def test_cuda_gives_the_hosts_numbers() -> None:
    store = memory_store([(20, 24)] * 50)
    host = make_loader(store, batch_size=8, workers=0)
    device = make_loader(store, batch_size=8, workers="threads:2", device="cuda")
    for _ in range(2):
        for (images, labels), (wanted, wanted_labels) in zip(device, host, strict=True):
            assert images.is_cuda
            torch.testing.assert_close(images.cpu(), wanted, atol=2e-6, rtol=0)
            assert torch.equal(labels.cpu(), wanted_labels)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
@pytest.mark.parametrize("output", ["float16", "bfloat16", "uint8"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_cuda_rounds_as_torch_does(output: str, channels_last: bool) -> None:
    store = memory_store([(20, 24)] * 50)
    settings: dict[str, Any] = {"batch_size": 8, "workers": 0, "device": "cuda", "channels_last": channels_last}
    wholes = make_loader(store, **settings)
    with make_loader(store, output=output, **settings) as loader:
        for (images, _), (whole, _) in zip(loader, wholes, strict=True):
            assert images.dtype == getattr(torch, output)
            layout = torch.channels_last if channels_last else torch.contiguous_format
            assert images.is_contiguous(memory_format=layout)
            if output != "uint8":
                assert torch.equal(images, whole.to(images.dtype))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
def test_batches_that_are_kept_on_cuda_stay_as_they_were() -> None:
    store = memory_store([(20, 24)] * 400)
    wanted = torch.cat([images for images, _ in make_loader(store, batch_size=8, workers=0, output="uint8")])
    with make_loader(store, batch_size=8, workers="threads:2", device="cuda", output="uint8") as loader:
        assert torch.equal(torch.cat([images for images, _ in loader]).cpu(), wanted)


def test_torch_distributed_says_which_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, "is_available", lambda: True)
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 3)
    store = memory_store([(4, 4)] * 10)
    loader = make_loader(store, batch_size=10, shuffle=False, workers=0, last="uneven")
    assert next(iter(loader)).labels.tolist() == [1, 4, 7]
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 4)
    with pytest.raises(InputError, match="make the loader after"):
        iter(loader)

"""A plain `torch.utils.data.DataLoader` whose dataset hands out whole batches."""

from ..registration import LoaderRegistration

LOADER = LoaderRegistration(
    where=".loading.loaders.torch_dataloader.backend:TorchLoader",
    title="Plain PyTorch",
    description="a DataLoader over the same store, a batch at a time",
    origin="what PyTorch offers a careful programmer",
)

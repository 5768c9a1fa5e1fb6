"""A `torch.utils.data.DataLoader` whose dataset hands out one sample at a time, as tutorials write it."""

from ..registration import LoaderRegistration

LOADER = LoaderRegistration(
    where=".loading.loaders.naive.backend:NaiveLoader",
    title="As in tutorials",
    description="one sample at a time, opened, decoded and converted the way most tutorials do it",
    origin="the code of most tutorials",
    whole_batches=False,
)

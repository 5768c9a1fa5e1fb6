"""Our loader: whole batches, compiled kernels, threads, memory that is used again."""

from ..registration import LoaderRegistration

LOADER = LoaderRegistration(
    where=".loading.loaders.fast.backend:FastLoader",
    title="Fast (ours)",
    description="whole batches at a time, without copies",
    origin="this project",
    threads=True,
    decodes_on_device=True,
    less_python="",
)

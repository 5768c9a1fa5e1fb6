"""Ours, run like everybody else's."""

from __future__ import annotations

from ..registration import OWN, RivalRegistration

FAIR = (
    "Its container is the built store itself. Workers are searched for as for everybody; nothing is kept decoded "
    "between epochs; its first epochs wait for its compiled kernels, as everybody's wait for their libraries."
)


def _ours(loader: str, title: str, description: str, threads: bool, inline: bool) -> RivalRegistration:
    return RivalRegistration(
        where=".rivals.ours.loader:OursRival",
        title=title,
        container="store",
        licence="MIT",
        home_page="",
        distribution="",
        environment=OWN,
        description=description,
        fair=FAIR,
        outputs=("float32", "float16", "bfloat16", "uint8"),
        devices=("cpu", "cuda", "mps"),
        threads=threads,
        inline=inline,
        variables={"FORMAT_MATTERS_KERNELS": "wait"},
        settings={"loader": loader},
    )


RIVALS = {
    "fast": _ours("fast", "Ours: fast", "Fused compiled kernels make whole batches in threads", True, True),
    "torch": _ours("torch", "Ours: plain DataLoader", "torch's DataLoader over our store, batch by batch", False, True),
    "naive": _ours(
        "naive", "Ours: the tutorials' way", "torch's DataLoader over our store, sample by sample", False, True
    ),
}

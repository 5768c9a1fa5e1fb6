"""Which of how many processes this one is, where several train together."""

from __future__ import annotations

from typing import NamedTuple

import torch.distributed

from ..base.errors import InputError


class Ranks(NamedTuple):
    """`rank` of `world_size`; `found`: nobody gave them."""

    rank: int
    world_size: int
    found: bool

    @classmethod
    def of(cls, rank: int | None, world_size: int | None) -> Ranks:
        """As given, else as torch.distributed says, else the only one. Raises InputError where one alone is given."""
        if rank is None and world_size is None:
            return cls(*(_of_torch() or (0, 1)), True)
        if rank is None or world_size is None:
            raise InputError("rank and world_size go together: give both, or neither")
        return cls(rank, world_size, False)

    def check(self) -> None:
        """Raises InputError where torch.distributed was initialised after they were found: then each rank would be
        given everything."""
        if not self.found or (now := _of_torch()) in (None, (self.rank, self.world_size)):
            return
        raise InputError(
            f"this loader was made for rank {self.rank} of {self.world_size}, and torch.distributed says now rank "
            f"{now[0]} of {now[1]}: make the loader after torch.distributed was initialised, or give it rank and "
            "world_size"
        )


def _of_torch() -> tuple[int, int] | None:
    """What torch.distributed says where it is initialised."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return None

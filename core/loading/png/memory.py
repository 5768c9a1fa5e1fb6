"""What PNGs are decoded in."""

from __future__ import annotations

from ..decoder_memory import DecoderMemory
from .state import PngState, new_png_state

png_memory: DecoderMemory[PngState] = DecoderMemory(new_png_state)

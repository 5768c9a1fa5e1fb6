"""What JPEGs are decoded in."""

from __future__ import annotations

from ..decoder_memory import DecoderMemory
from .state import DecoderState, new_state

jpeg_memory: DecoderMemory[DecoderState] = DecoderMemory(new_state)

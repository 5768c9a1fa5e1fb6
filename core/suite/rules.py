"""The rules that the suite compares by, in sentences for its page; `docs/fair.md` says how each is held."""

from __future__ import annotations

RULES = (
    "Same images, same bytes: every loader stores the payloads of one store in a container of its own, which it writes "
    "itself. One that can only store images re-encoded by itself says so in its row.",
    "Same batches: float32, normalised with ImageNet's mean and deviation, NCHW, of the same size; random crops are "
    "drawn by torchvision's rule and resized to 224 x 224 bilinearly, and every second image is flipped.",
    "Same order: each epoch is shuffled as well as the loader can. How well is measured and shown.",
    "Workers are searched for each loader before it is timed, and then kept for the whole run.",
    "Repeats take turns, so that whatever disturbs the machine disturbs all alike. While one loader runs, the others "
    "are stopped. What other programs took meanwhile is recorded, and disturbed repeats are measured again.",
    "What is handed out is checked before and while timing: that each image comes once an epoch, with its label, and "
    "that its pixels are those of the dataset. A loader that fails a check has no figures.",
    "Processor time is that of all its processes; memory counts pages that they share once, and no mapped files.",
    "Ours run as all others do: in processes of their own, by the same protocol, with the same checks.",
)

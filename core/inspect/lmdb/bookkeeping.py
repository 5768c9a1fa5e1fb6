"""Entries that say something of the others, and are no samples: counts, lists of keys, names of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..contents import content_of

if TYPE_CHECKING:
    from .file import LmdbView

BOOKKEEPING = frozenset(
    b"""
    __len__ __keys__ __metadata__ __meta__ __labels__ __classes__ __info__ __dictionary__ __targets__
    __class_names__ __version__ __shape__ __dtype__ __names__ __config__ __order__ num-samples num_samples nSamples
    num-images num_images nb_samples nb_images n_samples n_images num_entries num_items num_records num_classes
    image_num length len count size total num keys labels targets classes class_names label_names
    categories class_to_idx idx_to_class class_map metadata meta meta_info info dataset dataset_info config version
    shape dtype format mean std y class_ids n N channels synsets protocol
    """.split()
)
"""Keys of entries that are never samples."""

POSSIBLE = frozenset(
    b"""
    order classmap label_map labelmap idx_to_label label_to_idx vocab vocabulary charset alphabet mapping map index
    keylist key_list image_keys all_keys db_keys ids all_ids splits split created created_at creator description
    author license source url date encoding compression image_shape img_shape image_size img_size height width stats
    statistics min max attrs attributes schema header settings params args options readme README num_labels
    """.split()
)
"""Keys of entries that are no samples where their values are no images, and those of others are."""


def is_bookkeeping(key: bytes) -> bool:
    """Whether a key alone says so: it is called like one, or between double underscores."""
    return key in BOOKKEEPING or (len(key) > 4 and key.startswith(b"__") and key.endswith(b"__"))


def bookkeeping_of(view: LmdbView) -> set[bytes]:
    """The keys of a database's entries that are no samples, as far as a sample of its entries and usual names tell."""
    found = {key for key, _ in view.sample if is_bookkeeping(key)}
    if 2 * sum(bool(content.is_image) for _, content in view.contents) <= len(view.contents):
        return found
    others = [key for key, _ in view.sample if key not in found]
    counted = 5 * sum(_has_digit(key) for key in others) >= 4 * len(others)
    values = {key: value for key, value in view.sample if counted and _is_word(key) and key not in found}
    for key in POSSIBLE:
        value = view.get(key)
        if value is not None:
            values[key] = value
    return found | {key for key, value in values.items() if not content_of(value).is_image}


def _has_digit(key: bytes) -> bool:
    return any(48 <= byte <= 57 for byte in key)


def _is_word(key: bytes) -> bool:
    return key.isascii() and not _has_digit(key) and key.decode().isprintable()

"""LMDB files that anybody may have written, read page by page by code of ours.

detect      whether a file is one
tree        entries by position and key, on the pages of `formats.lmdb`; salvage: what is left without a tree
file        one open file; databases: which of them is looked at; structure, map: what its pages are used for
keys        keys as text; selection, key_patterns: which entries are samples; labels: and what they are called
records     entries as records
"""

from ..registration import KindRegistration, schemas

SCHEMAS = schemas(
    "LMDB",
    {
        "own-lmdb": ("ours:OwnLmdb", "LMDB of a store built here"),
        "pickled-dicts": ("pickled:PickledDicts", "Pickled {image, label, compression} entries"),
        "pickled-objects": ("pickled:PickledObjects", "Pickled CIFAR_Image objects"),
        "crnn": ("lmdb_pairs:Crnn", "CRNN and text recognition: image-*, label-*, num-samples"),
        "stylegan2": ("lmdb_layouts:StyleGan2", "StyleGAN2: {size}-{number}, length"),
        "lsun": ("lmdb_layouts:Lsun", "LSUN: hashes to image files"),
        "basicsr": ("lmdb_layouts:BasicSr", "BasicSR: image files listed in meta_info.txt"),
        "efficient-pytorch": ("lmdb_layouts:EfficientPyTorch", "Efficient-PyTorch: __keys__, __len__"),
        "tensorpack": ("lmdb_layouts:Tensorpack", "tensorpack: msgpack datapoints, __keys__"),
        "datum": ("lmdb_datum:Datums", "Caffe and DIGITS: Datum messages"),
        "caffe2": ("lmdb_datum:Caffe2Tensors", "Caffe2: TensorProtos"),
        "pairs": ("lmdb_pairs:Pairs", "An image and its label under two keys"),
        "paths": ("lmdb_layouts:PathKeys", "Paths to image files, as mmcv reads them"),
        "encoded-values": ("lmdb_values:EncodedValues", "Values that are image files"),
        "npy": ("lmdb_kinds:Npy", "NumPy files"),
        "objects": ("lmdb_kinds:Objects", "Plain data with an image inside"),
        "wrapped": ("lmdb_kinds:Wrapped", "Image files with something before them"),
        "vectors": ("lmdb_kinds:LmdbVectors", "Embeddings: vectors of numbers"),
        "pixels": ("lmdb_kinds:BarePixels", "Blocks of bare pixels"),
        "text": ("lmdb_kinds:Texts", "Text or JSON"),
        "plain-values": ("lmdb_values:PlainValues", "Values of an unknown kind"),
    },
)

KIND = KindRegistration(
    where=".inspect.lmdb.file:LmdbFile",
    title="LMDB",
    detects=".inspect.lmdb.detect:has_meta_page",
    guesses=".inspect.lmdb.detect:has_numbered_pages",
    member="data.mdb",
    opens_member=True,
    several_in_one=True,
    structure="ui.inspector.structure_lmdb:draw_lmdb",
    schemas=SCHEMAS,
)

"""HDF5 files that anybody may have written, through h5py, in a process that may die of it.

detect      whether a file is one
walk        every object and link, without leaving the file; truncated: files that end too early
guard       what may be read of a dataset at all; filters, heap, facts: what that depends on
file        one open file: datasets, rows, structure; chunks: where they lie
name_hints  what names promise; candidates, families: which datasets are images; layouts: which axis is which
labels      what they are called; texts: and in which words; sidecar_labels: in another file
pixels      values to pixels; spec: palettes and origins; values, rows, runs: records one by one
"""

from ..registration import KindRegistration, schemas

SCHEMAS = schemas(
    "HDF5",
    {
        "own-hdf5": ("ours:OwnHdf5", "HDF5 file of a store built here"),
        "hdf5-weights": ("hdf5_weights:ModelWeights", "Weights of a model"),
        "hdf5-single": ("hdf5_arrays:SingleImage", "One image: datasets image and meta"),
        "hdf5-many": ("hdf5_arrays:ManyImages", "Many images: datasets images and meta"),
        "hdf5-packed": ("hdf5_bytes:PackedBytes", "Image files packed end to end, and offsets"),
        "hdf5-encoded": ("hdf5_bytes:EncodedRows", "Elements that are image files"),
        "hdf5-shaped": ("hdf5_shaped:ShapedImages", "Flat images, and their shapes beside"),
        "hdf5-arrays": ("hdf5_arrays:NamedArrays", "Arrays of images, and labels"),
        "hdf5-compound": ("hdf5_compound:CompoundRows", "Tables with a field that is an image"),
        "hdf5-references": ("hdf5_references:ReferencedImages", "References that lead to images"),
        "hdf5-boxes": ("hdf5_references:DigitStruct", "MATLAB's structures of image names and boxes"),
        "hdf5-flat": ("hdf5_flat:FlatRows", "Rows of pixels, one after the other"),
        "hdf5-groups": ("hdf5_groups:GroupedImages", "One image per dataset, or per group"),
        "hdf5-vectors": ("hdf5_vectors:Hdf5Vectors", "Rows of numbers: features, point clouds, signals"),
        "hdf5-datasets": ("hdf5_datasets:OtherDatasets", "Datasets that are no images known here"),
        "hdf5-as-images": ("hdf5_as_images:AsImages", "Any array of numbers, drawn as images"),
    },
)

KIND = KindRegistration(
    where=".inspect.hdf5.file:Hdf5File",
    title="HDF5",
    needs=("h5py",),
    install_hint="pip install h5py hdf5plugin",
    library="the HDF5 library",
    detects=".inspect.hdf5.detect:has_signature",
    structure="ui.inspector.structure_hdf5:draw_hdf5",
    schemas=SCHEMAS,
)

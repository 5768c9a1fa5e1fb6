"""NumPy's .npy files, one or a folder of them.

detect      whether a file is one, and whether a folder is of them
arrays      the array of one .npy, wherever its bytes lie
file        one open file or folder
packed      the folder of a split that was built here
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.npy.file:NpyFile",
    title="NumPy",
    detects=".inspect.npy.detect:is_npy",
    member="images.npy",
    other_members=(
        "bytes.npy", "labels.npy", "image.npy", "imgs.npy", "x.npy", "X.npy", "y.npy", "Y.npy", "data.npy",
        "x_train.npy", "X_train.npy", "train_x.npy", "train_X.npy", "train_images.npy", "images_train.npy",
        "x_test.npy", "X_test.npy", "test_x.npy", "test_images.npy", "images_test.npy",
    ),
    claims=".inspect.npy.detect:is_folder_of_arrays",
    schemas=Registry(
        "schema for NumPy files",
        {
            "own-npy": Registration(".inspect.npy.packed:OwnNpy", "Folder of a store built here"),
            "npy-samples": Registration(
                ".inspect.named_arrays.records:ArraySamples", "Arrays of images, and what belongs to each"
            ),
            "npy-arrays": Registration(".inspect.named_arrays.records:SingleArrays", "The arrays themselves"),
        },
    ),
)  # fmt: skip

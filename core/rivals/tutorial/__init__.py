"""LMDB and HDF5 as most tutorials load them: what a project has before anybody looks at its loading."""

from ..registration import TORCH, EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="tutorial",
    steps=((TORCH, "numpy==2.1.3", "pillow==13.0.0", "lmdb==3.0.0", "h5py==3.16.0"),),
    module="torch",
    bytes=1_030_000_000,
)

FAIR = (
    "Nothing is tuned but what every tutorial has: each worker opens the file for itself, and workers stay from epoch "
    "to epoch. Each image is decoded by Pillow, turned into a tensor and normalised by itself, as torchvision's "
    "ToTensor and Normalize do."
)

RIVALS = {
    "tutorial-lmdb": RivalRegistration(
        where=".rivals.tutorial.loader:TutorialLmdb",
        title="LMDB as in tutorials",
        container="lmdb",
        licence="OLDAP-2.8",
        home_page="https://lmdb.readthedocs.io",
        distribution="lmdb",
        environment=ENVIRONMENT.name,
        description="torch's DataLoader gets each sample by its key from an LMDB, one get per sample, and decodes it "
        "with Pillow",
        fair=FAIR,
    ),
    "tutorial-hdf5": RivalRegistration(
        where=".rivals.tutorial.loader:TutorialHdf5",
        title="HDF5 as in tutorials",
        container="hdf5",
        licence="BSD-3-Clause",
        home_page="https://www.h5py.org",
        distribution="h5py",
        environment=ENVIRONMENT.name,
        description="torch's DataLoader reads each sample from an HDF5 dataset, one read per sample, and decodes it "
        "with Pillow",
        usual=False,
        fair=FAIR + " Encoded images are rows of varying length, raw pixels one array.",
    ),
}

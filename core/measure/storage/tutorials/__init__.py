"""The storage methods of a well-known tutorial on storing images, as rows of their own: what a class's code costs.

PNG files with CSV labels; pickled objects in LMDB; HDF5 with an image a file, and with all of them in one. Each opens
and closes what it uses with every call, as the tutorial's functions do. (R. Stoltz, "Three Ways of Storing and
Accessing Lots of Images in Python", Real Python, 2019: the calls are its calls, the words are ours.)
"""

from .hdf5_files import Hdf5Files
from .pickled_images import PickledImages
from .png_and_csv import PngAndCsv

__all__ = ["Hdf5Files", "PickledImages", "PngAndCsv"]

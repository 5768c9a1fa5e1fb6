"""What pyproject.toml cannot say: the folder `core` is installed as the package `format_matters`."""

from setuptools import find_packages, setup

setup(
    package_dir={"format_matters": "core"},
    packages=["format_matters", *(f"format_matters.{name}" for name in find_packages("core"))],
)

"""Datasets that are known by name and come as arrays: downloaded, or read from the files that people have of them.

official    their official files: addresses, checksums, downloading
cifar100    CIFAR-100, pickled batches
mnist       MNIST and Fashion-MNIST, idx files
stl10       STL-10, the binary version
svhn        SVHN, cropped digits in MATLAB files
"""

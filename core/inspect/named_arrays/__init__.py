"""Files that are a few arrays of numbers, each with a name: MATLAB's, safetensors, pickles of plain data.

array       one array: its shape and type, and some of its values
roles       which arrays are images, in which order of axes, and which go with them
records     records of such arrays: one for each sample, or one for each array
"""

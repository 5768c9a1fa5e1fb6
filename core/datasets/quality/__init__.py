"""What may be wrong with an imported dataset: duplicates, leaks between splits, classes, sizes, files, pictures.

task        DatasetCheck, the task behind `datasets --check`
findings    what is told: kind, count, examples, meaning, remedy
duplicates  the same picture twice, from the index alone
balance     classes and sizes, from the index alone
pictures    every file read and decoded: gone, changed, of one colour; its perceptual hashes
near        pairs of hashes that differ in few bits
"""

"""Instructions that numba has no words for, written in LLVM's: eight or sixteen numbers at once, on every CPU.

They take addresses, because inside a kernel an array is a counted reference and an address is a number. Callers
answer for what lies there.
"""

"""Streamlit's caches, for answers about paths: those that are not UTF-8 (Python keeps their bytes as lone surrogates)
cannot be hashed as Streamlit hashes text."""

from __future__ import annotations

from functools import partial

import streamlit as st

HASHES = {str: lambda text: text.encode("utf-8", "surrogatepass")}

cache_data = partial(st.cache_data, hash_funcs=HASHES)
cache_resource = partial(st.cache_resource, hash_funcs=HASHES)

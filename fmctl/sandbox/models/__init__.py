"""Models behind the API: what is accepted, and how an import goes.

`checks.py` (the request) → `publishing.py` (the folder, by way of `locations.py` and `config.py`).
"""

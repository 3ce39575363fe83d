"""Training jobs behind the API: what is accepted, what the server adds, how a job lives, how it is found.

`checks.py` → `fill.py` → `jobs.py` (the life of a job, with a `Runner` doing the work) and `search.py`.
"""

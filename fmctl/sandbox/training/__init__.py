"""Training behind the API: what is accepted, what the server adds, how a job lives, how it is found.

`checks.py` → `algorithms.py`, `experiments.py`, `fill.py` → `jobs.py` (the life of a job; a `Runner` does the work),
and `search.py`. What jobs can run on is in `catalog.py`.
"""

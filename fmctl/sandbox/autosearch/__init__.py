"""Hyper-parameter search: `python -m fmctl.sandbox.autosearch <folder>` is what a job runs that searches.

`request.py` (what is asked for) → `search.py` (which trial is next, and which was best) → `trial.py` (runs one).
Algorithms propose places in the unit cube, one axis a parameter, and are told how good each place was: `proposing.py`,
`catalog.py` and a module each. `table.py`, `analysis.py` and `chart.py` are what the API shows of `records.py`.
"""

"""Services behind the API: what is accepted, how a service lives, and what answers for it.

`checks.py` (the request) → `state.py` (the document) → `deployments.py` (makes the instances follow it) → `fleet.py`
(starts and restarts them) → `launcher.py` (as processes; in tests `scripted.py`). `traffic.py` shares the requests.
What a model prints, tracebacks included, is in `services/<service id>/<model id>.log` of the state folder.
"""

"""Services behind the API: what is accepted, how a service lives, and what answers for it.

`checks.py` and `elements.py` (the request) → `state.py` (the document) → `deployments.py` (makes the instances follow
it, each as `specs.py` says) → `fleet.py` (starts and restarts them) → `launcher.py` (as processes; in tests
`scripted.py`). `containers.py` says what runs in place of one. `traffic.py` shares the requests to real-time services;
`batch.py` asks for batch services.
What a model prints, tracebacks included, is in `services/<service id>/<model id>.log` of the state folder.
"""

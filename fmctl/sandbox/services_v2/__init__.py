"""Services of the second generation behind the API: deployments of container units, with versions of their own.

`shapes.py` (what a request may hold) → `updates.py` (what it asks for) → `state.py` (the document and its transitions)
→ `supervision.py` (makes processes follow it, by `units.py`) ; `rendering.py` shows it, `autoscaling.py` follows cron.

The sandbox runs no containers. A unit whose image is named `sandbox/…`, for example `sandbox/python`, and which has a
`cmd`, runs as processes of this machine: its `files` are copied into a folder, the command finds the port to listen on
in PORT, and mount paths in `cmd` and `envs` are rewritten to where the files are. All other images end FAILED.
"""

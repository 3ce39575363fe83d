"""Services of the second generation behind the API: deployments of container units, with versions of their own.

`shapes.py` (what a request may hold) → `operations.py` (what a status allows) → `updates.py` (what is asked for) →
`state.py` (the document and its transitions) → `supervision.py` (makes processes follow it, as `units.py` says) →
`progress.py` (what follows from how they are).

`rendering.py` shows it all, `autoscaling.py` follows cron and load, `service_versions.py` goes back to whole versions,
`connections.py` lays the ways from inner networks, `keys.py` and `limits.py` are for the gateway.

The sandbox runs no containers. A unit whose image is named `sandbox/…`, for example `sandbox/python`, and which has a
`cmd`, runs as processes of this machine: its `files` are copied into a folder, the command finds the port to listen on
in PORT and in place of the unit's `port`, and mount paths in `cmd` and `envs` are rewritten to where the files are. For
any other image a placeholder answers (`serving/containers.py`): so everything around it can be tried, and each answer,
and an event, says that it is not the image.

Kept and shown, but without effect on one machine: pools and resources, affinity, priorities, the routing strategy, load
balancers, mirrored traffic, retries and fuses of the gateway, secrets, log streams, dumps.
"""

"""One set of conversations in the wire format that every ModelArts has to hold alike.

Start with ``jobs.py``: a conversation is a function that asks and keeps the answers; ``test_jobs.py`` states what must
be true of them, whoever answered. ``sites.py`` is who answers, ``fmctl_door.py`` and ``sdk_door.py`` are the clients
through which they are asked, ``recording.py`` keeps what a real one said.

Where the published reference is silent nothing is demanded: whether a job without endpoints shows an empty field of
them, how lists spell ``model_type``, which exit code a stopped job has, whether the history of a service repeats the
status of its models, which code it is to scale to the number that there is, and which of a signature and a token in
one request counts.
"""

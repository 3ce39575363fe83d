"""One set of conversations in the wire format that every ModelArts has to hold alike.

Start with ``jobs.py``: a conversation is a function that asks and keeps the answers; ``test_jobs.py`` states what must
be true of them, whoever answered. ``sites.py`` is who answers, ``doors.py`` through which client they are asked.
"""

"""The process that hosts one instance of a model: it loads customize_service.py and answers HTTP on loopback.

It is run as `python -m fmctl.sandbox.serving_host` by `serving/launcher.py`, and shares no memory with the server: it
gets its orders as arguments, tells once through a pipe where it listens (or why it cannot), and ends when standard
input closes, which is what happens when the server dies, however it dies.

`command.py` hosts a command in the same way, and `placeholder.py` is what such a command is for an image.
"""

"""Scripted courses instead of real ones: what a script may say, how it is read, and what plays it.

Start reading at `cases.py`. `stage.py` puts the players in the places of the real parts.
"""

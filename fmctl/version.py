"""The version of fmctl."""

__version__ = "0.1.0"

"""How fast fmctl is: every module here can be run on its own, ``python -m benchmarks`` runs all."""

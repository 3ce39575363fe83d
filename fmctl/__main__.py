"""``python -m fmctl``."""

from fmctl.cli.app import main

main()

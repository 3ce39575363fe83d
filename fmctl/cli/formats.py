"""The words that options take: formats of ``-o`` by what is shown, and shells."""

MACHINE = ("json", "yaml")
LISTINGS = ("table", "wide", *MACHINE, "name")
PLANS = ("text", "json", "markdown")
SHELLS = ("bash", "zsh", "fish")

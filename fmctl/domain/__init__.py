"""The nouns of fmctl: plain, frozen data shared by the stages. Standard library only."""

"""Object storage behind one small port. The only door to the official OBS library, whose package is ``obs``."""

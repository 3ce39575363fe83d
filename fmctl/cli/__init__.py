"""The command line: one file a command. The only package that prints, reads the environment, or exits."""

"""The entry package: the command-line program, settings and output, which every package uses."""

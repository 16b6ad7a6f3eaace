"""The hall of the house: commands, settings and output, shared by every room."""

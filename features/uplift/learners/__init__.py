"""The learners, one in a file; `named.py` has them by name."""

"""Whether a set may be learned from or scored, and whether it is what it says it is."""

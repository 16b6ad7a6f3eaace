"""Events by HTTP: whoever has a key posts them, and is told of each whether it was taken."""

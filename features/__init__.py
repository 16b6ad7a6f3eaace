"""Features as of a point in time, models that learn from them, and the audiences they choose."""

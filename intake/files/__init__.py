"""Files of other people's data: read, checked, and published as events; at a file's speed."""

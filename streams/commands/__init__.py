"""The commands of the streams, one module for each; none imports at its top what takes long."""

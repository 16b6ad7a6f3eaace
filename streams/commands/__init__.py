"""The commands of the streams, one module each; none imports slow modules at its top."""

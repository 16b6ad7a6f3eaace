"""The statistics of randomised experiments: SQL returns sums, frozen dataclasses compute.

Pure: nothing here reads a file, a clock or a database, or draws at random without a fixed seed.
"""

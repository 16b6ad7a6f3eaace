-- No row: gives the memory that the engine keeps for later back to the system.
SYSTEM JEMALLOC PURGE

"""`python -m flowdrop` is `flowdrop`."""

from flowdrop.cli import main

main()

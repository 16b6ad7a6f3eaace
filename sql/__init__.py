"""Every query flowdrop asks, one file each, and the thin loader and client for them."""

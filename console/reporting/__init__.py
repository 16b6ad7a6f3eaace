"""What reports have in common: from one `Report` come command, page, API, downloads and docs."""

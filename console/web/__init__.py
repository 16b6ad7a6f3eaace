"""The web console: pages for people, `/api` for programs; both show the same reports."""

"""Who may do what in the console: organisations, people, sign-in, tokens, the audit log."""

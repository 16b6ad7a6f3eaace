"""Where advertisers read reports and marketers launch drops: commands, pages, REST API."""

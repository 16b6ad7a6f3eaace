"""Other people's data on its way in: files, HTTP, webhooks and the tag for pages."""

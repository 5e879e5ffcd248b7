"""Who works on the site: staff accounts, and nothing about visitors."""

"""Commands that start and look after the site."""

"""How the site is put together: settings, addresses, database, web server."""

"""Django's PostgreSQL engine on the server in var/, which starts when the first connection is asked for."""

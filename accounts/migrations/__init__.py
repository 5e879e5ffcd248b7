"""Database changes of the accounts, one linear chain."""

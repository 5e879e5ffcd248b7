"""The engine that Django loads when no DATABASE_URL is set: commands that need no database never start one."""

from typing import Any

from django.db.backends.postgresql import base

from config import postgres


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the server in var/."""

    def get_connection_params(self) -> dict[str, Any]:
        """Start the server, or join it, before the first connection to it."""
        cluster = postgres.in_use()
        cluster.start()
        self.settings_dict["HOST"] = str(cluster.socket)
        return super().get_connection_params()

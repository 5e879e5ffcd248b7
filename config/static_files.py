"""Static files under names with a fingerprint, also where one script loads another."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Fingerprinted(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Rewrites the names in `import` of scripts too, so that browsers keep every part of a bundle for ever."""

    support_js_module_import_aggregation = True

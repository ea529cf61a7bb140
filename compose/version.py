"""Which vsnd this is."""

from importlib.metadata import PackageNotFoundError, version


def vsnd_version() -> str:
    """The installed version."""
    try:
        return version("vsnd")
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "0+unknown"

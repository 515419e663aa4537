"""Whether there can be a server at all."""

from __future__ import annotations

from plaudit.errors import import_extra


def require_libraries() -> None:
    """Raise unless what a server stands on is installed.

    Raises:
        MissingExtraError: if it is not; the line says what to install.

    Example:
        >>> require_libraries()
    """
    for library in ("uvicorn", "fastapi", "prometheus_client"):
        import_extra(library, "serve", "a server")

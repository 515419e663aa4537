"""What a user sees when the input is at fault: one line that says what, where, and the remedy."""


class PlauditError(Exception):
    """A mistake in the input or the request. The command line prints it in one line and exits with 2."""


class DataError(PlauditError):
    """A row or a file that cannot be read as groups; `where` is `file:line` when a line is to blame."""

    def __init__(self, message: str, where: str | None = None) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.message = message
        self.where = where

"""What is said to the person at the keyboard when something given cannot be used."""


class UserError(ValueError):
    """A fault that the person can cure: one line that names the place, the value and the cure.

    The command line prints it without a traceback and exits with 2. Whatever was put into the
    message, it stays one printable line: a file name or a value may hold a line break. It is a
    ValueError so that a parameter group's own validators may raise it.
    """

    def __init__(self, message: str) -> None:
        """Keep the message as one printable line."""
        super().__init__(one_line(message))


def one_line(text: str) -> str:
    """The text with runs of white space as one space and unprintable characters escaped."""
    joined = " ".join(text.split())
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in joined
    )

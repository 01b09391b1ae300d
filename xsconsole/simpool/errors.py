"""What a call answers when it fails."""


class XapiError(Exception):
    """A failure as XAPI reports it: a code and its parameters, all text.

    The codes and the names of their parameters are in `Model.errors`.
    """

    def __init__(self, code: str, *params: object) -> None:
        super().__init__(code, *params)
        self.code = code
        self.params = tuple(str(param) for param in params)

    @property
    def description(self) -> tuple[str, ...]:
        """The code and the parameters in one list, as they go over the wire."""
        return (self.code, *self.params)


def wrongly_typed(text: str) -> XapiError:
    """Return the error of an argument that has not the type of its parameter."""
    return XapiError("INTERNAL_ERROR", f'Failure("{text}")')

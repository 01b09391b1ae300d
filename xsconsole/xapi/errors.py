"""What can go wrong below the calls, before `failures` makes our errors of it."""


class BadAnswer(Exception):
    """Something answered, but not as XAPI does."""


class RoadBroken(Exception):
    """The connection could not be made, or broke. Whether the call was made is unknown when `was_sent`."""

    def __init__(self, cause: str, *, was_sent: bool) -> None:
        super().__init__(cause)
        self.cause = cause
        self.was_sent = was_sent


class NoTls(RoadBroken):
    """The host answers an https address with something that is no TLS."""

    def __init__(self) -> None:
        super().__init__("what answers there does not speak TLS", was_sent=False)


class WrongCertificate(RoadBroken):
    """The host shows another certificate than the pinned one."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause, was_sent=False)

"""Errors of the development host.

HostError                 the host cannot serve this app or this port; the message names what and where
└── AppLoadError          the app's code or its bindings were refused
InvocationError           a function raised; carries its name and the exception
"""


class HostError(Exception):
    """The host cannot serve this app or this port."""


class AppLoadError(HostError):
    """The app's code or its bindings were refused."""


class InvocationError(Exception):
    """A function raised ``cause``, or the worker could not call it."""

    def __init__(self, function: str, cause: Exception, trace: str) -> None:
        super().__init__(f"function {function} failed: {cause!r}")
        self.function = function
        self.cause = cause
        self.trace = trace

"""Who asked, and how: what the middlewares and the app are told of a request's client."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """The client of a request, as far as somebody who is trusted has seen it."""

    address: str
    """Its IP address in the usual form; empty when it is not known, as on a Unix socket."""
    port: int | None
    """Its port, where the connection or the proxy told."""
    scheme: str
    """`http` or `https`, for websockets too."""
    host: str
    """The host, with its port if it has one, that the client asked for; empty when it did not say or it is no host."""

    @property
    def secure(self) -> bool:
        """Whether the client's own connection is encrypted."""
        return self.scheme == "https"

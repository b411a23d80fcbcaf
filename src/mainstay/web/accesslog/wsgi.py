"""The access log around a WSGI app (PEP 3333). A request is over when the server closes the response."""

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any, Unpack

from mainstay.web.accesslog.asgi import LOGGED
from mainstay.web.accesslog.exchange import EnvironExchange, Outcome
from mainstay.web.accesslog.identity import request_id, trace_id
from mainstay.web.accesslog.keywords import Keywords
from mainstay.web.accesslog.logger import Logger, Options
from mainstay.web.proxy import TrustedProxies

# Any: WSGI's dictionaries and callables are open.
WSGIApp = Callable[[dict[str, Any], Any], Iterable[bytes]]
_FAILED = 500


class WSGIAccessLog:
    """As `AccessLog`, around a WSGI app: `app.wsgi_app = WSGIAccessLog(app.wsgi_app)` with Flask."""

    def __init__(self, app: WSGIApp, *, proxies: TrustedProxies | None = None, **options: Unpack[Keywords]) -> None:
        self.app = app
        self._logger = Logger(Options(**options), proxies)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer, and log it."""
        logger = self._logger
        exchange = EnvironExchange(environ, logger.proxies)
        if LOGGED in environ:
            environ[LOGGED].append(True)
        if logger.identifies:
            logger.identify(exchange, environ.get("REMOTE_ADDR"))
        # Not reset: the response is made outside of this call, in the same thread, and the next request sets it anew.
        request_id.set(exchange.request_id)
        trace_id.set(exchange.trace)
        if logger.immediate:
            logger.log(exchange)

        def started(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            if exchange.request_id:
                headers = [*headers, ("X-Request-ID", exchange.request_id)]
            exchange.status = int(status.split(maxsplit=1)[0])
            exchange.response_headers = headers
            exchange.responded = perf_counter()
            return _counted(start_response(status, headers, *error), exchange)

        try:
            return _Response(self.app(environ, started), exchange, logger)
        except BaseException as error:
            exchange.error = error
            exchange.status = exchange.status or _FAILED
            _end(exchange, logger, complete=False)
            raise


def _counted(write: Any, exchange: EnvironExchange) -> Any:
    """PEP 3333's `write`, for apps of old."""

    def counting(data: bytes) -> Any:
        exchange.first = exchange.first or perf_counter()
        exchange.sent += len(data)
        return write(data)

    return counting


class _Response:
    def __init__(self, body: Iterable[bytes], exchange: EnvironExchange, logger: Logger) -> None:
        self._body = body
        self._exchange = exchange
        self._logger = logger
        self._complete = False
        self._logged = False

    def __len__(self) -> int:
        return len(self._body)  # type: ignore[arg-type]  # TypeError, as of the body itself, when it has no length

    def __iter__(self) -> Iterator[bytes]:
        exchange = self._exchange
        try:
            for part in self._body:
                if part and not exchange.first:
                    exchange.first = perf_counter()
                yield part
                exchange.sent += len(part)  # only now: the server asks for the next part when it has sent this one
            self._complete = True
        except GeneratorExit:
            raise
        except BaseException as error:
            exchange.error = error
            exchange.status = exchange.status or _FAILED
            raise

    def close(self) -> None:
        """The server is done with it."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            if not self._logged:
                self._logged = True
                _end(self._exchange, self._logger, complete=self._complete)


def _end(exchange: EnvironExchange, logger: Logger, *, complete: bool) -> None:
    exchange.ended = perf_counter()
    exchange.outcome = Outcome.COMPLETE if complete else Outcome.CUT
    if not logger.immediate:
        logger.log(exchange)

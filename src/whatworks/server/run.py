"""Starts the server: uvicorn on one address, until a signal ends it."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.types import Scope
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from whatworks.errors import AddressFault, InvalidValue
from whatworks.server.app import make_app
from whatworks.server.guard import Guard
from whatworks.server.logs import LOGGING, Log
from whatworks.server.many import serve_many
from whatworks.server.metrics import add_up, gone
from whatworks.server.ready import Key
from whatworks.server.served import Site, settle

_GRACE = 10  # seconds that open requests have when the server ends
_HEAD_SECONDS = 15  # so long may a client take to send the head of a request
_STALL_SECONDS = 30  # and so long to take what is on its way to it, some 64 KB
_LONGEST_HEAD = 64 * 1024
_LINGER_SECONDS = 5  # so long is read what comes after an answer that did not wait for it
_MOST_CONNECTIONS = 512  # that are being answered; those that ask nothing make room
_LEAST_IDLE = 0.25  # so long has a connection to be idle before it makes room for another one
_MOMENT = 0.001  # seconds until a process that shares its socket takes the next connection
_AGAIN = 1.0  # seconds until connections are taken again after none could be, such as for want of files


class Patient(HttpToolsProtocol):
    """Speaks HTTP, and ends a connection whose client sends no head of a request, or takes no answer, in time.

    What was answered before, and what is looked up at once, is sent from here, without a task for the application;
    where a client sends the same headers again, without reading them.

    Attributes:
        guard: What stands around the application; set before the server starts.
    """

    guard: Guard
    _timer: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _in_head = False
    _head_bytes = 0
    _is_between = True  # whether what comes begins a request
    _begun = 0  # requests in the bytes that are being read
    _known: Key | None = None  # what the last of them is kept under
    _lingers = False  # whether all is said, and what still comes is thrown away

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        while len(self.connections) >= _MOST_CONNECTIONS and self._made_room():
            pass
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take bytes; a head of too many is no request."""
        if self._lingers:
            return
        begins, client = self._is_free() and self._is_between, self.client[0] if self.client else ""
        if begins and (written := self.guard.again(data, client, self._lines())) is not None:
            self._unset_keepalive_if_required()
            self._done()
            self.transport.write(written)
            wait = self.timeout_keep_alive
            self.timeout_keep_alive_task = self.loop.call_later(wait, self.timeout_keep_alive_handler)
            return
        self._begun, self._known = 0, None
        super().data_received(data)
        if begins and self._is_between and self._begun == 1 and self._known is not None:
            self.guard.learn(data, client, self._known)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > _LONGEST_HEAD and not self.transport.is_closing() and not self._lingers:
                self.send_400_response(f"The head of the request is longer than {_LONGEST_HEAD} bytes.")

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a head."""
        super().on_message_begin()
        self._in_head, self._head_bytes, self._is_between, self._known = True, 0, False, None
        self._begun += 1
        if self._timer is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """End the waiting."""
        self._in_head = False
        self._done()
        super().on_headers_complete()
        if self.scope["method"] not in ("GET", "HEAD"):
            self.cycle.transport = cast(asyncio.Transport, _Ending(self))

    def on_message_complete(self) -> None:
        """Note that what comes next is another request."""
        self._is_between = True
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Answer at once what was answered before; start the application for all else."""
        plain = cycle.keep_alive and cycle.scope["http_version"] == "1.1" and self._can_write()
        if plain and (sent := self.guard.at_once(cast(Scope, cycle.scope), self._lines())) is not None:
            self.transport.write(sent.written)
            self._known = sent.key
            cycle.response_started = cycle.response_complete = True
            super().on_response_complete()
            return
        is_full = len(self.tasks) >= _MOST_CONNECTIONS
        super()._start_asgi_task(cycle, cast(ASGI3Application, self.guard.full) if is_full else app)

    def _can_write(self) -> bool:
        return not (self.pipeline or self.flow.write_paused or self.transport.is_closing())

    def _is_free(self) -> bool:
        """Say whether nothing is being answered."""
        return self._can_write() and getattr(self.cycle, "response_complete", True)

    def _lines(self) -> bytes:
        """Return the headers that every answer has, such as the date."""
        return b"".join([b"%b: %b\r\n" % header for header in self.server_state.default_headers])

    def on_response_complete(self) -> None:
        """End the connection where the rest of a body would have to be waited for."""
        if self.cycle.more_body and not self.pipeline:
            self.end()
        if self._lingers:
            self.server_state.total_requests += 1
        else:
            super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Say in the shape of all errors that what came is no request; nothing, amid an answer."""
        last: RequestResponseCycle | None = self.cycle
        if self.pipeline or (last is not None and last.response_started and not last.response_complete):
            self.transport.close()
            return
        self.transport.write(self.guard.unreadable(msg, self._lines()))
        if last is not None:
            last.disconnected = True  # what was asked in it is answered with this
            last.message_event.set()
        self._linger()

    def end(self) -> None:
        """End the connection once all is sent; who is cut off while it sends a body may not get to read the answer."""
        if self.cycle.more_body:
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        """Send no more, and throw away what comes until the client ends the connection, for a while at most."""
        if self._lingers or self.transport.is_closing():
            return
        self._lingers = True
        self._unset_keepalive_if_required()
        self._done()
        self.flow.resume_reading()
        self.transport.write_eof()
        self._timer = self.loop.call_later(_LINGER_SECONDS, self._end)

    def _made_room(self) -> bool:
        """End the connection that has sent no request for the longest time; say whether there was one.

        Who opens as many as may be, and asks nothing, takes no place from who asks. What was opened a moment ago may
        have a request that was not read yet.
        """
        latest = self.loop.time() + _HEAD_SECONDS - _LEAST_IDLE
        idle = [(until, each) for each in self.connections if 0 < (until := _idle_until(each)) < latest]
        if not idle:
            return False
        _, longest = min(idle, key=lambda each: each[0])
        self.connections.discard(longest)
        longest.transport.abort()
        return True

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: another protocol that a client would also speak is left aside, as HTTP has it."""

    def pause_writing(self) -> None:
        """Begin to wait for a client that takes its answer slowly."""
        super().pause_writing()
        self._stalled = self.loop.call_later(_STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """End this waiting."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def connection_lost(self, exc: Exception | None) -> None:
        """End all waiting."""
        self._done()
        if self._stalled is not None:
            self._stalled.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._timer = self.loop.call_later(_HEAD_SECONDS, self._end)

    def _done(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()


class _Ending:
    """The connection as the answer to a request with a body has it: to close it waits for what is on its way."""

    def __init__(self, protocol: Patient) -> None:
        self._protocol = protocol
        self.write, self.is_closing = protocol.transport.write, protocol.transport.is_closing

    def close(self) -> None:
        """End the connection."""
        self._protocol.end()


def _idle_until(protocol: Any) -> float:
    """Return when a connection will have sent no request for too long; 0 for one that is being answered."""
    timer = protocol._timer or protocol.timeout_keep_alive_task
    return timer.when() if timer is not None else 0.0


class _Sharing(uvicorn.Server):
    """Takes connections from a socket that other processes take connections from as well, and leaves them their share.

    What asyncio and uvloop offer takes all connections that wait, so that one process may get all. Here one that
    took one leaves the next to the others for a moment, in which one of them takes it unless it has more to do.
    """

    def __init__(self, config: uvicorn.Config, listening: socket.socket) -> None:
        super().__init__(config)
        self._listening = listening
        self._taken: set[asyncio.Task[object]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup([])
        self._listening.setblocking(False)
        self._wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections; answer what was asked."""
        asyncio.get_running_loop().remove_reader(self._listening)
        await super().shutdown(sockets)

    def _wait(self) -> None:
        if not self.should_exit:
            asyncio.get_running_loop().add_reader(self._listening, self._take)

    def _take(self) -> None:
        """Take a connection, if no other process was quicker."""
        loop = asyncio.get_running_loop()
        try:
            connection, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:
            self._pause(_AGAIN)
            return
        self._pause(_MOMENT)
        connection.setblocking(False)
        with suppress(OSError):  # the client has gone
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = loop.create_task(loop.connect_accepted_socket(self._protocol, connection))
        self._taken.add(task)
        task.add_done_callback(self._taken.discard)

    def _pause(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listening)
        loop.call_later(seconds, self._wait)

    def _protocol(self) -> asyncio.Protocol:
        """Return what speaks HTTP on a connection, as uvicorn makes it."""
        kind = self.config.http_protocol_class
        return kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)  # type: ignore[call-arg]


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address.

    Raises:
        AddressFault: It is taken, or none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise AddressFault(
            f"The server cannot listen at {host} port {port}: {error.strerror}.",
            hint="Choose another port with --port, or an address of this machine with --host.",
        ) from error


def run(open_: Callable[[], Site], listening: socket.socket, address: str, workers: int, logs: str) -> None:
    """Serve until SIGINT or SIGTERM; open requests are answered first.

    Args:
        open_: Opens what is served.
        listening: The socket.
        address: What it is called in messages.
        workers: How many processes serve.
        logs: `text` for faults alone, in words; `json` for requests as well, as lines of JSON.
    """
    log = Log() if logs == "json" else None

    def serve(place: int) -> None:
        site = open_()
        begun = partial(tell, site.current.name) if place == 0 else None
        _serve(site, listening, log, begun, shared=workers > 1)

    def tell(release: str) -> None:
        if log is not None:
            log.event("serving", release=release, address=address, workers=workers)
        else:
            sys.stderr.write(f"Serving {release} at {address}\n")
            sys.stderr.flush()

    if workers == 1:
        serve(0)
        return
    if not hasattr(os, "fork"):
        raise InvalidValue("--workers: this system cannot fork processes.", hint="Leave it out.")
    with add_up():
        serve_many(serve, workers, gone)
    listening.close()


def _serve(
    site: Site, listening: socket.socket, log: Log | None, begun: Callable[[], None] | None, *, shared: bool
) -> None:
    """Serve a site in this process, one of several at this socket if it is shared; who ends it knows from `begun`."""
    site.current.warm()
    settle()
    Patient.guard = guard = make_app(site, log)
    config = uvicorn.Config(
        guard,
        http=Patient,
        access_log=False,
        log_level="warning",
        log_config=LOGGING if log is not None else uvicorn.config.LOGGING_CONFIG,
        server_header=False,
        timeout_keep_alive=_HEAD_SECONDS,
        timeout_graceful_shutdown=_GRACE,
        ws="none",
        lifespan="on",
    )

    server = _Sharing(config, listening) if shared else uvicorn.Server(config)

    def ended(*_: Any) -> None:
        """End the server if it has not begun; once all is done, it raises the signal again, and has ended well."""
        server.should_exit = True

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, ended)
    if begun is not None:
        begun()
    try:
        server.run(sockets=[listening])
    finally:
        for each in (signal.SIGINT, signal.SIGTERM):  # one more, amid the end, is no reason to end otherwise
            signal.signal(each, signal.SIG_IGN)
        listening.close()
        site.close()

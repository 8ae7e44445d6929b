"""A Dask cluster in place of a pool of processes (`--scheduler tcp://host:8786`).

Needs the library distributed (the extra `dask`). The workers need the same mtor_abm, and the folder
of the study under the same path. Dask itself tries a run again whose worker has died; how often is
the scheduler's `distributed.scheduler.allowed-failures`, 3 unless told otherwise.
"""

import contextlib
import logging
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, InvalidStateError
from typing import Any

from ..errors import UserError, one_line
from ..extras import library
from ..provenance import model_fingerprint
from .single import StoppedError

SECONDS_TO_ANSWER = 10.0  # of a scheduler
SECONDS_FOR_A_WORKER = 30.0  # until the first has joined, or one has come back
SECONDS_TO_STOP = 20.0  # of the runs in hand: each ends its step first
SECONDS_BETWEEN_LOOKS = 1.0


class Cluster(Executor):
    """The executor of a Dask client that says in one line what is wrong with the cluster.

    Its futures raise BrokenExecutor where a run's workers died again and again, and UserError where
    the cluster fails.

    Attributes:
        n_slots: runs that it does at once, as it is now.
    """

    def __init__(self, client: Any, address: str) -> None:
        """Use a client that stays the caller's."""
        self.n_slots = sum(client.nthreads().values())
        self._client = client
        self._address = address
        self._inner = client.get_executor(pure=False)
        self._study = secrets.token_hex(8)
        self._pending: set[Future[Any]] = set()
        self._is_over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have `fn(*args, should_stop=..., **kwargs)` called by a worker."""
        outer: Future[Any] = Future()
        inner = self._inner.submit(_there, self._study, fn, args, kwargs)
        self._pending.add(outer)
        outer.add_done_callback(lambda _: self._forget(outer, inner))
        inner.add_done_callback(lambda _: self._hand_over(inner, outer))
        return outer

    def leave(self) -> None:
        """Watch no more."""
        self._is_over.set()

    def stop(self) -> None:
        """Ask the runs in hand to stop after their step, and wait until they have."""
        self.leave()
        end = time.monotonic() + SECONDS_TO_STOP
        with contextlib.suppress(Exception):  # a cluster that is gone has nothing in hand
            self._client.run(_stop, self._study)
            while any(self._client.run(_in_hand, self._study).values()) and time.monotonic() < end:
                time.sleep(0.1)

    def _forget(self, outer: Future[Any], inner: Future[Any]) -> None:
        self._pending.discard(outer)
        if outer.cancelled():
            inner.cancel()

    def _hand_over(self, inner: Future[Any], outer: Future[Any]) -> None:
        """Give on a result, or a fault in our words."""
        with contextlib.suppress(InvalidStateError):  # given up, or cancelled
            if inner.cancelled():
                outer.set_exception(self._fault("the connection broke"))
            elif (error := inner.exception()) is None:
                outer.set_result(inner.result())
            else:
                outer.set_exception(self._translated(error))

    def _translated(self, error: BaseException) -> BaseException:
        from distributed import KilledWorker

        if isinstance(error, KilledWorker):
            return BrokenExecutor(str(error))
        if isinstance(error, UserError | StoppedError):
            return error
        return self._fault(one_line(f"a worker gave up: {type(error).__name__}: {error}"))

    def _fault(self, what: str) -> UserError:
        return UserError(
            f"--scheduler {self._address}: {what}; complete runs are kept, the same command runs "
            "the others"
        )

    def _watch(self) -> None:
        """Without workers Dask would wait for ever; we give up after a while."""
        seen = time.monotonic()
        while not self._is_over.wait(SECONDS_BETWEEN_LOOKS):
            with contextlib.suppress(Exception):  # a scheduler that does not answer shows none
                if self._client.nthreads():
                    seen = time.monotonic()
            if time.monotonic() - seen > SECONDS_FOR_A_WORKER:
                fault = self._fault(f"no worker for {SECONDS_FOR_A_WORKER:g} s")
                for future in list(self._pending):
                    with contextlib.suppress(InvalidStateError):
                        future.set_exception(fault)
                return


@contextlib.contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """The cluster of the scheduler at this address, if it can do our runs.

    Raises:
        UserError: the library is missing, no scheduler answers, no worker joins, or a worker lacks
            mtor_abm or has other sources of it.
    """
    Client = library("distributed", "dask", "--scheduler").Client
    _refuse_no_scheduler(address)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters we say ourselves
    try:
        client = Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError) as error:  # a timeout is an OSError
        raise _no_answer(address, error) from None
    with client:
        _refuse_unfit_workers(client, address)
        found = Cluster(client, address)
        try:
            yield found
        except BaseException:
            found.stop()
            raise
        finally:
            found.leave()


def _refuse_no_scheduler(address: str) -> None:
    """See that a scheduler listens there: it speaks first, and a page of its dashboard does not.

    Dask's own client would wait for ever for an answer from another kind of server.
    """
    scheme, _, place = address.rpartition("://")
    host, _, port = place.rpartition(":")
    if scheme not in ("", "tcp", "tls", "ucx", "ws", "wss") or not host or not port.isdigit():
        raise UserError(
            f"--scheduler {address!r} is not the address of a Dask scheduler; "
            "give e.g. tcp://host:8786"
        )
    if scheme not in ("", "tcp"):
        return  # these wait for a handshake of ours
    try:
        with _connected(host.strip("[]"), int(port)) as there:
            there.settimeout(SECONDS_TO_ANSWER)
            said = there.recv(1)
    except TimeoutError:
        said = b""
    except (OSError, OverflowError, UnicodeError) as error:
        raise _no_answer(address, error) from None
    if not said:
        raise UserError(
            f"--scheduler {address}: what answers is not a Dask scheduler (perhaps its "
            "dashboard, which has a port of its own); give the address that `dask scheduler` prints"
        )


def _connected(host: str, port: int) -> socket.socket:
    """A connection; a scheduler that is just starting is given time to listen.

    Raises:
        OSError: nobody listens there.
    """
    end = time.monotonic() + SECONDS_TO_ANSWER
    while True:
        try:
            return socket.create_connection((host, port), SECONDS_TO_ANSWER)
        except ConnectionRefusedError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.1)


def _no_answer(address: str, error: Exception) -> UserError:
    return UserError(
        f"--scheduler {address}: no Dask scheduler answers "
        f"({one_line(str(error))[:80] or type(error).__name__}); "
        "start one with `dask scheduler` and give its address, e.g. tcp://host:8786"
    )


def _refuse_unfit_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=SECONDS_FOR_A_WORKER)
    except TimeoutError:
        raise UserError(
            f"--scheduler {address}: it has no workers; start some: "
            f"dask worker {address} --nthreads 1"
        ) from None
    mine = model_fingerprint()
    for worker, theirs in sorted(client.run(model_fingerprint, on_error="return").items()):
        if isinstance(theirs, BaseException):
            raise UserError(
                f"the worker {worker} cannot use mtor_abm "
                f"({one_line(f'{type(theirs).__name__}: {theirs}')[:120]}); install the same "
                "mtor_abm there"
            )
        if theirs != mine:
            raise UserError(
                f"the worker {worker} has other sources of mtor_abm ({theirs}, here {mine}), and "
                "one study must not mix two; update that machine and restart the worker"
            )


# -------------------------------------------------------------------------------- within the worker
_stopped: set[str] = set()
_at_work: Counter[str] = Counter()


def _there(study: str, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
    """One run of a study, in a thread of a worker."""
    if study in _stopped:
        raise StoppedError(study)
    _at_work[study] += 1
    try:
        return fn(*args, should_stop=lambda: study in _stopped, **kwargs)
    finally:
        _at_work[study] -= 1


def _stop(study: str) -> None:
    _stopped.add(study)


def _in_hand(study: str) -> int:
    return _at_work[study]

"""Write to the outbox by one thread: what several threads ask for while a commit is under way is
one transaction, and each is answered after its commit.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from concurrent.futures import Future
from typing import Any, Callable

Work = Callable[[sqlite3.Connection], Any]
MOST_TOGETHER = 64
STOP: tuple[Any, Any] = (None, None)


class GroupCommit:
    """open_connection: called in the writer's thread. on_error: what an sqlite3.Error becomes."""

    def __init__(
        self,
        open_connection: Callable[[], sqlite3.Connection],
        on_error: Callable[[sqlite3.Error], BaseException],
    ) -> None:
        self._open = open_connection
        self._on_error = on_error
        self._queue: queue.Queue[Any] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closed = False
        self.commits = 0

    def write(self, work: Work) -> Any:
        """Do work(connection) in a transaction; its answer once that is on the disk."""
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the outbox was closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="outbox", daemon=True)
                self._thread.start()
            self._queue.put((work, future))
        return future.result()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            thread = self._thread
            self._queue.put(STOP)
        if thread:
            thread.join()

    def _serve(self) -> None:
        connection: sqlite3.Connection | None = None
        while True:
            works, stop = self._gather()
            if works:
                try:
                    if connection is None:
                        connection = self._open()
                    self._commit(connection, works)
                except BaseException as error:
                    told = self._on_error(error) if isinstance(error, sqlite3.Error) else error
                    for _, future in works:
                        if not future.done():
                            future.set_exception(told)
            if stop:
                break
        if connection is not None:
            connection.close()

    def _gather(self) -> tuple[list[tuple[Work, Future[Any]]], bool]:
        """What waits at this moment, one at least; and whether it is the last."""
        works: list[tuple[Work, Future[Any]]] = []
        entry = self._queue.get()
        while entry is not STOP:
            works.append(entry)
            if len(works) >= MOST_TOGETHER:
                return works, False
            try:
                entry = self._queue.get_nowait()
            except queue.Empty:
                return works, False
        return works, True

    def _commit(self, connection: sqlite3.Connection, works: list[tuple[Work, Any]]) -> None:
        """A work that raises takes back its own part alone; a commit that fails, all."""
        answers: list[tuple[Any, Any, Exception | None]] = []
        connection.execute("BEGIN IMMEDIATE")
        try:
            for work, future in works:
                connection.execute("SAVEPOINT work")
                try:
                    answers.append((future, work(connection), None))
                    connection.execute("RELEASE work")
                except sqlite3.Error:
                    raise
                except Exception as error:
                    connection.execute("ROLLBACK TO work")
                    connection.execute("RELEASE work")
                    answers.append((future, None, error))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self.commits += 1
        for future, answer, fault in answers:
            if fault is None:
                future.set_result(answer)
            else:
                future.set_exception(fault)

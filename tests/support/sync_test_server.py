"""The agent's test server on a free port of this machine, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from records.agent.test_server.http_server import SyncServer
from records.agent.test_server.site import LineFaults, Site, open_site


@contextmanager
def serve_test_site(
    folder: Path | None = None, clock: float = 0.0, faults: LineFaults | None = None
) -> Iterator[tuple[str, Site]]:
    """(its address, what it knows)."""
    site = open_site(folder, clock, faults)
    server = SyncServer(site, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        site.database.close()

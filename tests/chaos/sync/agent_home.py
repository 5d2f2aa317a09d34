"""An agent of a hospital: its home on a disk of its own, its process, whoever adds to its outbox,
and a clock that can be set.
"""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from records.agent.client_assertion import public_jwk
from records.agent.context import AgentContext, open_context
from records.agent.item import Item
from tests.chaos.stage import Site, end, signal_to
from tests.conftest import ROOT
from tests.wait_until import wait_until

ROOM = 160  # megabytes of its disk: more than twice of what it never gives up
WORKERS = 4


class AgentHome:
    """source: the one of the hospital's systems whose records it sends; port: where it believes the
    platform to be; platform_key: of its log, as enrolment gives it.
    """

    def __init__(
        self,
        folder: Path,
        site: Site,
        hospital: str,
        source: str,
        port: int,
        shim: Path | None,
        platform_key: str,
    ) -> None:
        self.hospital, self.source = hospital, source
        self.folder = folder / f"{hospital}-{source}"
        self.folder.mkdir(mode=0o711)
        self.disk = self.mount()
        self.home = self.folder / "disk" / "home"
        self.home.mkdir(parents=True, mode=0o700)
        self.offset = self.folder / "offset"
        self.offset.write_bytes(b"\0" * 8)
        self.environment = dict(os.environ) | {"XINGLIN_AGENT_LANGUAGE": "en"}
        if shim:
            self.environment |= {"LD_PRELOAD": str(shim), "CHAOS_CLOCK": str(self.offset)}
        self.process: subprocess.Popen[bytes] | None = None
        self.clerk: subprocess.Popen[str] | None = None
        self.ahead = 0
        self.enrol(site, port, platform_key)
        self.context: AgentContext = open_context(self.home)

    def mount(self) -> bool:
        """A small disk of its own, where this account may mount one."""
        place = self.folder / "disk"
        place.mkdir(mode=0o711)
        command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}m,mode=711", "tmpfs", str(place)]
        return os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0

    def enrol(self, site: Site, port: int, platform_key: str) -> None:
        key = ec.generate_private_key(ec.SECP384R1())
        (self.home / "key.pem").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        jwks = self.folder / "jwks.json"
        jwks.write_text(json.dumps({"keys": [public_jwk(key)]}))
        told = site.manage(
            "register_client", "--hospital", self.hospital, "--name", f"agent of {self.source}",
            "--jwks", str(jwks),
        )  # fmt: skip
        client = json.loads(told.splitlines()[-1])["client_id"]
        (self.home / "agent.ini").write_text(
            f"[platform]\nurl = http://127.0.0.1:{port}\nhospital = {self.hospital}\n"
            f"client_id = {client}\ntoken_url = {site.url}/oauth/token\ntimeout = 15\n"
            f"[outbox]\nkeep_days = 3\nworkers = {WORKERS}\n[status]\nport = 0\n"
        )
        (self.home / "platform-keys.pem").write_text(platform_key)

    # the agent

    def start(self) -> None:
        with (self.folder / "stderr").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "records.agent", "--home", str(self.home), "run"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> bool:
        """With -9; whether it was there."""
        was = self.process is not None and self.process.poll() is None
        if self.process:
            end(self.process.pid)
            self.process.wait(30)
        return was

    def restart(self) -> bool:
        was = self.kill()
        self.start()
        return was

    def freeze(self, seconds: float) -> None:
        if self.process:
            signal_to(self.process.pid, signal.SIGSTOP)
            time.sleep(seconds)
            signal_to(self.process.pid, signal.SIGCONT)

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def is_empty(self) -> bool:
        return self.context.outbox.state().backlog == 0

    # whoever adds

    def begin(self) -> None:
        self.clerk = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.sync.clerk", str(self.home)],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "stderr").open("a"),
            text=True,
        )

    def say(self, items: Sequence[Item]) -> bool:
        """Whether the clerk took it; its answer is not there yet."""
        if self.clerk is None or self.clerk.poll() is not None:
            self.begin()
        assert self.clerk and self.clerk.stdin
        try:
            self.clerk.stdin.write(
                json.dumps([asdict(i) | {"body": i.body.decode()} for i in items]) + "\n"
            )
            self.clerk.stdin.flush()
        except OSError:
            return False
        return True

    def heard(self) -> str:
        """What the clerk answered: "" where it has ended before."""
        assert self.clerk and self.clerk.stdout
        said = self.clerk.stdout.readline().strip()
        return self.heard() if said == "ready" else said

    def add(self, items: Sequence[Item], *, killed: float | None = None) -> str:
        """killed: seconds after which the clerk is killed."""
        if not self.say(items):
            return ""
        if killed is not None:
            time.sleep(killed)
            self.end_clerk()
        return self.heard()

    def end_clerk(self) -> None:
        if self.clerk:
            end(self.clerk.pid)
            self.clerk.wait(30)

    # what happens to it

    def set_clock(self, ahead: int) -> None:
        """Seconds that its clock is ahead of the site's."""
        self.ahead = ahead
        with self.offset.open("r+b") as file:
            file.write(ahead.to_bytes(8, sys.byteorder, signed=True))

    def fill_disk(self) -> str:
        """The error that ended it."""
        try:
            with (self.folder / "disk" / "filler").open("ab") as file:
                while True:
                    file.write(b"\0" * 65536)
                    file.flush()
        except OSError as error:
            return errno.errorcode[error.errno or 0]

    def empty_disk(self) -> None:
        (self.folder / "disk" / "filler").unlink(missing_ok=True)

    def remove(self) -> None:
        self.end_clerk()
        self.kill()
        self.context.close()
        if self.disk:
            place = str(self.folder / "disk")
            wait_until(
                lambda: subprocess.run(["umount", place], capture_output=True).returncode == 0,
                "its disk is given back",
                30,
            )

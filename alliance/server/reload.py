"""Reload a running site (docs/adr/0043): the parts of the release that the start command names now
follow those that run, and no caller is refused.

Where the last release may serve beside the next one, the next web answers before the last one
stops. Where it may not, the next web loads and waits; the last one stops accepting and finishes
what is under way, the last step of `setup` runs, the next one is let go: callers wait in the socket
meanwhile. What fails before that step leaves the last release serving.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alliance.platform.process_control import die_with_parent
from alliance.platform.state_files import ROOT, state_folder
from alliance.server.part import FIRST, PATIENCE, Part, real_program_path

LOADING = 120  # seconds in which a web of the next release has to be there
ReloadSteps = Iterator[None]


class NotReloaded(Exception):
    """The text says what stands now, and why."""


def report_file(port: int) -> Path:
    return state_folder() / f"reload-{port}.json"


@dataclass(slots=True)
class Reload:
    """Steps to be taken one after the other by the supervisor's loop, which starts every
    process: what it starts dies with it. running: the parts that the supervisor watches; beside:
    those that it only hears meanwhile.
    """

    running: list[Part]
    site: int
    notify: str
    tree: Path
    python: Path
    next_parts: list[Part] = field(default_factory=list)
    loaded: set[int] = field(
        default_factory=set
    )  # process groups of which one has told that it waits at its gate
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    last: str = ""  # the folder of the release that served before
    closed: float = 0.0  # seconds for which nobody served, and callers waited

    def steps(self) -> ReloadSteps:
        """Raises NotReloaded."""
        self.last = self.running[0].tree if self.running else ""
        self.look()
        plan = yield from self.read_plan()
        if plan["refusal"]:
            raise NotReloaded(plan["refusal"])
        self.next_parts = [
            Part(**p, tree=str(self.real_tree), passed=(self.site,) * (p["name"] == "web"))
            for p in plan["parts"]
        ]
        if not plan["takes_away"]:
            yield from self.run_command(
                "setup",
                *["--beside"] * plan["closes"],
                failing=(
                    "Its setup did not end well. Nothing has changed for the site: the last release"
                    " goes on."
                ),
            )
        yield from (
            self.replace_while_closed(plan) if plan["closes"] else self.replace_while_serving()
        )

    @property
    def real_tree(self) -> Path:
        return self.tree.resolve()

    def look(self) -> None:
        """Whether there is a release to go over to. Raises NotReloaded."""
        for path, mend in (
            (
                self.tree / "manage.py",
                (
                    f"Let {self.tree} lead to the folder of a release (ln -sfn, mv -T:"
                    " docs/how-to/upgrade.md)"
                ),
            ),
            (self.python, f"Run `make install` in {self.real_tree}"),
        ):
            if not path.exists():
                leads = (
                    f" ({self.tree} leads to {self.real_tree})" if self.tree.is_symlink() else ""
                )
                raise NotReloaded(
                    f"There is no {path}{leads}. {mend}, then reload again. The last release"
                    " goes on."
                )

    def outcome(self) -> str:
        """What stands now, and what came to pass."""
        before = f", before from {self.last}" if self.last != str(self.real_tree) else ", as before"
        waited = (
            f"Nobody served for {self.closed:.1f} s: callers waited, and none was refused."
            if self.closed
            else "The last web went on until the next one answered."
        )
        return (
            f"Reloaded: the site is served from {self.real_tree}{before}. Started anew:"
            f" {', '.join(p.name for p in self.running)}. {waited}"
        )

    def note_loaded(self, leader: int, lines: set[bytes]) -> None:
        if b"LOADED=1" in lines:
            self.loaded.add(leader)

    def read_plan(self) -> Iterator[Any]:
        """What the release itself says: its parts, whether the last one must stop first."""
        with tempfile.TemporaryFile() as out:
            yield from self.run_command(
                "serve",
                "--plan",
                str(self.site),
                failing="It does not start. The last release goes on.",
                out=out,
            )
            out.seek(0)
            return json.loads(out.read().splitlines()[-1])

    def run_command(self, *arguments: str, failing: str, out: Any = None) -> ReloadSteps:
        """One command of the next release. Raises NotReloaded."""
        process = self.start_command(self.python, self.real_tree, *arguments, out=out)
        while process.poll() is None:
            yield
        if process.returncode:
            raise NotReloaded(
                f"`manage.py {arguments[0]}` of {self.real_tree} ended with {process.returncode}."
                f" {failing}"
            )

    def start_command(
        self, python: Path, tree: Path, *arguments: str, out: Any = None, gate: int = 0
    ) -> subprocess.Popen[bytes]:
        """gate: an open file that the command waits for."""
        extra = {"NOTIFY_SOCKET": self.notify} | ({"XINGLIN_GATE": str(gate)} if gate else {})
        process = subprocess.Popen(
            [str(real_program_path(python)), str(tree / "manage.py"), *arguments],
            cwd=tree,
            env=os.environ | extra,
            stdout=out,
            stdin=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
            start_new_session=True,
            pass_fds=(gate,) if gate else (),
        )
        self.processes.append(process)
        return process

    def replace_while_serving(self) -> ReloadSteps:
        """Start the next release beside the last one, which then ends; the other parts one after
        the other.
        """
        web, *others = self.next_parts
        web.start(self.notify)
        yield from self.wait_for_web(web, lambda: web.ready)
        last = self.unwatch_parts("web")
        self.running.insert(0, web)
        yield from end_parts(last)
        for part in others:
            yield from end_parts(self.unwatch_parts(part.name))
            part.start(self.notify)
            self.running.append(part)
            yield from wait_until_heard(part)
        for gone in {p.name for p in self.running} - {p.name for p in self.next_parts}:
            yield from end_parts(self.unwatch_parts(gone))

    def unwatch_parts(self, name: str) -> list[Part]:
        """What runs under the name, no longer watched."""
        found = [p for p in self.running if p.name == name]
        self.running[:] = [p for p in self.running if p.name != name]
        return found

    def replace_while_closed(self, plan: dict[str, Any]) -> ReloadSteps:
        """Stop the last release before the next one starts: nobody serves in between."""
        web = self.next_parts[0]
        web.start(self.notify, waiting=True)
        yield from self.wait_for_web(
            web, lambda: web.process is not None and web.process.pid in self.loaded
        )
        read, write = os.pipe()
        setup = self.start_command(
            self.python,
            self.real_tree,
            "setup",
            *["--switch"] * (not plan["takes_away"]),
            gate=read,
        )
        os.close(read)
        try:
            while setup.pid not in self.loaded and setup.poll() is None:
                yield
            began = time.monotonic()
            last, self.running[:] = list(self.running), []
            for part in last:
                part.terminate()
            yield from end_parts(
                [p for p in last if p.name == "web"]
            )  # what others still ask, setup ends
        finally:
            os.close(write)
        while setup.poll() is None:
            yield
        if setup.returncode:
            yield from end_parts(last)
            yield from self.return_to_last(last, setup.returncode)
        self.running[:] = self.next_parts
        web.let_go()
        yield from end_parts(last)
        yield from wait_until_heard(web)
        self.closed = time.monotonic() - began
        for part in self.running[1:]:
            part.start(self.notify)

    def return_to_last(self, last: list[Part], code: int) -> ReloadSteps:
        """Start the last release again, where the database lets it serve. Raises NotReloaded."""
        process = self.start_command(Path(sys.executable), ROOT, "setup")
        while process.poll() is None:
            yield
        self.running[:] = last
        for part in last:
            part.start(self.notify)
        raise NotReloaded(
            f"The setup of {self.real_tree} ended with {code} when the last release had stopped. "
            + (
                "The last release serves again."
                if not process.returncode
                else (
                    "The database does not let the last release serve any more: mend what setup"
                    " says, then reload again."
                )
            )
        )

    def wait_for_web(self, web: Part, there: Callable[[], bool]) -> ReloadSteps:
        """Wait until the next web answers. Raises NotReloaded."""
        limit = time.monotonic() + LOADING
        while not there():
            if web.has_ended() or time.monotonic() > limit:
                raise NotReloaded(
                    f"The web of {self.real_tree} did not start. The last release goes on; what it"
                    " said stands before this line."
                )
            yield

    def end_leftovers(self) -> None:
        """End what was begun and is of no use."""
        for part in self.next_parts:
            if part not in self.running:
                part.kill()
        for process in self.processes:
            if process.poll() is None:
                process.terminate()


def end_parts(parts: Sequence[Part]) -> ReloadSteps:
    """End the parts; each finishes what is under way."""
    limit = time.monotonic() + PATIENCE
    for part in parts:
        part.end_orphans()
        part.terminate()
    while not all(p.has_ended() for p in parts):
        if time.monotonic() > limit:
            for part in parts:
                part.kill()
        yield


def wait_until_heard(part: Part) -> ReloadSteps:
    """Wait until the part works, or has had its time: then the supervisor's own watch goes on."""
    limit = time.monotonic() + FIRST
    while not (part.ready or part.beaten or part.has_ended() or time.monotonic() > limit):
        yield

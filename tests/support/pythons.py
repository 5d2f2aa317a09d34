"""Which of the Pythons that the agent promises to run on are here."""

import functools
import os
import shutil
import subprocess

PROMISED = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


@functools.cache
def find_python(version: str) -> str:
    """The path of python3.x, or "" where PATH has none that starts."""
    found = shutil.which(f"python{version}")
    if found is None:
        return ""
    for environment in (os.environ, {**os.environ, **name_shim(version)}):
        asked = subprocess.run(
            [found, "-c", "import sys; print(sys.executable)"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        if asked.returncode == 0:
            return asked.stdout.strip()
    return ""


def name_shim(version: str) -> dict[str, str]:
    """A shim of pyenv starts the version that this variable names."""
    if shutil.which("pyenv") is None:
        return {}
    known = subprocess.run(
        ["pyenv", "versions", "--bare"], capture_output=True, text=True, check=False
    ).stdout.split()
    fitting = [name for name in known if name.startswith(f"{version}.")]
    return {"PYENV_VERSION": fitting[-1]} if fitting else {}

"""What installs a bundle refuses one that is not as it was packed, and machines that it is not
for; then nothing is left behind. The bundle here has one small library.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

PYTHON = "{}.{}".format(*sys.version_info)
WHEEL = "little-1.0-py3-none-any.whl"


def wheel(path: Path, says: str) -> str:
    """Its hash."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("little.py", says)
        archive.writestr(
            "little-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: little\nVersion: 1.0\n"
        )
        archive.writestr(
            "little-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(
            "little-1.0.dist-info/RECORD",
            "little.py,,\nlittle-1.0.dist-info/METADATA,,\nlittle-1.0.dist-info/WHEEL,,\nlittle-1.0.dist-info/RECORD,,\n",
        )
    return hashlib.sha256(path.read_bytes()).hexdigest()


def summed(bundle: Path) -> None:
    files = sorted(p for p in bundle.rglob("*") if p.is_file() and p.name != "SHA256SUMS")
    (bundle / "SHA256SUMS").write_text(
        "".join(
            f"{hashlib.sha256(p.read_bytes()).hexdigest()}  ./{p.relative_to(bundle)}\n"
            for p in files
        )
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    made = tmp_path / "bundle"
    for folder in ("wheels", "release/alliance", "release/consent", "release/records"):
        (made / folder).mkdir(parents=True)
    shutil.copy(ROOT / "distribution/install.sh", made)
    (made / "bundle.env").write_text(
        f"version=1.0\ncommit=abc\narch={platform.machine()}\npython={PYTHON}\nglibc=2.28\n"
    )
    (made / "release/requirements.lock").write_text(
        f"little==1.0 --hash=sha256:{wheel(made / 'wheels' / WHEEL, 'SAYS = 1')}\n"
    )
    summed(made)
    return made


def install(bundle: Path) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
    return subprocess.run(
        ["sh", str(bundle / "install.sh"), str(bundle.parent / "srv/xinglin"), sys.executable],
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )


def altered(bundle: Path) -> None:
    (bundle / "release/alliance/more.py").write_text("")
    summed(bundle)
    (bundle / "release/alliance/more.py").write_text("evil = 1")


def one_too_many(bundle: Path) -> None:
    (bundle / "wheels/more.whl").write_text("")


def other_processor(bundle: Path) -> None:
    (bundle / "bundle.env").write_text(
        (bundle / "bundle.env").read_text().replace(platform.machine(), "loongarch64")
    )
    summed(bundle)


def newer_library(bundle: Path) -> None:
    (bundle / "bundle.env").write_text((bundle / "bundle.env").read_text().replace("2.28", "9.99"))
    summed(bundle)


def other_python(bundle: Path) -> None:
    (bundle / "bundle.env").write_text(
        (bundle / "bundle.env").read_text().replace(f"python={PYTHON}", "python=3.99")
    )
    summed(bundle)


def other_wheel(bundle: Path) -> None:
    """Its sum is right, so whoever packed it packed another one than was locked."""
    wheel(bundle / "wheels" / WHEEL, "SAYS = 2")
    summed(bundle)


@pytest.mark.parametrize(
    "spoil, says",
    [
        (altered, "not the ones that were packed"),
        (one_too_many, "was not packed"),
        (other_processor, "This bundle is for loongarch64"),
        (newer_library, "Needed: glibc 9.99"),
        (other_python, "This bundle is for Python 3.99"),
        (other_wheel, "HASH"),
    ],
)
def test_what_is_refused_leaves_nothing(
    bundle: Path, spoil: Callable[[Path], None], says: str
) -> None:
    spoil(bundle)
    done = install(bundle)
    assert done.returncode and says in done.stderr, done
    assert not list(bundle.parent.glob("srv/*"))


def test_a_bundle_is_installed_once(bundle: Path) -> None:
    first = install(bundle)
    assert first.returncode == 0, first
    link = bundle.parent / "srv/xinglin/current"
    assert link.is_symlink() and link.resolve() == bundle.parent / "srv/xinglin/1.0-abc"
    assert (
        subprocess.check_output(
            [link / ".venv/bin/python", "-c", "import little; print(little.SAYS)"], text=True
        ).strip()
        == "1"
    )
    again = install(bundle)
    assert (
        again.returncode and "is there already" in again.stderr and link.resolve().name == "1.0-abc"
    )


def test_the_link_that_earlier_bundles_made_is_not_installed_through(bundle: Path) -> None:
    """It would put the release into the folder of the one that serves."""
    folder = bundle.parent / "srv/xinglin"
    (bundle.parent / "srv/xinglin-0.9-old").mkdir(parents=True)
    folder.symlink_to("xinglin-0.9-old")
    done = install(bundle)
    assert (
        done.returncode
        and f"rm {folder}" in done.stderr
        and not list((bundle.parent / "srv/xinglin-0.9-old").iterdir())
    )
    folder.unlink()
    assert install(bundle).returncode == 0, "the control"

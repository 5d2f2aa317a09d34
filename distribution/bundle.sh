#!/usr/bin/env bash
# Make dist/xinglin-<version>-<arch>-py<python>.tar.gz of the last commit: all that an installation without a network needs. Usage: bundle.sh x86_64|aarch64 3.11|3.12|3.13
# Wheels come from the package index that pip knows, or from $WHEELS, a folder; each must have a hash of requirements.lock. The same commit and wheels give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
arch=${1:?x86_64 or aarch64} python=${2:?3.11, 3.12 or 3.13} pip=${PIP:-.venv/bin/python -m pip}
case $arch in x86_64 | aarch64) ;; *) echo "ARCH is x86_64 or aarch64, not $arch: for others not every library has a wheel (docs/operations/offline.md)" >&2; exit 2 ;; esac
case $python in 3.11 | 3.12 | 3.13) ;; *) echo "PYTHON_VERSION is 3.11, 3.12 or 3.13, not $python" >&2; exit 2 ;; esac
[ -z "$(git status --porcelain)" ] || { echo "There are changes that are not committed; a bundle is of a commit: git status" >&2; exit 2; }

version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml) commit=$(git rev-parse --short=12 HEAD) time=$(git log -1 --format=%ct)
name=xinglin-$version-$arch-py$python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
here=$work/$name
mkdir -p "$here/release" "$here/wheels" dist

git archive HEAD | tar -x -C "$here/release"
rm -rf "$here/release/tests" "$here/release/.ci"
cp distribution/install.sh "$here/install.sh"
printf 'version=%s\ncommit=%s\narch=%s\npython=%s\nglibc=2.28\n' "$version" "$commit" "$arch" "$python" >"$here/bundle.env"

# All that runs with glibc 2.28, whichever tag says so.
platforms=(--platform "manylinux2014_$arch" --platform "manylinux2010_$arch" --platform "manylinux1_$arch")
for minor in $(seq 28 -1 5); do platforms+=(--platform "manylinux_2_${minor}_$arch"); done
source=()
[ -z "${WHEELS:-}" ] || source=(--no-index --find-links "$WHEELS")
$pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes "${source[@]}" "${platforms[@]}" \
  --python-version "$python" --implementation cp --abi "cp${python/./}" --abi abi3 --abi none --dest "$here/wheels" --requirement requirements.lock

(cd "$here" && find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS)
tar --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' -C "$work" -cf - "$name" | gzip -n9 >"dist/$name.tar.gz"
(cd dist && sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256")
echo "dist/$name.tar.gz: $(find "$here/wheels" -type f | wc -l) wheels, commit $commit"

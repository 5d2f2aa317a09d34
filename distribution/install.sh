#!/bin/sh
# Install this bundle without a network: ./install.sh [folder [python]]. Default: /srv/xinglin and python3.x of the bundle, found in $PATH.
# The release comes to <folder>/<version>-<commit>, which <folder>/current then points to; an earlier release stays beside it. Data, keys and database are touched by nothing here.
set -eu
umask 022
cd "$(dirname "$0")"
. ./bundle.env
refuse() { echo "$*" >&2; exit 1; }

sha256sum --check --strict --quiet SHA256SUMS || refuse "These files are not the ones that were packed. Nothing was installed: fetch the bundle again. 文件与打包时不一致，未安装：请重新获取安装包。"
find . -type f ! -name SHA256SUMS | LC_ALL=C sort | while read -r file; do
  grep -qxF "$(sha256sum "$file")" SHA256SUMS || refuse "$file was not packed: take it away. 安装包内有多余文件：请移除。"
done || exit 1

[ "$(uname -m)" = "$arch" ] || refuse "This bundle is for $arch; this machine is $(uname -m): take the bundle of that name. 安装包架构与本机不符。"
libc=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed 's/[^0-9.]//g') || libc=
[ -n "$libc" ] && [ "$(printf '%s\n%s\n' "$glibc" "$libc" | sort -V | head -n 1)" = "$glibc" ] ||
  refuse "Needed: glibc $glibc or newer; here: ${libc:-another C library}. docs/operations/offline.md names the systems. 系统 glibc 版本过低。"
folder=${1:-/srv/xinglin} interpreter=${2:-python$python}
found=$("$interpreter" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
  refuse "There is no $interpreter. How it comes onto this system: release/docs/operations/offline.md; or name it: ./install.sh $folder /path/to/python$python. 未找到 Python。"
[ "$found" = "$python" ] || refuse "This bundle is for Python $python; $interpreter is $found: take the bundle of that name, or name another Python. 安装包与 Python 版本不符。"
"$interpreter" -c 'import ensurepip, venv, ssl, sqlite3, ctypes' || refuse "This Python lacks a part of its own (named above): on Debian and Ubuntu install python$python-venv. Python 不完整。"

place=$folder/$version-$commit link=$folder/current
[ ! -L "$folder" ] || refuse "$folder is a link, as earlier bundles made it: take it away (rm $folder; the release that it leads to stays where it is), install, then go over to the new units. 目标为旧版本的链接：请先删除该链接。"
[ ! -e "$folder" ] || [ -d "$folder" ] || refuse "$folder is there and is no folder: move it away, or name another folder. 目标已存在且不是目录。"
[ ! -e "$link" ] || [ -L "$link" ] || refuse "$link is there and is no link: move it away, or name another folder. $link 已存在且不是链接。"
[ ! -e "$place" ] || refuse "$place is there already: this release is installed. To build it anew, remove that folder first. 该版本已安装。"
mkdir -p "$folder"
trap 'rm -rf "$place"; rmdir "$folder" 2>/dev/null || :' EXIT
trap 'exit 1' INT TERM HUP
cp -R release "$place"
"$interpreter" -m venv "$place/.venv"
"$place/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels --only-binary=:all: --require-hashes --requirement "$place/requirements.lock"
"$place/.venv/bin/python" -m compileall -q "$place/alliance" "$place/consent" "$place/records"
touch "$place/.venv/.runtime"
trap - EXIT
ln -s "$version-$commit" "$link.next.$$"
mv -T "$link.next.$$" "$link"
echo "Xinglin $version ($commit) lies in $place, and $link points to it."
echo "Next: $link/docs/operations/one-server.md. To try it: XINGLIN_DEMO=1 XINGLIN_HOME=/tmp/xinglin-trial $link/.venv/bin/python $link/manage.py serve"

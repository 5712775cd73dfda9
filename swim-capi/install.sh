#!/bin/bash
# Installs the C library: swim-capi/install.sh PREFIX [BUILT]
#
# BUILT is where cargo put it (default: target/release, after `cargo build --release -p swim-capi`). DESTDIR is put before
# every path, and LIBDIR (default: lib) is where libraries go below PREFIX, e.g. lib/x86_64-linux-gnu.
set -euo pipefail
prefix=${1:?give a prefix, e.g. /usr/local}
here=$(cd "$(dirname "$0")" && pwd)
built=${2:-${CARGO_TARGET_DIR:-$here/../target}/release}
libdir=${LIBDIR:-lib}
root=${DESTDIR:-}$prefix
version=$(sed -n '/^\[workspace.package\]/,/^\[/ s/^version = "\(.*\)"$/\1/p' "$here/../Cargo.toml")
[ -n "$version" ] || { echo "no version in Cargo.toml" >&2; exit 1; }
for file in libswim.so libswim.a; do
    [ -f "$built/$file" ] || { echo "$built/$file is not there: build it first" >&2; exit 1; }
done

install -d "$root/include" "$root/$libdir/pkgconfig"
install -m 644 "$here/include/swim.h" "$root/include/swim.h"
install -m 644 "$built/libswim.a" "$root/$libdir/libswim.a"
install -m 755 "$built/libswim.so" "$root/$libdir/libswim.so.$version"
ln -sf "libswim.so.$version" "$root/$libdir/libswim.so.0"
ln -sf libswim.so.0 "$root/$libdir/libswim.so"
sed -e "s|@prefix@|$prefix|" -e "s|@libdir@|$libdir|" -e "s|@version@|$version|" "$here/swim.pc.in" \
    > "$root/$libdir/pkgconfig/swim.pc"
chmod 644 "$root/$libdir/pkgconfig/swim.pc"

#!/bin/bash
# Builds the C library, checks what it exports, and runs its test as C11 and as C++17 under valgrind.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}
target=${CARGO_TARGET_DIR:-target}
cargo build -p swim-capi --features testing
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$target/debug/libswim.so" "$work/libswim.so.0"
ln -s libswim.so.0 "$work/libswim.so"

nm -D --defined-only "$work/libswim.so.0" | awk '$2 == "T" {print $3}' | grep -v '^_' | LC_ALL=C sort > "$work/symbols"
diff swim-capi/symbols.txt "$work/symbols"
readelf -d "$work/libswim.so.0" | grep -q 'SONAME.*\[libswim.so.0\]'
grep -oE '\bswim_[a-z_]+\(' swim-capi/include/swim.h | tr -d '(' | LC_ALL=C sort -u | diff swim-capi/symbols.txt -

"$python" swim-capi/tests/cases.py tests/surface.toml > "$work/cases.h"
flags=(-Wall -Wextra -Wpedantic -Werror -g -Iswim-capi/include -I"$work" -L"$work" "-Wl,-rpath,$work")
gcc -std=c11 -D_POSIX_C_SOURCE=200809L "${flags[@]}" swim-capi/tests/api.c -o "$work/c11" -lswim
g++ -std=c++17 "${flags[@]}" -x c++ swim-capi/tests/api.c -o "$work/cxx17" -lswim
for program in c11 cxx17; do
    mkdir "$work/$program.d"
    # Only what is definitely lost: compiled patterns are kept for the whole process, behind pointers into their middle,
    # which valgrind calls possibly lost.
    valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
        "$work/$program" "$work/$program.d"
    echo "$program passed under valgrind"
done

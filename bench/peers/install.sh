#!/usr/bin/env bash
# Builds the peers of `npm run bench:peers` under .cache/peers, each from its public package registry. What is there
# already is left alone; what cannot be had is named in .cache/peers/NAME.refused, with the registry's words.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=$root/.cache/peers
bin=$cache/bin
mkdir -p "$bin"
export GOBIN=$bin GOFLAGS=-trimpath

otel=v0.165.0
falcosidekick=2.34.1

# peer NAME PROGRAM STEP: runs a step unless the program is there, and keeps why it failed.
peer() {
  local name=$1 program=$2 step=$3
  if command -v "$program" >/dev/null || [[ -x $bin/$program ]]; then
    echo "$name: there"
  elif (set -e; "$step") >"$cache/$name.log" 2>&1; then
    rm -f "$cache/$name.refused"
    echo "$name: installed"
  else
    tail -n 2 "$cache/$name.log" >"$cache/$name.refused"
    echo "$name: cannot be had here"
  fi
}

build_otelcol() {
  local work=$cache/otelcol
  mkdir -p "$work" && cd "$work"
  go install "go.opentelemetry.io/collector/cmd/builder@$otel"
  sed "s|^dist:|dist:\n  output_path: $work/source|" "$root/bench/peers/otelcol/builder.yaml" >builder.yaml
  "$bin/builder" --config builder.yaml
  cp source/otelcol "$bin/otelcol"
}

build_benthos() {
  local work=$cache/benthos
  mkdir -p "$work" && cd "$work"
  cp "$root"/bench/peers/benthos/{go.mod,main.go} .
  go mod tidy
  go build -o "$bin/benthos" .
}

# Its tags lack the v that the Go tools want: the version is asked for as a commit-ish.
build_falcosidekick() {
  cd "$cache"
  go install "github.com/falcosecurity/falcosidekick@$falcosidekick"
}

# Vector is in no registry that a package client asks: it comes as a binary from its makers.
find_vector() {
  echo "no package of it in Debian, crates.io, PyPI or npm"
  return 1
}

peer otelcol otelcol build_otelcol
peer benthos benthos build_benthos
peer falcosidekick falcosidekick build_falcosidekick
peer vector vector find_vector

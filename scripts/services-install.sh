#!/usr/bin/env bash
# Installs the real servers of `npm run test:services` under .cache/, each from its public package registry:
# Go (MinIO, nats-server, Alertmanager, VictoriaLogs), Python (moto, pyarrow), Maven (OpenSearch, Trino, Spark, parquet-cli, Kafka) and Debian (rsyslog, syslog-ng).
# Trino runs on Java 25 and later, Spark on 17: the tests look in JAVA_HOME and every JAVA_HOME_*, on the PATH, and beside those.
# What is there already is left alone. A server that cannot be had is named at the end; the rest is installed.
#
# Usage: scripts/services-install.sh [minio|nats|python|opensearch|trino|spark|parquet-cli|kafka|alertmanager|victoria-logs|syslog]...
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.cache
bin=$cache/bin
mkdir -p "$bin"

minio_version=v0.0.0-20260212201848-7aac2a2c5b7c # the last commit of the server that `go install` builds
nats_version=v2.15.2
alertmanager_version=v0.28.1 # later ones lack the built pages that `go install` would need
victoria_logs_version=v1.52.1
failed=()

say() { printf '%s\n' "$*"; }

# Runs a step once per version: a stamp file remembers what it installed.
once() {
  local name=$1 version=$2 step=$3
  local stamp=$cache/.installed-$name
  if [[ -f $stamp && $(<"$stamp") == "$version" ]]; then
    say "$name: there"
    return
  fi
  local started=$SECONDS
  say "$name: installing"
  # A subshell of its own with -e: inside `if`, bash would go on after a failing line of the function.
  set +e
  (set -e; "$step")
  local status=$?
  set -e
  if ((status == 0)); then
    printf '%s' "$version" >"$stamp"
    say "$name: installed in $((SECONDS - started)) s"
  else
    failed+=("$name")
    say "$name: could not be installed (exit code $status)"
  fi
}

# `go install` puts a program where GOBIN says; outside the repository, so that no go.mod is looked for.
go_install() { (cd "$cache" && GOBIN=$bin GOFLAGS=-trimpath go install "$1"); }

install_minio() { go_install "github.com/minio/minio@$minio_version"; }
install_nats() { go_install "github.com/nats-io/nats-server/v2@$nats_version"; }
install_alertmanager() { go_install "github.com/prometheus/alertmanager/cmd/alertmanager@$alertmanager_version"; }

install_victoria_logs() {
  go_install "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@$victoria_logs_version"
}

install_python() {
  python3 -m venv --clear "$cache/venv"
  "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r "$root/test/services/python/requirements.txt"
}

# The jars that a pom of the tests names, into a folder of that name.
maven_install() {
  rm -rf "${cache:?}/$1"
  mvn --quiet --batch-mode -f "$root/test/services/$1/pom.xml" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$cache/$1"
}

install_opensearch() { maven_install opensearch; }
install_trino() { maven_install trino; }
install_spark() { maven_install spark; }
install_parquet-cli() { maven_install parquet-cli; }
install_kafka() { maven_install kafka; }

# Debian packages are unpacked, not installed: that takes no root. The libraries are those that a small system does not have.
syslog_packages=(rsyslog rsyslog-gnutls rsyslog-openssl libestr0 libfastjson4 liblognorm5
  syslog-ng-core libglib2.0-0 libivykis0 libjson-c5 libnet1 libpcre3 libwrap0)
install_syslog() {
  rm -rf "${cache:?}/syslog"
  mkdir -p "$cache/syslog/packages"
  cd "$cache/syslog/packages"
  apt-get download --quiet "${syslog_packages[@]}"
  for package in *.deb; do dpkg-deb -x "$package" "$cache/syslog"; done
  rm -r "$cache/syslog/packages"
}

wanted=("$@")
((${#wanted[@]})) || wanted=(python opensearch trino spark parquet-cli kafka nats alertmanager victoria-logs minio syslog)
for name in "${wanted[@]}"; do
  case $name in
    minio) once minio "$minio_version" install_minio ;;
    nats) once nats "$nats_version" install_nats ;;
    python) once python "$(cksum <"$root/test/services/python/requirements.txt")" install_python ;;
    opensearch | trino | spark | parquet-cli | kafka) once "$name" "$(cksum <"$root/test/services/$name/pom.xml")" "install_$name" ;;
    syslog) once syslog "${syslog_packages[*]}" install_syslog ;;
    alertmanager) once alertmanager "$alertmanager_version" install_alertmanager ;;
    victoria-logs) once victoria-logs "$victoria_logs_version" install_victoria_logs ;;
    *) say "unknown: $name"; exit 2 ;;
  esac
done

if ((${#failed[@]})); then
  say "not installed: ${failed[*]}"
  exit 1
fi

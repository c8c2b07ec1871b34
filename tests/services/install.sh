#!/usr/bin/env bash
# Install what tests drive and this machine lacks: Debian's packages, one from PyPI, and a Kafka broker's jars.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! cmp -s requirements/ministack.txt .venv-ministack/installed.txt; then
    echo "installing ministack"
    "${PYTHON:-python3}" -m venv --clear .venv-ministack
    .venv-ministack/bin/pip install -q -r requirements/ministack.txt
    cp requirements/ministack.txt .venv-ministack/installed.txt
fi
want=()
command -v chromium >/dev/null || want+=(chromium)
command -v java >/dev/null || want+=(openjdk-17-jre-headless)
command -v faketime >/dev/null || want+=(faketime)
jars=build/kafka
has_jars() { cmp -s tests/services/pom.xml "$jars/pom.xml"; }
has_jars || command -v mvn >/dev/null || want+=(maven)
if [ ${#want[@]} -gt 0 ]; then
    if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
        echo "missing: ${want[*]} (install them, or run as root on Debian)" >&2
        [ "${CI:-}" = true ] && exit 1
    else
        echo "installing ${want[*]}"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${want[@]}" >/dev/null
    fi
fi
if ! has_jars && command -v mvn >/dev/null; then
    echo "fetching a Kafka broker"
    rm -rf "$jars"
    mvn -q -B -f tests/services/pom.xml dependency:copy-dependencies -DoutputDirectory="$PWD/$jars"
    cp tests/services/pom.xml "$jars/"
fi

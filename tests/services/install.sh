#!/usr/bin/env bash
# Install what tests drive and this machine lacks: Debian's packages, and the jars of a Kafka broker.
set -euo pipefail
cd "$(dirname "$0")/../.."
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

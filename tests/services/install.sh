#!/usr/bin/env bash
# Install the programs that tests drive and this machine lacks: from Debian's packages, and one from PyPI.
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
[ ${#want[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "missing: ${want[*]} (install them, or run as root on Debian)" >&2
    [ "${CI:-}" = true ] && exit 1
    exit 0
fi
echo "installing ${want[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${want[@]}" >/dev/null

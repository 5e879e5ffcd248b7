#!/bin/sh
# Builds the browser's part of sealing (frontend/src) into frontend/dist; does nothing when that is already done.
# STEP is written before each line. With --optional, a machine without Node starts all the same.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
made=frontend/dist
seen=frontend/node_modules/.seen
# The scripts that pages name, and what the tests call; the rest of frontend/src is reached from them. Those of public
# pages are bundled each by itself, so that such a page asks for two files at first and not for five.
bundles="writing returning write,follow,team,inbox,team_page"

without() { # without REASON: what happens when nothing can be built
    rm -rf "$made"
    if [ "${optional:-}" ]; then
        echo "${STEP:-}Scellement dans le navigateur : impossible à préparer ($1). Les pages scellent sur le serveur."
        exit 0
    fi
    echo "${STEP:-}Scellement dans le navigateur : impossible à préparer ($1)." >&2
    exit 1
}

quietly() { # quietly COMMAND: one clear line is enough where going on without is fine
    if [ "${optional:-}" ]; then
        "$@" 2>/dev/null
    else
        "$@"
    fi
}

if [ "${1:-}" = --optional ]; then
    optional=yes
fi

mkdir -p frontend/generated
# The words of codes come from where the server takes them.
$python -c '
import json
from referrals.codes import words
print("export default " + json.dumps(" ".join(words()), ensure_ascii=False) + ";")
' >frontend/generated/words.js

now=$(cat requirements/bundles.sh frontend/package-lock.json frontend/generated/words.js frontend/src/*.js | cksum)
if [ -d "$made" ] && [ -d frontend/node_modules ] && [ "$now" = "$(cat "$seen" 2>/dev/null)" ]; then
    if [ -n "${STEP:-}" ]; then
        echo "${STEP}Scellement dans le navigateur : à jour"
    fi
    exit 0
fi

# Node knows only the authorities it was built with; those of the machine are trusted too, as by its other programs.
for store in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
    if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r "$store" ]; then
        export NODE_EXTRA_CA_CERTS="$store"
    fi
done

recent() { # whether the first node and npm of PATH will do
    command -v npm >/dev/null 2>&1 && node -e 'process.exit(+(parseInt(process.versions.node) < 18))' >/dev/null 2>&1
}
if ! recent; then
    PATH="$PWD/.venv/bin:$PATH"
    if ! recent; then
        quietly sh requirements/install.sh node || without "Node.js 18 ou plus récent manque"
        recent || without "Node.js 18 ou plus récent manque"
    fi
fi

echo "${STEP:-}Scellement dans le navigateur : préparation"
if ! cmp -s frontend/package-lock.json frontend/node_modules/.locked; then
    quietly npm --prefix frontend ci --ignore-scripts --loglevel=error >/dev/null || without "ses bibliothèques ne se téléchargent pas"
    cp frontend/package-lock.json frontend/node_modules/.locked
fi
(
    cd frontend
    rm -rf node_modules/.dist
    for bundle in $bundles; do
        node node_modules/esbuild/bin/esbuild $(echo "src/$bundle.js" | sed 's|,|.js src/|g') --bundle --splitting --format=esm \
            --minify --charset=utf8 --target=es2020 --chunk-names=part-[hash] --outdir=node_modules/.dist --log-level=warning \
            --alias:crypto=./src/no-node.js || exit 1
    done
    cat node_modules/@hpke/core/LICENSE node_modules/@hpke/common/LICENSE node_modules/hash-wasm/LICENSE >node_modules/.dist/licences.txt
) || without "la construction échoue"
rm -rf "$made"
mv frontend/node_modules/.dist "$made"
echo "$now" >"$seen"

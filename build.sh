#!/usr/bin/env bash
# The one entry to this repository, for people and for CI. ./build.sh alone lists the verbs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

main() {
  local verb=${1:-help}
  shift || true
  case "$verb" in
    demo)  demo ;;
    setup) with_tools ;;
    check) with_tools; check ;;
    fix)   with_tools; fix ;;
    test)  with_tools; run_tests "$@" ;;
    build) with_runtime; build_addon ;;
    package) with_runtime; build_addon; inspect_addon ;;
    bench) with_tools; .venv/bin/python bench/run.py "$@" ;;
    bench-day) with_tools; .venv/bin/python bench/day.py "$@" ;;
    bench-elastic) with_tools; .venv/bin/python bench/elastic.py "$@" ;;
    bench-inputs) with_tools; .venv/bin/python bench/inputs.py "$@" ;;
    help|-h|--help) help ;;
    *) say "there is no verb '$verb'"; help >&2; exit 1 ;;
  esac
}

help() {
  cat <<'TEXT'
usage: ./build.sh VERB

  demo         hunt over the example exports; needs no SIEM and no account
  test         every test this machine can run, in random order, and the core's on Python 3.9
  test quick   the same without the slow ones and those that need a server
               (further arguments go to pytest: ./build.sh test quick -k suppress)
  build        the Splunk add-on: output/TA_flowtrap-VERSION.tar.gz, checked file by file
  package      the same, then AppInspect over it, four times (three minutes)
  check        lint, format, types, imports, Python floor, detections; writes nothing
  fix          let ruff repair and format what it can
  bench        the side-by-side measurements of docs/benchmarks.md
  bench-day    hunts through a made-up day of 10,000 people on all platforms
  bench-elastic  a million documents in a real Elasticsearch, beside the client's scan helper
  bench-inputs events a second, memory and checkpoints of the add-on's inputs
  setup        make or refresh .venv (the other verbs do it by themselves)

Set FLOWTRAP_PYTHON to choose the Python (3.10 or later) that .venv is made with.
TEXT
}

demo() {
  with_runtime
  cat <<'TEXT'
Flowtrap hunts over the example exports in tests/data/examples, as it would over your own:

    bin/flowtrap hunt tests/data/examples
    bin/flowtrap hunt tests/data/examples --format html --output output/demo.html

TEXT
  flowtrap hunt tests/data/examples
  mkdir -p output
  flowtrap hunt tests/data/examples --format html --output output/demo.html 2>/dev/null ||
    fail "the report could not be written" "run the second command above to see why"
  say "the same as a page for people: output/demo.html"
}

check() {
  unhappy=
  step "ruff"          .venv/bin/ruff check --output-format concise
  step "ruff format"   .venv/bin/ruff format --check --quiet
  step "mypy"          .venv/bin/mypy
  step "import-linter" env PYTHONPATH=package/lib:bin .venv/bin/lint-imports --no-logo
  step "vermin"        .venv/bin/vermin -t=3.9- --no-tips --violations $(core_folders)
  step "detections"    flowtrap lint
  step "compile"       flowtrap compile --check
  [ -z "$unhappy" ] || fail "to mend:$unhappy" "see above; ./build.sh fix helps with ruff's"
  say "all checks passed"
}

fix() {
  .venv/bin/ruff check --fix
  .venv/bin/ruff format
}

run_tests() {
  local chosen=()
  if [ "${1:-}" = quick ]; then shift; chosen=(-m "not slow and not server"); fi
  if [ ${#chosen[@]} -eq 0 ]; then
    browser_tools || say "skipped: the add-on's pages in a browser, which needs chromium, node and npm"
    esql_venv || say "skipped: Elastic's offline validator of ES|QL, which needs Python 3.12 or later"
    addon_venvs || say "skipped: the tests of the Splunk add-on's build, whose tools could not be installed"
  fi
  say "tests on $(.venv/bin/python -V)"
  .venv/bin/python -m pytest -n "${FLOWTRAP_JOBS:-auto}" ${chosen[@]+"${chosen[@]}"} "$@"
  if [ $# -eq 0 ]; then core_tests_on_39 ${chosen[@]+"${chosen[@]}"}; fi
}

# The core must run on Splunk's Python 3.9, which cannot hold the tools of .venv.
core_tests_on_39() {
  local python
  if ! python=$(find_python 3.9 3.9); then
    say "skipped: the core's tests on Python 3.9, which is not on this machine"
  elif ! core_venv "$python"; then
    say "skipped: the core's tests on Python 3.9, pytest and hypothesis could not be installed"
  else
    say "the core's tests on $(.venv39/bin/python -V)"
    .venv39/bin/python -m pytest -n "${FLOWTRAP_JOBS:-auto}" tests/unit/flowtrap "$@"
  fi
}

# --- the Splunk add-on ----------------------------------------------------------------------

build_addon() {
  ucc_venv || fail "ucc-gen could not be installed" "see pip's message above"
  addon -m addon --ucc .venv-ucc --output output
}

inspect_addon() {
  appinspect_venv || fail "AppInspect could not be installed" "see pip's message above"
  addon -m addon.inspection .venv-appinspect "$(ls -t output/TA_flowtrap-*.tar.gz | head -n 1)" ||
    fail "AppInspect is not content" "see above; bin/addon/inspection.py holds the known warnings"
}

addon() { PYTHONPATH=package/lib:bin .venv/bin/python "$@"; }
addon_venvs() { ucc_venv && appinspect_venv; }
ucc_venv() { side_venv .venv-ucc addon 3.9 3.9 || side_venv .venv-ucc addon 3.10 3.13; }
esql_venv() { side_venv .venv-esql esql 3.12 3.14; }
appinspect_venv() { side_venv .venv-appinspect appinspect 3.9 3.13; }

# What drives the add-on's pages: Debian's Chromium, and playwright-core as package-lock.json pins it.
browser_tools() {
  if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing chromium"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; } >/dev/null 2>&1
  fi
  command -v chromium >/dev/null && command -v npm >/dev/null || return 1
  [ tests/browser/node_modules/.package-lock.json -nt tests/browser/package-lock.json ] ||
    npm --prefix tests/browser ci --ignore-scripts --no-audit --no-fund --silent
}

# side_venv FOLDER GROUP LEAST MOST: an environment with one group of pyproject.toml's pins alone.
side_venv() {
  local python pins
  pins=$(pins_of "$2")
  grep -qsx "$pins" "$1/installed" && return
  python=$(find_python "$3" "$4") || return 1
  say "making $1 with $("$python" -V): $pins"
  rm -rf "$1"
  # shellcheck disable=SC2086  # several words
  "$python" -m venv "$1" &&
    "$1/bin/python" -m pip --disable-pip-version-check --no-input install --quiet $pins &&
    printf '%s\n' "$pins" >"$1/installed"
}

pins_of() {
  .venv/bin/python - "$1" <<'PY'
import pathlib, re, sys
text = pathlib.Path("pyproject.toml").read_text()
print(*re.findall(r'"([^"]+)"', re.search(rf"^{sys.argv[1]} = \[(.*?)\]", text, re.M | re.S)[1]))
PY
}

# --- virtual environments -------------------------------------------------------------------

with_runtime() { main_venv runtime ".[accelerators]"; }
with_tools()   { main_venv tools ".[accelerators,test,check]"; }

# main_venv LEVEL REQUIREMENT: make .venv if absent, install if pyproject.toml has changed.
main_venv() {
  local python=.venv/bin/python
  if ! is_between "$python" 3.10 3.99; then
    local base
    base=$(find_python 3.10 3.99) || fail "no Python 3.10 or later with venv was found" \
      "install one, or set FLOWTRAP_PYTHON to it"
    say "making .venv with $("$base" -V)"
    rm -rf .venv
    "$base" -m venv .venv
  fi
  local wanted
  wanted=$(sha256 pyproject.toml)
  grep -qsx "$wanted" ".venv/installed.$1" .venv/installed.tools && return
  say "installing the pinned packages of pyproject.toml into .venv (once, about a minute)"
  "$python" -m pip --disable-pip-version-check --no-input install --quiet "$2" ||
    fail "pip could not install them" "look at its message above, then run ./build.sh setup"
  printf '%s\n' "$wanted" >".venv/installed.$1"
}

# core_venv PYTHON: a small .venv39 with the last pytest and hypothesis that know Python 3.9.
core_venv() {
  local pins="pytest==8.4.2 pytest-randomly==4.0.1 pytest-xdist==3.8.0 hypothesis==6.141.1"
  grep -qsx "$pins" .venv39/installed && return
  say "making .venv39 for the core's tests"
  rm -rf .venv39
  # shellcheck disable=SC2086  # four words
  "$1" -m venv .venv39 &&
    .venv39/bin/python -m pip --disable-pip-version-check --no-input install --quiet $pins &&
    printf '%s\n' "$pins" >.venv39/installed
}

# find_python LEAST MOST: print the first Python whose version lies between and that has venv.
find_python() {
  local name
  for name in ${FLOWTRAP_PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 \
              "$HOME"/.pyenv/versions/3.*/bin/python; do
    if is_between "$name" "$1" "$2" && "$name" -c 'import ensurepip, venv' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  return 1
}

is_between() {
  "$1" - "$2" "$3" 2>/dev/null <<'PY'
import sys
least, most = (tuple(map(int, text.split("."))) for text in sys.argv[1:])
sys.exit(not least <= sys.version_info[:2] <= most)
PY
}

flowtrap() { .venv/bin/python bin/flowtrap "$@"; }
core_folders() { printf '%s\n' package/lib/flowtrap package/lib/flowtrap_splunk package/lib/flowtrap_inputs; if [ -d package/bin ]; then echo package/bin; fi; }
sha256() { .venv/bin/python -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"; }

# --- messages -------------------------------------------------------------------------------

say()  { printf 'build.sh: %s\n' "$1" >&2; }
fail() { printf 'build.sh: %s (%s)\n' "$1" "$2" >&2; exit 1; }
step() { local name=$1; shift; say "$name"; "$@" || unhappy="$unhappy $name;"; }

main "$@"

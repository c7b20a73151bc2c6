"""A real Elasticsearch 8.19.21 with ES|QL for tests, put together from Maven's artifacts.

    with Node(folder, assembled()) as node:
        Elasticsearch(node.url).indices.create(index="logs-mine")

It is assembled once into FLOWTRAP_CACHE (else /var/tmp/flowtrap-UID, which the user nobody can
read: Elasticsearch refuses to run as root). It listens on a free port of 127.0.0.1, without
security, and dies with the process that started it. `Unavailable` says why there can be none.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

VERSION = "8.19.21"
POM = Path(__file__).with_name("elastic_node.xml")
READY_S = 180
STOP_S = 30
# Jars that x-pack-esql's module must not hold: what it extends brings them. KQL's it needs as well.
_NOT_ESQL = ("slf4j-api-", "commons-codec-", "x-pack-esql-core-", "x-pack-mapper-version-")
_SETTINGS = """\
discovery.type: single-node
xpack.security.enabled: false
network.host: 127.0.0.1
http.port: 0
transport.port: 0
node.portsfile: true
indices.breaker.total.use_real_memory: false
cluster.routing.allocation.disk.threshold_enabled: false
cluster.max_shards_per_node: 10000
path.data: {data}
path.logs: {logs}
"""
_JVM = (
    "-Xms{heap} -Xmx{heap} -XX:TieredStopAtLevel={tier} -XX:-UseG1GC -XX:+UseSerialGC"
    " -XX:ActiveProcessorCount=2"
)


class Unavailable(Exception):
    """This machine cannot run the node; the text says what is missing."""


def assembled() -> Path:
    """Return the folder of the node, after putting it together if it is not there whole."""
    _need_tools()
    cache = Path(os.environ.get("FLOWTRAP_CACHE") or f"/var/tmp/flowtrap-{os.getuid()}")
    cache.mkdir(mode=0o755, parents=True, exist_ok=True)
    if cache.stat().st_uid != os.getuid():
        raise Unavailable(f"{cache} belongs to somebody else: set FLOWTRAP_CACHE to a folder")
    home = cache / f"elasticsearch-{VERSION}"
    with _locked(cache / "elasticsearch.lock"):
        if not _is_whole(home):
            _assemble(home)
    return home


def _need_tools() -> None:
    missing = [name for name in ("java", "mvn") if not shutil.which(name)]
    if os.getuid() == 0 and not shutil.which("setpriv"):
        missing.append("setpriv")
    if missing:
        raise Unavailable(f"no {' and no '.join(missing)} on PATH (needs Java 17 and Maven)")
    version = _java("java.specification.version")
    if not version.isdigit() or int(version) < 17:
        raise Unavailable(f"Java 17 or later is needed, `java` is {version}")


def _java(name: str) -> str:
    command = ["java", "-XshowSettings:properties", "-version"]
    text = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    found = re.search(rf"^\s*{re.escape(name)} = (.+)$", text, re.M)
    return found[1].strip() if found else "unknown"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sizes(home: Path) -> str:
    files = sorted(path for path in home.rglob("*") if path.is_file() and path.suffix == ".jar")
    return "".join(f"{path.relative_to(home)} {path.stat().st_size}\n" for path in files)


def _is_whole(home: Path) -> bool:
    """Tell whether the folder is as it was left: who tidies /var/tmp takes single files."""
    with contextlib.suppress(OSError):
        return (home / "assembled").read_text(encoding="utf-8") == _sizes(home) != ""
    return False


def _assemble(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as scratch:
        jars = Path(scratch, "jars")
        _fetch(Path(scratch), jars)
        with zipfile.ZipFile(jars / f"elasticsearch-{VERSION}.zip") as archive:
            archive.extractall(scratch)
        made = Path(scratch, f"elasticsearch-{VERSION}")
        for script in (made / "bin").iterdir():
            script.chmod(0o755)
        _add_modules(made, jars)
        (made / "assembled").write_text(_sizes(made), encoding="utf-8")
        made.rename(home)


def _fetch(scratch: Path, jars: Path) -> None:
    shutil.copy(POM, scratch / "pom.xml")
    goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
    command = ["mvn", "-q", "-B", goal, f"-DoutputDirectory={jars}"]
    run = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    if run.returncode:
        reason = " ".join((run.stdout + run.stderr).split())[:300]
        raise Unavailable(f"Maven could not fetch Elasticsearch {VERSION}: {reason}")


def _add_modules(home: Path, jars: Path) -> None:
    """Make modules of the plug-ins' jars, which the bare distribution lacks."""
    library = {path.name for path in (home / "lib").glob("*.jar")}
    every = [path for path in jars.glob("*.jar") if path.name not in library]
    modules = {
        "x-pack-esql-core": _named(every, "x-pack-esql-core-", "x-pack-mapper-version-"),
        "x-pack-kql": _named(every, "x-pack-kql-", "antlr4-runtime-"),
        "x-pack-esql": [jar for jar in every if jar not in _named(every, *_NOT_ESQL)],
    }
    for name, members in modules.items():
        folder = home / "modules" / name
        folder.mkdir()
        for jar in members:
            shutil.copy(jar, folder)
        with zipfile.ZipFile(jars / f"{name}-{VERSION}.jar") as archive:
            inner = f"META-INF/es-plugins/{name}/plugin-descriptor.properties"
            text = archive.read(inner).decode()
        if name == "x-pack-esql":  # it would also extend painless and ML, which are not there
            text = re.sub(r"(?m)^extended\.plugins=.*$", "extended.plugins=x-pack-esql-core", text)
        (folder / "plugin-descriptor.properties").write_text(text, encoding="utf-8")


def _named(jars: list[Path], *heads: str) -> list[Path]:
    return [jar for jar in jars if jar.name.startswith(heads)]


class Node:
    """One node, as a context; `url` is where it answers. `folder` takes its data and logs."""

    def __init__(self, folder: Path, home: Path, *, heap: str = "512m", quick: bool = True) -> None:
        self.url = ""
        self._folder = folder
        self._home = home
        self._jvm = _JVM.format(heap=heap, tier=1 if quick else 4)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Node:
        self._process = self._start()
        try:
            self.url = self._await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *args: object) -> None:
        self.stop()

    def _start(self) -> subprocess.Popen[bytes]:
        config, data, logs, scratch = (
            self._folder / name for name in ("config", "data", "logs", "tmp")
        )
        shutil.copytree(self._home / "config", config)
        for folder in (data, logs, scratch):
            folder.mkdir(parents=True)
        text = _SETTINGS.format(data=data, logs=logs)
        (config / "elasticsearch.yml").write_text(text, encoding="utf-8")
        environment = {
            "PATH": os.environ["PATH"],
            "ES_JAVA_HOME": _java("java.home"),
            "ES_PATH_CONF": str(config),
            "ES_JAVA_OPTS": self._jvm,
            "ES_TMPDIR": str(scratch),
            "CLI_JAVA_OPTS": "-Xmx64m -XX:TieredStopAtLevel=1",
        }
        with (self._folder / "out.log").open("wb") as log:
            return subprocess.Popen(
                [*self._as_nobody(), str(self._home / "bin" / "elasticsearch")],
                env=environment,
                cwd=scratch,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _as_nobody(self) -> list[str]:
        if os.getuid() != 0:
            return []
        subprocess.run(["chown", "-R", "nobody", str(self._folder)], check=True)
        return ["setpriv", "--reuid=nobody", "--clear-groups", "--pdeathsig=KILL", "--"]

    def _await_ready(self) -> str:
        ports = self._folder / "logs" / "http.ports"
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            for line in ports.read_text().splitlines() if ports.exists() else ():
                url = f"http://{line}"
                if line.startswith("127.0.0.1:") and _answers(url):
                    return url
            time.sleep(0.2)
        tail = (self._folder / "out.log").read_text(errors="replace")[-3000:]
        raise RuntimeError(f"the node did not start: {tail}")

    def stop(self) -> None:
        """End the node and wait for it."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None


def _answers(url: str) -> bool:
    """Tell whether the node is up; `GET /` is not served by the bare distribution."""
    with contextlib.suppress(OSError, urllib.error.URLError):
        health = f"{url}/_cluster/health?wait_for_status=yellow&timeout=1s"
        with urllib.request.urlopen(health, timeout=5) as answer:
            return bool(answer.status == 200)
    return False


@contextlib.contextmanager
def shared_node(folder: Path) -> Iterator[str]:
    """Yield the URL of one node for all processes that name the same folder.

    The first starts it; it stops it when every other that used it has ended.
    """
    home = assembled()
    folder.mkdir(parents=True, exist_ok=True)
    users, place = folder / "users", folder / "url"
    users.mkdir(exist_ok=True)
    mine = users / str(os.getpid())
    with contextlib.ExitStack() as stack:
        with _locked(folder / "lock"):
            starts = not place.exists()
            if starts:
                root = Path(
                    tempfile.mkdtemp(prefix="flowtrap-node-")
                )  # nobody cannot read pytest's
                root.chmod(0o755)
                stack.callback(shutil.rmtree, root, ignore_errors=True)
                place.write_text(stack.enter_context(Node(root / "node", home)).url)
            else:
                mine.touch()
            url = place.read_text()
        try:
            yield url
        finally:
            mine.unlink(missing_ok=True)
            if starts:
                _await_others(users, place, folder / "lock")


def _await_others(users: Path, place: Path, lock: Path) -> None:
    while True:
        with _locked(lock):
            if not any(_is_alive(int(path.name)) for path in users.iterdir()):
                place.unlink()  # whoever comes now starts a node of its own
                return
        time.sleep(0.2)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Databases and applications of a block: PostgreSQL, MariaDB and a web server behind the double, with stock clients."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from containers import BUILDER, container
from jenkins import wait_for
from world import RELEASED, Skipped, block, contains, equal, test, unix_user

ORDERS = "databases: [[service: 'orders', username: 'ci', database: 'orders']]"
SHOP = "databases: [[service: 'shop', username: 'ci', database: 'shop']]"
WEB = "applications: ['web']"
PSQL = "psql -X -A -t -v ON_ERROR_STOP=1 -c"
CURL = 'curl -sS --fail --unix-socket "$MACHINE_ID_APPLICATION_WEB" http://web/health'


def as_postgres(*command):
    """Neither server runs as root."""
    if os.getuid() != 0:
        return [str(part) for part in command]
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *(str(part) for part in command)]


@contextlib.contextmanager
def servers(world):
    """All three, until the test is over."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries or not shutil.which("mariadbd", path="/usr/sbin:/usr/bin") or not shutil.which("mysql"):
        raise Skipped("needs Debian's packages postgresql, mariadb-server and default-mysql-client")
    # A short path: sockets lie there.
    home = Path(tempfile.mkdtemp(prefix="mid-db-"))
    running = []

    def start(*command):
        with open(world.output / "databases.log", "ab") as log:
            running.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=home))

    def said(*command):
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=home).returncode == 0

    try:
        for name in ("server.key", "server.crt", "server.ca"):
            shutil.copy(world.databases / name, home / name)
        (home / "server.key").chmod(0o600)
        (home / "hba").write_text("local all all trust\nhostssl all all 127.0.0.1/32 cert\n")
        (home / "www").mkdir()
        (home / "www/health").write_text("fine\n")
        if os.getuid() == 0:
            for path in (home, *home.iterdir()):
                shutil.chown(path, "postgres", "postgres")
        programs = binaries[-1]
        subprocess.run(as_postgres(programs / "initdb", "-D", home / "pg", "-U", "postgres", "--no-sync"), check=True,
                       capture_output=True, cwd=home)
        settings = {"listen_addresses": "127.0.0.1", "fsync": "off", "ssl": "on", "ssl_cert_file": home / "server.crt",
                    "ssl_key_file": home / "server.key", "ssl_ca_file": home / "server.ca", "hba_file": home / "hba"}
        start(*as_postgres(programs / "postgres", "-D", home / "pg", "-p", world.ports["orders"], "-k", home,
                           *(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))))
        psql = ["psql", "-h", str(home), "-p", str(world.ports["orders"]), "-U", "postgres", "-c"]
        wait_for("PostgreSQL", lambda: said(*psql, "select 1"), 60)
        assert said(*psql, "create role ci login") and said(*psql, "create database orders owner ci")
        subprocess.run(as_postgres("mariadb-install-db", "--no-defaults", f"--datadir={home}/my", "--skip-test-db",
                                   "--auth-root-authentication-method=normal"), check=True, capture_output=True, cwd=home)
        start(*as_postgres("/usr/sbin/mariadbd", "--no-defaults", f"--datadir={home}/my", f"--socket={home}/socket",
                           f"--port={world.ports['shop']}", "--bind-address=127.0.0.1", "--skip-name-resolve"))
        mysql = ["mysql", "--no-defaults", f"--socket={home}/socket", "-uroot", "-e"]
        wait_for("MariaDB", lambda: said(*mysql, "select 1"), 60)
        assert said(*mysql, "create database shop; create user ci@'127.0.0.1'; grant all on shop.* to ci@'127.0.0.1'")
        start("python3", "-m", "http.server", "--bind", "127.0.0.1", "-d", str(home / "www"), str(world.ports["web"]))
        yield
    finally:
        for process in running:
            # PostgreSQL waits for its clients on SIGTERM; MariaDB and Python end on either.
            process.send_signal(signal.SIGINT if process is running[0] else signal.SIGTERM)
        for process in running:
            process.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def all_of_them(more=""):
    return f"databases: [[service: 'orders', username: 'ci', database: 'orders'], [service: 'shop', username: 'ci', database: 'shop']], {WEB}{more}"


@test
def databases_in_a_pipeline(world):
    with servers(world):
        commands = (f"{PSQL} \"select 'pg ' || 6 * 7\" && psql \"$MACHINE_ID_DATABASE_ORDERS\" -X -A -t -c \"select current_user\" && "
                    "mysql --no-defaults --user=ci -N -B shop -e \"select concat('my', 6 * 7)\" && ")
        # What others have set there would win over the block's own.
        others = "'PGHOSTADDR=192.0.2.1', 'PGSERVICE=nowhere', 'PGSSLMODE=verify-full', 'MYSQL_HOST=192.0.2.1'"
        inner = block(f"sh '''{commands}{CURL}'''", all_of_them())
        world.jenkins.pipeline("allowed-databases", f"withEnv([{others}]) {{ {inner} }}")
        result, log = world.jenkins.run("allowed-databases")
        equal(result, "SUCCESS", log)
        contains(log, "pg 42\n", "ci\n", "my42\n", "fine\n", RELEASED)
        assert "every user of agent" not in log, log
        by_port = f'{commands}curl -sS --fail "$MACHINE_ID_APPLICATION_WEB/health"'
        world.jenkins.pipeline("allowed-database-ports", block(f"sh '''{by_port}'''", all_of_them(", tcpPorts: true")))
        result, log = world.jenkins.run("allowed-database-ports")
        equal(result, "SUCCESS", log)
        contains(log, "pg 42\n", "my42\n", "fine\n", "every user of agent a1''s".replace("''", "'"), RELEASED)
    world.no_leases_left()


@test
def databases_of_a_freestyle_build(world):
    with servers(world):
        name = "io.jenkins.plugins.machineid.step.MachineIdBuildWrapper"
        database = ("<io.jenkins.plugins.machineid.output.Database><service>orders</service><username>ci</username>"
                    "<database>orders</database></io.jenkins.plugins.machineid.output.Database>")
        world.jenkins.freestyle("allowed-database-freestyle", f"{PSQL} \"select 'pg ' || 6 * 7\" && {CURL}",
                                f"<{name}><identity>api</identity><databases>{database}</databases>"
                                f"<applications><string>web</string></applications></{name}>", "api")
        result, log = world.jenkins.run("allowed-database-freestyle")
        equal(result, "SUCCESS", log)
        contains(log, "pg 42\n", "fine\n", RELEASED)
        contains(world.jenkins.get("/job/allowed-database-freestyle/configure"), 'name="databases"', "_.applications", "_.tcpPorts")
    world.no_leases_left()


@test
def databases_with_wrong_names_fail_before_the_body(world):
    cases = {
        "databases: [[service: 'order', username: 'ci', database: 'orders']]": ("these roles see: orders, shop", "target_unknown"),
        "applications: ['wob']": ("these roles see: web", "target_unknown"),
        "databases: [[service: 'orders', username: '', database: 'orders']]": ("is required", "username"),
        f"{WEB}, leafCluster: 'leaf.example.test'": ("a block of its own", "request_invalid"),
    }
    for number, (arguments, words) in enumerate(cases.items()):
        name = f"allowed-database-wrong-{number}"
        world.jenkins.pipeline(name, block("echo 'inside the body'", arguments))
        result, log = world.jenkins.run(name)
        equal(result, "FAILURE", log)
        contains(log, *words)
        assert "inside the body\n" not in log, log
    world.no_leases_left()


@test
def databases_end_with_the_block(world):
    """A client that the build leaves behind is cut, and an abort ends it as well."""
    with servers(world):
        # Jenkins ends whatever of a build still has its cookie: the client and who tells of its end have another.
        script = f"{PSQL} \"select pg_sleep(300)\" >left 2>&1\necho \"left $?\" >>left\n"
        left = f"cat >leave <<'E'\n{script}E\nJENKINS_NODE_COOKIE=dontKillMe BUILD_ID=dontKillMe nohup sh leave >/dev/null 2>&1 &"
        world.jenkins.pipeline("allowed-database-left", block(f"sh '''rm -f left\n{left}\nsleep 3'''", ORDERS))
        result, log = world.jenkins.run("allowed-database-left")
        equal(result, "SUCCESS", log)
        told = world.a1.directory / "workspace/allowed-database-left/left"
        wait_for("the client's end", lambda: "left " in told.read_text(), 60)
        assert "left 0" not in told.read_text(), told.read_text()
        world.jenkins.pipeline("allowed-database-abort", block(f"sh '''echo inside; {PSQL} \"select pg_sleep(300)\"'''", ORDERS))
        number = world.jenkins.build("allowed-database-abort")
        world.jenkins.wait_console("allowed-database-abort", number, "inside")
        world.jenkins.post(f"/job/allowed-database-abort/{number}/stop")
        equal(world.jenkins.finish("allowed-database-abort", number)[0], "ABORTED")
    world.no_leases_left()


@test
def databases_in_a_container_and_for_another_user(world):
    """As in `step_in_a_container_as_another_user`; and a user who is no reader is refused."""
    if os.getuid() != 0 or not shutil.which("unshare"):
        raise Skipped("a mount namespace needs root and unshare")
    unix_user(BUILDER)
    with servers(world):
        seen = {}
        for name, readers in (("allowed-database-container", f", readers: ['{BUILDER}']"), ("allowed-database-stranger", "")):
            workspace = world.a1.directory / "workspace" / name
            world.jenkins.pipeline(name, block(
                "sh 'rm -f over; env >leased; mv leased environment; "
                "for i in $(seq 120); do [ -f over ] && break; sleep 0.5; done; [ -f over ]'", f"{ORDERS}, {WEB}{readers}"))
            number = world.jenkins.build(name)
            wait_for("the step's environment", (workspace / "environment").exists)
            lines = (line.split("=", 1) for line in (workspace / "environment").read_text().splitlines() if "=" in line)
            environment = {key: value for key, value in lines if key.startswith(("MACHINE_ID", "PG"))}
            root = world.agents_dir / f"{name}-root"
            root.mkdir()
            try:
                for what, command in (("psql", f"{PSQL} \"select 'pg ' || 6 * 7\""), ("curl", CURL)):
                    run = subprocess.run(
                        container(root, [workspace, f"{workspace}@tmp"], command),
                        env={"PATH": os.environ["PATH"], "HOME": "/tmp", **environment},
                        capture_output=True, text=True, timeout=60, check=False)
                    seen[name, what] = (run.returncode == 0, run.stdout)
            finally:
                (workspace / "over").touch()
            equal(world.jenkins.finish(name, number)[0], "SUCCESS")
        equal(seen, {("allowed-database-container", "psql"): (True, "pg 42\n"), ("allowed-database-container", "curl"): (True, "fine\n"),
                     ("allowed-database-stranger", "psql"): (False, ""), ("allowed-database-stranger", "curl"): (False, "")})
    world.no_leases_left()


@test
def databases_are_back_after_the_agents_loss(world):
    with servers(world):
        name = "allowed-database-lost"
        query = f"{PSQL} \"select 'again'\" >>told 2>/dev/null"
        world.jenkins.pipeline(name, block(
            f"sh '''set +x; rm -f over told; {query}; echo inside; "
            f"for i in $(seq 300); do [ -f over ] && break; sleep 1; done; {query}; wc -l <told'''", f"{ORDERS}, tcpPorts: true"))
        number = world.jenkins.build(name)
        world.jenkins.wait_console(name, number, "inside")
        world.a1.kill()
        world.a1.wait_online(False)
        world.a1.start()
        try:
            world.jenkins.wait_console(name, number, "can be connected to again", 150)
        finally:
            (world.a1.directory / "workspace" / name / "over").touch()
        result, log = world.jenkins.finish(name, number, 240)
        equal(result, "SUCCESS", log)
        contains(log, "\n2\n", RELEASED)
    world.no_leases_left()

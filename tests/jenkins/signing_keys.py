# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""The key that signs statements, held by a credential of Jenkins."""

import json
import re
import subprocess
from contextlib import contextmanager

import setup_page
from jenkins import wait_for
from rest import PACKAGE, section
from statements import UNKNOWN_KEY, goes_well, is_refused, stated, stated_block, told_to_the_cluster
from world import Skipped, contains, equal, test

STORE = "com.cloudbees.plugins.credentials.SystemCredentialsProvider"
ISSUER = f"{PACKAGE}.issuer.IssuerConfiguration.get()"


def rsa(*form):
    """A key as an administrator makes it."""
    return subprocess.run(["openssl", "genrsa", *form, "2048"], check=True, capture_output=True, text=True).stdout


def put(jenkins, **keys):
    """The system's store then holds these alone, as secret texts."""
    lines = "\n".join(f"""
        store.credentials.add(new org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl(
            com.cloudbees.plugins.credentials.CredentialsScope.SYSTEM, '{name}', '', hudson.util.Secret.fromString('''{pem}''')))"""
                      for name, pem in keys.items())
    out = jenkins.groovy(f"def store = {STORE}.instance\nstore.credentials.clear()\n{lines}\nstore.save()\nprintln 'PUT'")
    contains(out, "PUT")


def configure(jenkins, signing, following):
    quoted = ["null" if name is None else f"'{name}'" for name in (signing, following)]
    out = jenkins.groovy(f"{ISSUER}.credentialsId = {quoted[0]}\n{ISSUER}.nextCredentialsId = {quoted[1]}\nprintln 'SET'")
    contains(out, "SET")


def published(jenkins):
    """What a stranger is told."""
    return [key["kid"] for key in json.loads(jenkins.get("/machine-id-issuer/jwks"))["keys"]]


@contextmanager
def signed_by_a_credential(world):
    with stated(world) as jenkins:
        if not (jenkins.home / "plugins/plain-credentials.jpi").exists():
            raise Skipped("plain-credentials is not among the plugins")
        put(jenkins, first=rsa(), second=rsa("-traditional"))
        try:
            yield jenkins
        finally:
            put(jenkins)
            configure(jenkins, None, None)


@test
def a_credential_holds_the_key_and_is_rotated_by_the_configuration(world):
    with signed_by_a_credential(world) as jenkins:
        jenkins.pipeline("stated-held", stated_block("sh 'true'"))
        made = published(jenkins)
        configure(jenkins, None, "first")
        wait_for("the credential's key beside the made one", lambda: len(published(jenkins)) == len(made) + 1, 60)
        first = next(key for key in published(jenkins) if key not in made)
        told_to_the_cluster(world)
        configure(jenkins, "first", "second")
        wait_for("the made key to follow the credential's", lambda: len(published(jenkins)) == 3, 60)
        equal(published(jenkins)[0], first, "the key that signs")
        goes_well(world, "stated-held")
        # Not yet given to the cluster: the console names the key that it doesn't know.
        configure(jenkins, "second", None)
        wait_for("the second key to sign", lambda: published(jenkins)[0] != first, 60)
        second = published(jenkins)[0]
        contains(is_refused(world, "stated-held", UNKNOWN_KEY), f"the proof is signed with key {second}")
        told_to_the_cluster(world)
        goes_well(world, "stated-held")
        equal(published(jenkins), [second, first], "the old key is published for its time")


@test
def no_file_of_the_controller_has_a_key_in_clear(world):
    """So nothing that takes files of Jenkins' home, as a support bundle does, gets one, and nor does who reads its logs."""
    jenkins = world.jenkins
    jenkins.get(setup_page.PAGE)
    text = jenkins.groovy(f"""
        import {PACKAGE}.issuer.*
        print new String(KeyRingText.write(KeyStore.ofJenkins().load()))""")
    secrets = [exponent[:40].encode() for exponent in re.findall(r'"d":"([A-Za-z0-9_-]{300,})"', text)]
    assert secrets, "there is no key to look for"
    (current,) = [each for each in published(jenkins) if f'"kid":"{each}"' in text][:1]
    ours, found = [], []
    for path in jenkins.home.rglob("*"):
        if path.is_file() and path.suffix not in (".jar", ".jpi", ".war"):
            content = path.read_bytes()
            if any(secret in content for secret in secrets) or b"PRIVATE KEY" in content:
                found.append(str(path))
            if "SigningKeys" in path.name and path.parent != jenkins.home / "secrets":
                ours.append((path.name, content.decode()))
    equal(found, [], "files with a private key")
    # The note that there were keys holds the public name of one.
    equal(ours, [(f"{PACKAGE}.issuer.SigningKeys.id", current)], "what is kept of them outside of secrets/")
    log = (world.output / "jenkins.log").read_bytes()
    assert not any(secret in log for secret in secrets)


@test
def a_credential_that_fails_signs_nothing_and_makes_no_key(world):
    with signed_by_a_credential(world) as jenkins:
        jenkins.pipeline("stated-held-gone", stated_block("sh 'true'"))
        configure(jenkins, "first", None)
        wait_for("the credential's key", lambda: jenkins.status("/machine-id-issuer/jwks") == 200, 60)
        told_to_the_cluster(world)
        before = published(jenkins)
        ec = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                            check=True, capture_output=True, text=True).stdout
        for keys, sentence in (({}, "there is no credential 'first'"), ({"first": ec}, "a key of another kind")):
            put(jenkins, **keys)
            result, log = jenkins.run("stated-held-gone")
            equal(result, "FAILURE", log)
            contains(log, sentence)
            assert "PRIVATE KEY" not in log, log
            equal(published(jenkins), before, "what strangers are told")


@test
def configuration_as_code_names_the_credential_and_holds_no_key(world):
    with signed_by_a_credential(world) as jenkins:
        if not (jenkins.home / "plugins/configuration-as-code.jpi").exists():
            raise Skipped("configuration-as-code is not among the plugins")
        path = world.output / "casc-issuer.yaml"
        path.write_text("unclassified:\n  machineIdIssuer:\n    credentialsId: first\n    nextCredentialsId: second\n")
        jenkins.groovy(f"io.jenkins.plugins.casc.ConfigurationAsCode.get().configure('{path}')")
        wait_for("both keys", lambda: len(published(jenkins)) >= 2, 60)
        ours = section(jenkins.post("/manage/configuration-as-code/export"), "unclassified", "machineIdIssuer")
        contains(ours, 'credentialsId: "first"', 'nextCredentialsId: "second"')
        contains(ours, "rotateAfterDays: 0", "announceDays: 14")
        equal(len(ours.splitlines()), 6, ours)
        page = jenkins.get("/manage/configure")
        contains(page, 'name="_.nextCredentialsId"')
        for help_page in ("credentialsId", "nextCredentialsId"):
            contains(jenkins.get(f"/descriptor/{PACKAGE}.issuer.IssuerConfiguration/help/{help_page}"), "<div>")
        assert "PRIVATE KEY" not in page + ours
        # What the YAML leaves out stays; what it turns off is off. (No empty text is ever exported.)
        jenkins.groovy(f"{ISSUER}.rotateAfterDays = 90")
        path.write_text("unclassified:\n  machineIdIssuer:\n    announceDays: 14\n")
        jenkins.groovy(f"io.jenkins.plugins.casc.ConfigurationAsCode.get().configure('{path}')")
        contains(jenkins.groovy(f"print {ISSUER}.credentialsId + {ISSUER}.rotateAfterDays"), "first90")
        path.write_text('unclassified:\n  machineIdIssuer:\n    credentialsId: ""\n    nextCredentialsId: ""\n    rotateAfterDays: 0\n')
        jenkins.groovy(f"io.jenkins.plugins.casc.ConfigurationAsCode.get().configure('{path}')")
        ours = section(jenkins.post("/manage/configuration-as-code/export"), "unclassified", "machineIdIssuer")
        contains(ours, "rotateAfterDays: 0")
        contains(jenkins.groovy(f"print '<' + {ISSUER}.credentialsId + {ISSUER}.nextCredentialsId + '>'"), "<>")

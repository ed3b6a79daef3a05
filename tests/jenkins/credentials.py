# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Tokens that credentials of Jenkins hold."""

from contextlib import contextmanager

from world import LEASE, Skipped, block, contains, equal, test

PACKAGE = "io.jenkins.plugins.machineid"
STORE = "com.cloudbees.plugins.credentials.SystemCredentialsProvider"
BINDING = "jenkins.model.Jenkins.get().getNode('a1').nodeProperties[0].identities[0]"


@contextmanager
def tokens_in_credentials(world):
    """The agent's token of identity api is in a credential, and so is a secret that is none of the agent's business."""
    jenkins = world.jenkins
    if not (jenkins.home / "plugins/plain-credentials.jpi").exists():
        raise Skipped("plain-credentials is not among the plugins")
    jenkins.groovy(f"""
        def store = {STORE}.instance
        def text = {{ id, secret -> store.credentials.add(new org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl(
            com.cloudbees.plugins.credentials.CredentialsScope.SYSTEM, id, '', secret)) }}
        text('teleport-a1', {BINDING}.token)
        text('root-key', hudson.util.Secret.fromString('the-root-key-of-everything'))
        store.save()
        {BINDING}.token = null""")
    try:
        yield jenkins
    finally:
        jenkins.groovy(f"""
            {BINDING}.credentialsId = null
            {BINDING}.token = hudson.util.Secret.fromString('{world.cluster["token"]}')
            {STORE}.instance.credentials.clear()
            {STORE}.instance.save()
            // What a test posted is on disk, too, where a restart would find it.
            jenkins.model.Jenkins.get().getNode('a1').save()
            {taken([])}""")


def taken(patterns):
    return f"""{PACKAGE}.config.MachineIdConfiguration.get().identity('api').agentCredentials = {patterns}
        {PACKAGE}.config.MachineIdConfiguration.get().save()"""


def outcome(jenkins, name):
    jenkins.pipeline(name, block("sh 'true'"))
    return jenkins.run(name)


@test
def a_token_in_a_credential_is_used_where_the_identity_names_it(world):
    with tokens_in_credentials(world) as jenkins:
        jenkins.groovy(f"{BINDING}.credentialsId = 'teleport-a1'\n{taken(['teleport-*'])}")
        result, log = outcome(jenkins, "allowed-credential")
        equal(result, "SUCCESS", log)
        contains(log, LEASE)
        used = jenkins.groovy(f"""
            def held = {STORE}.instance.credentials.find {{ it.id == 'teleport-a1' }}
            for (int i = 0; i < 50; i++) {{
                def print = com.cloudbees.plugins.credentials.CredentialsProvider.getFingerprintOf(held)
                if (print != null && 'allowed-credential' in print.jobs) {{ println 'NOTED'; break }}
                sleep 200 }}""")
        contains(used, "NOTED")
        jenkins.groovy(f"""
            def credentials = {STORE}.instance.credentials
            credentials.remove(credentials.find {{ it.id == 'teleport-a1' }})
            {STORE}.instance.save()""")
        result, log = outcome(jenkins, "allowed-credential-gone")
        equal(result, "FAILURE", log)
        contains(log, "there is no credential 'teleport-a1'", "[credential_missing]")


@test
def a05_who_configures_an_agent_has_no_credential_sent_to_it(world):
    with tokens_in_credentials(world) as jenkins:
        xml = jenkins.get("/computer/a1/config.xml")
        contains(xml, "<identity>api</identity>")
        jenkins.post("/computer/a1/config.xml", xml.replace(
            "<identity>api</identity>", "<identity>api</identity><credentialsId>root-key</credentialsId>", 1), "application/xml")
        for patterns in ([], ["teleport-*"]):
            jenkins.groovy(taken(patterns))
            world.a1.wait_online()
            result, log = outcome(jenkins, f"allowed-other-secret-{len(patterns)}")
            equal(result, "FAILURE", log)
            contains(log, "[policy_credential]")
            assert "root-key" not in log, log


@test
def the_lists_of_credentials_hold_what_can_stand_for_a_secret(world):
    with tokens_in_credentials(world) as jenkins:
        for path in ("/descriptorByName/io.jenkins.plugins.machineid.join.TokenJoin/fillCredentialsIdItems",
                     "/computer/a1/descriptorByName/io.jenkins.plugins.machineid.config.Binding/fillCredentialsIdItems"):
            text = jenkins.post(path, "credentialsId=gone")
            contains(text, '"teleport-a1"', '"root-key"', '"gone"')
            assert "everything" not in text and world.cluster["token"] not in text, text
        checked = jenkins.post("/descriptorByName/io.jenkins.plugins.machineid.join.TokenJoin/checkCredentialsId", "value=gone")
        contains(checked, "error", "gone")
        contains(jenkins.get("/computer/a1/configure"), "_.credentialsId")

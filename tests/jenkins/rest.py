# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""What an administrator, a reader and Configuration as Code see of it over HTTP."""

import json
import re
import textwrap
from contextlib import contextmanager
from pathlib import Path

from jenkins import wait_for
from world import Skipped, block, contains, equal, test

PACKAGE = "io.jenkins.plugins.machineid"


@contextmanager
def only_a_reader(jenkins):
    """Meanwhile nobody is logged in who may do more than read."""
    over = jenkins.home / "reader-is-over"
    jenkins.groovy(f"""
        def jenkins = jenkins.model.Jenkins.get()
        def strategy = jenkins.authorizationStrategy, realm = jenkins.securityRealm
        jenkins.securityRealm = new hudson.security.HudsonPrivateSecurityRealm(false, false, null)
        def readers = new hudson.security.FullControlOnceLoggedInAuthorizationStrategy()
        readers.allowAnonymousRead = true
        jenkins.authorizationStrategy = readers
        // Nobody else could give it back by then.
        Thread.start {{
            try {{
                for (int i = 0; i < 3000 && !new File('{over}').exists(); i++) {{ sleep 200 }}
            }} finally {{ jenkins.authorizationStrategy = strategy; jenkins.securityRealm = realm }}
        }}""")
    try:
        yield
        assert jenkins.status("/manage/") == 403, "the reader was gone before the last request"
    finally:
        over.touch()
        wait_for("the administrator to be back", lambda: jenkins.status("/manage/") == 200)
        over.unlink()


@test
def every_form_method_demands_post_and_permission(world):
    jenkins = world.jenkins
    methods = jenkins.groovy(f"""
        jenkins.model.Jenkins.get().getExtensionList(hudson.model.Descriptor).findAll {{
            it.class.name.startsWith('{PACKAGE}') }}.each {{ descriptor ->
            descriptor.class.methods.findAll {{ it.name ==~ /do(Check|Fill|Test).*/ }}.each {{
                println "/descriptorByName/${{descriptor.id}}/" + it.name[2].toLowerCase() + it.name.substring(3) }} }}""")
    # Those of Jenkins' own classes are the business of Jenkins.
    paths = sorted({path + "?value=x" for path in methods.split()
                    if path.startswith(f"/descriptorByName/{PACKAGE}")})
    assert len(paths) > 25, paths
    for path in paths:
        assert jenkins.status(path) in (404, 405), f"GET {path}: {jenkins.status(path)}"
    address = f"/descriptorByName/{PACKAGE}.config.Cluster/checkAddress?value=x"
    equal(jenkins.status(address, "POST"), 200, "POST")
    equal(jenkins.status(address, "POST", crumb=False), 403, "POST without crumb")
    for path in paths:
        status = jenkins.status(path, "POST")
        assert status in (200, 403), f"POST {path}: {status}"
    with only_a_reader(jenkins):
        jenkins.status("/api/json", "POST")
        for path in paths:
            # The page of a refusal would be put into the form.
            status, body = jenkins.reply(path)
            equal(status, 200, f"POST by a reader: {path}")
            assert "error" not in body and '"api"' not in body, f"POST by a reader: {path}: {body}"
            assert ("warning" in body) == ("/test" in path), f"POST by a reader: {path}: {body}"
    equal(jenkins.status(address, "POST"), 200, "POST")


@test
def an_agents_pages_show_no_token_and_its_config_xml_goes_round(world):
    jenkins, tokens = world.jenkins, (world.cluster["token"], world.cluster["token.each"])
    xml = jenkins.get("/computer/a1/config.xml")
    contains(xml, f"{PACKAGE}.config.MachineIdNodeProperty", "<identity>api</identity>", "<token>{A")
    pages = {"config.xml": xml, "configure": jenkins.get("/computer/a1/configure"),
             "api/json": jenkins.get("/computer/a1/api/json?depth=5"), "system": jenkins.get("/manage/configure")}
    for name, text in pages.items():
        for token in tokens:
            assert token not in text, f"{name} shows a token"
    jenkins.post("/computer/a1/config.xml", xml, "application/xml")
    equal(jenkins.get("/computer/a1/config.xml"), xml)
    kept = jenkins.groovy("print jenkins.model.Jenkins.get().getNode('a1').nodeProperties[0].identities[0].token.plainText")
    equal(kept.strip(), tokens[0], "token after a round trip")


@test
def an_agent_with_two_identities_needs_one_to_be_named(world):
    jenkins = world.jenkins
    default = "jenkins.model.Jenkins.get().getNode('a1').nodeProperties[0].defaultIdentity = {}"
    jenkins.groovy(default.format("null"))
    try:
        jenkins.pipeline("allowed-ambiguous", block("sh 'true'", ""))
        result, log = jenkins.run("allowed-ambiguous")
    finally:
        jenkins.groovy(default.format("'api'"))
    equal(result, "FAILURE", log)
    contains(log, "[policy_identity_missing]")
    assert "each" not in log, log


ALL_FIELDS = """\
unclassified:
  machineId:
    clusters:
      - name: main
        address: {proxy}
        caCertificate: |
{web_ca}
      - name: second
        address: auth.example.com:3025
        addressKind: auth
        caPins: ["sha256:{pin}", "sha256:{pin2}"]
        teleportName: second.example.com
        allowedFolders: [team-b, "team-b/**"]
    identities:
      - id: api
        cluster: main
        roles: [api-workers]
        maxTtl: 2h
        allowedJobs: ["allowed-**", "taken-**", "folder/**", "team-a/**"]
        allowedAgents: [a1]
      - id: each
        cluster: main
        cacheScope: build
        allowedJobs: ["allowed-**"]
        allowedAgents: [a1, "a1-*"]
        agentLabel: api
      - id: pods
        cluster: second
        join:
          kubernetes:
            tokenName: jenkins-agents
            tokenPath: /var/run/proof
        agentsBy: any
        builtInNodeAllowed: true
        keyAlgorithm: rsa-2048
        lifetime: 30m
        renewalInterval: 10m
      - id: circle
        cluster: second
        join:
          circleci:
            tokenFile: /etc/token
            variable: PROOF
      - id: aws
        cluster: second
        join: {{iam: {{tokenName: jenkins-iam, fips: true}}}}
      - id: oidc
        cluster: second
        join: {{generic_oidc: {{tokenName: jenkins-oidc, command: [/bin/id-token, -v, "a b"], timeout: 30s}}}}
      - id: cloud
        cluster: second
        join: {{terraform_cloud: {{tokenName: jenkins-tfc, audienceTag: TP}}}}
      - id: vm
        cluster: second
        join: {{azure: {{tokenName: jenkins-vm, clientId: 00000000-1111-2222-3333-444444444444}}}}
      - id: bound
        cluster: second
        join: {{bound_keypair: {{tokenName: jenkins-bound, registrationSecret: the-registration-secret}}}}
      - id: vaulted
        cluster: second
        join: {{token: {{credentialsId: teleport-vaulted}}}}
        agentCredentials: ["teleport-*", teleport/other]
      - id: registered
        cluster: second
        join: {{bound_keypair: {{tokenName: jenkins-bound, registrationSecretCredentialsId: teleport/bound}}}}
      - id: fixed
        cluster: second
        join: {{bound_keypair: {{tokenName: jenkins-bound, staticKeyCredentialsId: teleport/key}}}}
      - id: signed
        cluster: second
        join: {{jenkins: {{tokenName: jenkins-signed, form: gitlab, audience: example.com}}}}
      - id: pasted
        cluster: second
        join: {{token: {{token: "tbot+auth+bound-keypair://jenkins:the-pasted-secret@auth.example.com:3025"}}}}
"""


def section(yaml, *keys):
    """The lines of one key below others, of a YAML text with two blanks a level."""
    lines, depth = yaml.splitlines(), 0
    for key in keys:
        at = lines.index("  " * depth + key + ":")
        end = next((i for i in range(at + 1, len(lines)) if not lines[i].startswith(("  " * (depth + 1), "  " * depth + "-"))),
                   len(lines))
        lines, depth = lines[at + 1:end], depth + 1
    head = "".join("  " * level + key + ":\n" for level, key in enumerate(keys))
    return head + "\n".join(lines) + "\n"


@test
def configuration_as_code_round_trip(world):
    jenkins = world.jenkins
    if not (jenkins.home / "plugins/configuration-as-code.jpi").exists():
        raise Skipped("configuration-as-code is not among the plugins")

    def configure(name, yaml):
        path = world.output / name
        path.write_text(yaml)
        out = jenkins.groovy(f"io.jenkins.plugins.casc.ConfigurationAsCode.get().configure('{path}')")
        assert "Exception" not in out, out

    def export():
        yaml = jenkins.post("/manage/configuration-as-code/export")
        return section(yaml, "unclassified", "machineId"), section(yaml, "jenkins", "nodes")

    web_ca = textwrap.indent(Path(world.cluster["web_ca"]).read_text().rstrip(), " " * 10)
    configure("casc.yaml", ALL_FIELDS.format(proxy=world.cluster["proxy"], web_ca=web_ca, pin="1" * 64, pin2="2" * 64))
    ours, nodes = export()
    contains(ours, "kubernetes:", 'tokenName: "jenkins-agents"', 'agentsBy: "any"', 'agentLabel: "api"', '- "a1-*"', 'id: "pods"', 'teleportName: "second.example.com"', '- "team-b/**"', 'tokenPath: "/var/run/proof"',
             "iam:", "fips: true", "generic_oidc:", '- "a b"', 'timeout: "30s"', 'audienceTag: "TP"', 'clientId: "00000000-',
             "bound_keypair:", 'tokenName: "jenkins-bound"', "jenkins:", 'form: "gitlab"', 'audience: "example.com"',
             'variable: "PROOF"', 'tokenFile: "/etc/token"', 'keyAlgorithm: "rsa-2048"', 'lifetime: "30m"',
             'renewalInterval: "10m"', "builtInNodeAllowed: true", 'cacheScope: "build"', 'addressKind: "auth"',
             'maxTtl: "2h"', "1" * 64, "2" * 64)
    contains(nodes, "machineId:", 'identity: "each"', 'defaultIdentity: "api"', "standing:")
    contains(ours, 'credentialsId: "teleport-vaulted"', '- "teleport-*"', 'registrationSecretCredentialsId: "teleport/bound"',
             'staticKeyCredentialsId: "teleport/key"')
    equal(ours.count("join:"), 12, "exported join methods, without those that are the default")
    for default in ('addressKind: "proxy"', 'keyAlgorithm: "ecdsa-p256"', 'cacheScope: "agent"',
                    'agentsBy: "names"', "builtInNodeAllowed: false"):
        assert default not in ours, f"a default is exported: {default}"
    for secret in ("the-registration-secret", "the-pasted-secret", world.cluster["token"], world.cluster["token.each"]):
        assert secret not in ours + nodes, "a token is exported in clear"
    # In the form each identity shows the fields of its method; the help of a field may come from the class above.
    page = jenkins.get("/manage/configure")
    contains(page, *(f'name="_.{field}"' for field in (
        "tokenName", "tokenPath", "variable", "fips", "command", "timeout", "audienceTag", "clientId", "registrationSecret", "form", "audience",
        "credentialsId", "registrationSecretCredentialsId", "staticKeyCredentialsId", "agentCredentials")))
    for secret in ("the-registration-secret", "the-pasted-secret"):
        assert secret not in page, "a secret is in the form"
    for path in ("GitlabJoin/help", "GitlabJoin/help/tokenName", "GitlabJoin/help/variable", "IamJoin/help/fips", "TokenJoin/help/token",
                 "TokenJoin/help/credentialsId", "BoundKeypairJoin/help/registrationSecretCredentialsId",
                 "BoundKeypairJoin/help/staticKeyCredentialsId"):
        contains(jenkins.get(f"/descriptor/{PACKAGE}.join.{path}"), "<div>")
    configure("casc-again.yaml", ours + nodes)
    again = export()
    # Secrets are encrypted anew each time.
    equal([re.sub(r'"\{A[^}]*\}"', "SECRET", text) for text in again],
          [re.sub(r'"\{A[^}]*\}"', "SECRET", text) for text in (ours, nodes)], "second export")
    kept = jenkins.groovy(f"print {PACKAGE}.config.MachineIdConfiguration.get().identity('pods').join.tokenName + "
                          "jenkins.model.Jenkins.get().getNode('a1').nodeProperties[0].identities[0].token.plainText")
    equal(kept.strip(), "jenkins-agents" + world.cluster["token"])
    world.a1.wait_online()
    jenkins.pipeline("allowed-after-casc", block(f"sh '{world.ssh('true')}'"))
    result, log = jenkins.run("allowed-after-casc")
    equal(result, "SUCCESS", log)


@test
def the_form_binds_the_fields_of_the_chosen_method(world):
    """What a browser sends for an identity, bound as Jenkins does it."""
    def bound(method, **fields):
        kind = f"{PACKAGE}.join.{method}"
        form = {"id": "x", "cluster": "main", "roles": "", "maxTtl": "", "allowedJobs": "", "allowedAgents": "",
                "builtInNodeAllowed": False, "agentsBy": "names", "agentLabel": "", "keyAlgorithm": "ecdsa-p256",
                "lifetime": "1h", "renewalInterval": "", "cacheScope": "agent",
                "join": {"stapler-class": kind, "$class": kind, "tokenFile": "", **fields}}
        path = world.output / "form.json"
        path.write_text(json.dumps(form))
        return world.jenkins.groovy(f"""
            def json = net.sf.json.JSONObject.fromObject(new File('{path}').text)
            try {{
                def it = org.kohsuke.stapler.Stapler.currentRequest2.bindJSON({PACKAGE}.config.Identity, json)
                it.check()
                print it.join.request(null, null)
            }} catch (Throwable e) {{ for (Throwable t = e; t != null; t = t.cause) println t.message }}""").strip()

    nowhere = {"variable": "", "file": ""}
    equal(bound("GenericOidcJoin", tokenName="n", command="/bin/x\r\na b\r\n", timeout="30s", **nowhere),
          "[method:generic_oidc, token:n, settings:[command:[/bin/x, a b], timeout:30]]")
    equal(bound("GitlabJoin", tokenName="n", variable="CI_JWT", file=""), "[method:gitlab, token:n, settings:[variable:CI_JWT]]")
    equal(bound("IamJoin", tokenName="n", fips=True), "[method:iam, token:n, settings:[fips:true]]")
    equal(bound("KubernetesJoin", tokenName="n", tokenPath=""), "[method:kubernetes, token:n]")
    equal(bound("TokenJoin", token="", credentialsId=""), "[method:token]")
    equal(bound("TokenJoin", token="", credentialsId="teleport-api"), "[method:token, token:credential teleport-api]")
    contains(bound("TokenJoin", token="s3cret", credentialsId="teleport-api"), "keep one")
    contains(bound("BoundKeypairJoin", tokenName="n", registrationSecret="s3cret", registrationSecretPath="", staticKeyPath=""),
             "method:bound_keypair, token:n", "registration_secret:")
    contains(bound("IamJoin", tokenName="tbot+proxy+token://s3cret@example.com", fips=False), "choose join method token")
    contains(bound("IamJoin", tokenName="", fips=False), "Method iam needs the name")
    node = world.jenkins.groovy(f"""
        def form = net.sf.json.JSONObject.fromObject([defaultIdentity: 'api', identities: [[identity: 'api', token: 'a b', tokenFile: '']]])
        def descriptor = jenkins.model.Jenkins.get().getDescriptor({PACKAGE}.config.MachineIdNodeProperty)
        try {{ println descriptor.newInstance(org.kohsuke.stapler.Stapler.currentRequest2, form) }}
        catch (hudson.model.Descriptor.FormException e) {{ println e.message }}""")
    contains(node, "printable ASCII characters")


@test
def what_is_wrong_in_code_says_what_to_do(world):
    jenkins = world.jenkins
    if not (jenkins.home / "plugins/configuration-as-code.jpi").exists():
        raise Skipped("configuration-as-code is not among the plugins")
    before = jenkins.groovy(f"print {PACKAGE}.config.MachineIdConfiguration.get().identities*.id")
    cases = {
        "clusters: [{name: a, address: 'ssh://a.example.com'}]": "HOST:PORT",
        "clusters: [{name: a, address: a.example.com, caPins: [abc]}]": "CA pin",
        "identities: [{id: 'a b', cluster: main}]": "identity's id",
        "identities: [{id: a, cluster: main, maxTtl: soon}]": "no duration",
        "identities: [{id: a, cluster: main, join: {magic: {}}}]": "magic",
        "identities: [{id: a, cluster: main, join: {iam: {}}}]": "Method iam needs the name",
        "identities: [{id: a, cluster: main, join: {gitlab: {tokenName: a, variable: B, file: /c}}}]": "only one of variable, file",
        "identities: [{id: a, cluster: main, join: {token: {token: 'tbot+proxy+token://s3cret@else.example.com'}}}]": "cluster 'main' is at",
        "identities: [{id: a, cluster: main, join: {token: {token: a, credentialsId: b}}}]": "keep one",
        "identities: [{id: a, cluster: main, agentCredentials: ['*']}]": "no credential's id",
        "identities: [{id: a, cluster: main, agentsBy: any}]": "name its agents",
        "identities: [{id: a, cluster: main, allowedAgents: ['*']}]": "no agent name",
        "identities: [{id: a, cluster: main}, {id: a, cluster: main}]": "is used twice",
    }
    for number, (line, sentence) in enumerate(cases.items()):
        path = world.output / f"wrong-{number}.yaml"
        path.write_text(f"unclassified:\n  machineId:\n    {line}\n")
        out = jenkins.groovy(f"""
            try {{ io.jenkins.plugins.casc.ConfigurationAsCode.get().configure('{path}'); println 'TAKEN' }}
            catch (Exception e) {{ for (Throwable t = e; t != null; t = t.cause) println t.message }}""")
        contains(out, sentence)
    equal(jenkins.groovy(f"print {PACKAGE}.config.MachineIdConfiguration.get().identities*.id"), before, "what was there")

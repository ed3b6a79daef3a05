# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Builds that this Jenkins vouches for: nobody gives their agent a secret, and nothing of the bot stays on it."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import setup_page
from jenkins import Agent, wait_for
from losses import stopped_in_set_up
from memory import holds_private_key, joined_keys
from pages import heap_dump
from rest import PACKAGE
from world import Skipped, block, contains, equal, test

HERE = Path(__file__).resolve().parent
CONFIGURATION = f"{PACKAGE}.config.MachineIdConfiguration.get()"
JWS = re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{40,}")
RULE = "no allow rule of the token resource on the cluster"
UNKNOWN_KEY = "the issuer's key isn't in the token resource on the cluster"
LEASE = "machine-id: identity 'stated' with roles stated-workers, logins "
RELEASED = "machine-id: lease of 'stated' released"
CERTIFICATE = "$(cat $MACHINE_ID_DIR/*cert.pub | sha256sum | head -c 16)"


def told_to_the_cluster(world):
    """Somebody puts the keys that this Jenkins publishes into the token resource. The set-up page makes the first one."""
    world.jenkins.get(setup_page.PAGE)
    world.jwks.write_text(world.jenkins.get("/machine-id-issuer/jwks"))


def third_agent(world):
    """Agent a3, connected; nothing of ours is configured for it."""
    jenkins = world.jenkins
    jenkins.groovy(f"""
        def all = jenkins.model.Jenkins.get()
        if (all.getNode('a3') == null) {{
            def a3 = new hudson.slaves.DumbSlave('a3', '{world.agents_dir}/a3', new hudson.slaves.JNLPLauncher(true))
            a3.numExecutors = 4
            a3.labelString = 'stated'
            all.addNode(a3) }}""")
    if not hasattr(world, "a3"):
        world.a3 = Agent(jenkins, "a3", world.agents_dir / "a3", world.user)
        world.a3.start()
    world.a3.wait_online()


@contextmanager
def stated(world):
    """For so long this Jenkins vouches for jobs `stated-*` on agent a3, which has nothing of ours configured."""
    jenkins = world.jenkins
    out = jenkins.groovy(f"""
        jenkins.model.JenkinsLocationConfiguration.get().url = '{jenkins.url}/'
        def identity = {{ id, form, scope = 'build', ttl = '2h' ->
            def join = new {PACKAGE}.join.JenkinsJoin()
            join.tokenName = id
            join.form = form
            join.scope = scope
            join.audience = 'example.test'
            def it = new {PACKAGE}.config.Identity(id, 'main')
            it.join = join
            it.roles = ['stated-workers']
            it.maxTtl = ttl
            it.allowedJobs = ['stated-**']
            it.allowedAgents = ['a3']
            it }}
        {CONFIGURATION}.identities = {CONFIGURATION}.identities.findAll {{ !it.id.startsWith('stated') }} +
            [identity('stated', 'kubernetes'), identity('stated-branches', 'gitlab'),
             identity('stated-agents', 'kubernetes', 'agent', '1m')]
        {CONFIGURATION}.save()
        println 'SET'""")
    contains(out, "SET")
    told_to_the_cluster(world)
    third_agent(world)
    try:
        yield jenkins
    finally:
        jenkins.groovy(f"""
            {CONFIGURATION}.identities = {CONFIGURATION}.identities.findAll {{ !it.id.startsWith('stated') }}
            {CONFIGURATION}.save()""")


def stated_block(body, more=""):
    return block(body, f"identity: 'stated'{more}", "stated")


def nothing_left(world):
    wait_for("all leases to be gone", lambda: not world.a3.leases(), 30)


def goes_well(world, name, *parts):
    result, log = world.jenkins.run(name)
    equal(result, "SUCCESS", log)
    contains(log, LEASE, RELEASED, *parts)
    nothing_left(world)
    return log


def is_refused(world, name, sentence):
    result, log = world.jenkins.run(name)
    equal(result, "FAILURE", log)
    contains(log, "[join_rejected]", sentence)
    assert "never" not in log.replace("echo never", ""), log
    nothing_left(world)
    return log


@test
def a_vouched_for_pipeline_reaches_a_node_without_a_secret(world):
    with stated(world) as jenkins:
        jenkins.pipeline("stated-scripted", stated_block(f"sh '{world.ssh('echo over-$((40+2))')}'"))
        goes_well(world, "stated-scripted", "over-42")
        record = jenkins.audit("stated-scripted", 1)
        roles = [each["roles"] for each in record["certificates"]]
        assert roles and all(each == ["stated-workers"] for each in roles), record


@test
def vouched_for_declarative_freestyle_and_parallel(world):
    with stated(world) as jenkins:
        jenkins.folder("stated-folder")
        jenkins.pipeline("stated-folder/declarative", """
            pipeline { agent { label 'stated' }
              stages { stage('one') { steps { withMachineId(identity: 'stated') { sh 'ls -l $MACHINE_ID_SSH_CONFIG' } } } } }""")
        goes_well(world, "stated-folder/declarative")
        jenkins.freestyle("stated-freestyle", "ls -l $MACHINE_ID_SSH_CONFIG",
                          "<io.jenkins.plugins.machineid.step.MachineIdBuildWrapper><identity>stated</identity>"
                          "</io.jenkins.plugins.machineid.step.MachineIdBuildWrapper>", "stated")
        goes_well(world, "stated-freestyle")
        jenkins.pipeline("stated-parallel", """
            node('stated') { parallel(
              a: { withMachineId(identity: 'stated') { sh 'echo A=$MACHINE_ID_DIR; sleep 3; ls $MACHINE_ID_SSH_CONFIG' } },
              b: { withMachineId(identity: 'stated') { sh 'echo B=$MACHINE_ID_DIR; sleep 3; ls $MACHINE_ID_SSH_CONFIG' } }) }""")
        log = goes_well(world, "stated-parallel")
        equal(len(set(re.findall(r"^[AB]=(/\S+)", log, re.M))), 2, log)


# Change requests 7 of somebody else's repository and 8 of the project's own, found by a source of their own.
REQUESTS = """
    class Request extends jenkins.scm.api.SCMHead implements jenkins.scm.api.mixin.ChangeRequestSCMHead2 {
        String id
        jenkins.scm.api.SCMHeadOrigin origin
        Request(String id, jenkins.scm.api.SCMHeadOrigin origin) {
            super('PR-' + id)
            this.id = id
            this.origin = origin }
        String getId() { id }
        String getOriginName() { 'theirs' }
        jenkins.scm.api.SCMHead getTarget() { new jenkins.scm.api.SCMHead('main') }
        jenkins.scm.api.mixin.ChangeRequestCheckoutStrategy getCheckoutStrategy() {
            jenkins.scm.api.mixin.ChangeRequestCheckoutStrategy.HEAD }
        jenkins.scm.api.SCMHeadOrigin getOrigin() { origin }
    }
    class Revision extends jenkins.scm.api.SCMRevision {
        Revision(jenkins.scm.api.SCMHead head) { super(head) }
        boolean equals(Object other) { other instanceof Revision && other.head == head }
        int hashCode() { 7 }
    }
    class Requests extends jenkins.scm.api.SCMSource {
        protected void retrieve(jenkins.scm.api.SCMSourceCriteria criteria, jenkins.scm.api.SCMHeadObserver observer,
                                jenkins.scm.api.SCMHeadEvent event, hudson.model.TaskListener listener) {
            [new Request('7', new jenkins.scm.api.SCMHeadOrigin.Fork('somebody')),
             new Request('8', jenkins.scm.api.SCMHeadOrigin.DEFAULT)].each { observer.observe(it, new Revision(it)) } }
        hudson.scm.SCM build(jenkins.scm.api.SCMHead head, jenkins.scm.api.SCMRevision revision) { new hudson.scm.NullSCM() }
        jenkins.scm.api.SCMSourceDescriptor getDescriptor() {
            jenkins.model.Jenkins.get().getDescriptorByType(jenkins.scm.impl.SingleSCMSource.DescriptorImpl) }
    }"""


@test
def vouched_for_branch_but_not_a_fork(world):
    """The rules take each job of the project, branches and change requests: only that it states a fork sets one apart. No server
    of sources: the project finds all by sources of its own, and their Jenkinsfile is this script."""
    if not (world.jenkins.home / "plugins/workflow-multibranch.jpi").exists():
        raise Skipped("workflow-multibranch is not among the plugins")
    with stated(world) as jenkins:
        script = block("sh 'echo inside'", "identity: 'stated-branches'", "stated").replace("'", "\\'")
        made = jenkins.groovy(f"""
            import jenkins.branch.*
            import jenkins.scm.api.*
            import org.jenkinsci.plugins.workflow.multibranch.*
            {REQUESTS}
            class Fixed extends AbstractWorkflowBranchProjectFactory {{
                protected org.jenkinsci.plugins.workflow.flow.FlowDefinition createDefinition() {{
                    new org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition('{script}', true) }}
                protected SCMSourceCriteria getSCMSourceCriteria(SCMSource source) {{ {{ probe, listener -> true }} as SCMSourceCriteria }}
            }}
            // A class of a script can't be stored otherwise.
            jenkins.security.ClassFilterImpl.SUPPRESS_WHITELIST = true
            def project = jenkins.model.Jenkins.get().createProject(WorkflowMultiBranchProject, 'stated-multi')
            project.projectFactory = new Fixed()
            def main = new jenkins.scm.impl.SingleSCMSource('main', new hudson.scm.NullSCM())
            [main, new Requests()].eachWithIndex {{ source, at ->
                source.id = 'source-' + at
                project.sourcesList.add(new BranchSource(source)) }}
            project.scheduleBuild2(0).future.get()
            println project.items*.fullName""")
        contains(made, "stated-multi/main", "stated-multi/PR-7", "stated-multi/PR-8")
        try:
            # Indexing has started a first build of each.
            for taken in ("main", "PR-8"):
                result, log = jenkins.finish(f"stated-multi/{taken}", 1)
                equal(result, "SUCCESS", log)
                contains(log, "identity 'stated-branches' with roles stated-workers", "inside")
            result, log = jenkins.finish("stated-multi/PR-7", 1)
            equal(result, "FAILURE", log)
            contains(log, "[join_rejected]", RULE)
            said = jenkins.groovy(f"""
                import {PACKAGE}.issuer.*
                def jenkins = jenkins.model.Jenkins.get()
                ['stated-multi/main', 'stated-multi/PR-7', 'stated-multi/PR-8'].each {{ name ->
                    def run = jenkins.getItemByFullName(name).getBuildByNumber(1)
                    def all = StatementForm.GITLAB.claims(BuildFactsReader.of(run, jenkins.getNode('a3')), 'stated-branches')
                    println name + ' ' + all.project_path + ' ' + all.ref_type + ' ' + all.ref }}""")
            contains(said, "stated-multi/main stated-multi/main branch main", "stated-multi/PR-7 stated-multi/PR-7 fork fork/7",
                     "stated-multi/PR-8 stated-multi/PR-8 change_request change_request/8")
        finally:
            jenkins.groovy("jenkins.model.Jenkins.get().getItem('stated-multi').delete(); "
                           "jenkins.security.ClassFilterImpl.SUPPRESS_WHITELIST = false")
        nothing_left(world)


@test
def the_cluster_refuses_a_job_that_no_rule_names(world):
    with stated(world) as jenkins:
        jenkins.pipeline("stated-other", stated_block("sh 'echo never'"))
        log = is_refused(world, "stated-other", RULE)
        contains(log, "tctl get token/stated`", "Manage Jenkins, Machine ID, Set up, how token resource 'stated' has to be")


@test
def a_long_block_is_renewed_with_a_fresh_statement(world):
    with stated(world) as jenkins:
        jenkins.pipeline("stated-long", stated_block(
            "sh 'set +x; failed=0; for i in $(seq 40); do ls $MACHINE_ID_SSH_CONFIG >/dev/null || failed=$((failed+1)); "
            f"{world.ssh('true')} || failed=$((failed+1)); echo certificate={CERTIFICATE}; sleep 2; done; echo used failed=$failed'",
            ", ttl: '1m'"))
        number = jenkins.build("stated-long")
        result, log = jenkins.finish("stated-long", number, 240)
        equal(result, "SUCCESS", log)
        contains(log, LEASE, RELEASED, "used failed=0")
        certificates = set(re.findall(r"^certificate=(\w+)", log, re.M))
        # Of a minute, renewed at half: two or three times in 80 seconds.
        assert len(certificates) >= 3, log
        nothing_left(world)


@test
def a_vouched_for_block_outlives_its_controller(world):
    with stated(world) as jenkins:
        over = world.a3.directory / "workspace/stated-restart/over"
        jenkins.pipeline("stated-restart", stated_block(
            "sh 'set +x; rm -f over; echo inside; failed=0; for i in $(seq 300); do [ -f over ] && break; "
            f"{world.ssh('true')} || failed=$((failed+1)); echo certificate={CERTIFICATE}; sleep 1; done; echo used failed=$failed'",
            ", ttl: '4m'"))
        number = jenkins.build("stated-restart")
        jenkins.wait_console("stated-restart", number, "certificate=")
        jenkins.restart()
        try:
            jenkins.wait_console("stated-restart", number, "taken again", 240)
            time.sleep(5)
            again = len(certificates_of(jenkins, "stated-restart", number))
            wait_for("a renewal after the restart", lambda: len(certificates_of(jenkins, "stated-restart", number)) > again, 240, 2)
        finally:
            over.touch()
        result, log = jenkins.finish("stated-restart", number, 120)
        equal(result, "SUCCESS", log)
        contains(log, RELEASED, "used failed=0")
        nothing_left(world)


def certificates_of(jenkins, name, number):
    return set(re.findall(r"^certificate=(\w+)", jenkins.console(name, number), re.M))


@test
def abort_of_a_vouched_for_block_leaves_nothing(world):
    with stated(world) as jenkins:
        jenkins.pipeline("stated-abort", stated_block("sh 'echo inside; sleep 100'"))
        number = jenkins.build("stated-abort")
        jenkins.wait_console("stated-abort", number, "inside")
        jenkins.post(f"/job/stated-abort/{number}/stop")
        result, log = jenkins.finish("stated-abort", number)
        equal(result, "ABORTED", log)
        contains(log, RELEASED)
        nothing_left(world)
        stopped_in_set_up(world, "stated-abort")
        nothing_left(world)


def statement(jenkins, job):
    """One as this Jenkins would sign it; its first part is that of each, until the key is another one."""
    text = jenkins.groovy(f"""
        import {PACKAGE}.issuer.*
        print new String(Statements.sign(StatementForm.KUBERNETES, new BuildFacts('{jenkins.url}', '{job}', 1,
            'x', '', '', false, '', '', 'a3', []), 'stated', 'example.test'))""").strip().encode()
    assert JWS.fullmatch(text), text
    return text


@test
def nothing_of_the_bot_is_on_the_agent(world):
    """While the block is inside: on disk, in logs and what Jenkins stores, in the heap of the agent, and of the bot's key in all
    memory of its process, where the library keeps what no dump of the heap shows."""
    jcmd = shutil.which("jcmd")
    with stated(world) as jenkins:
        jenkins.pipeline("stated-inside", stated_block("sh 'echo inside; sleep 100'"))
        number = jenkins.build("stated-inside")
        jenkins.wait_console("stated-inside", number, "inside")
        head = statement(jenkins, "stated-inside").split(b".")[0] + b"."
        kept = [str(path) for path in world.a3.directory.glob("machine-id/identities/**/*") if path.is_file()]
        equal(kept, [], "what the agent keeps of identities")
        found, looked = [], 0
        for place in (world.output, world.agents_dir):
            for path in place.rglob("*"):
                if path.is_file() and path.suffix not in (".jar", ".jpi", ".war") and path.stat().st_size < 50_000_000:
                    looked += 1
                    content = path.read_bytes()
                    if head in content or JWS.search(content):
                        found.append(str(path))
        assert looked > 100, looked
        equal(found, [], "files with a statement")
        xml = jenkins.get("/job/stated-inside/config.xml") + jenkins.get(f"/job/stated-inside/{number}/consoleFull")
        assert head.decode() not in xml
        equal(holds_private_key(world.a3, joined_keys(world, "bot-stated")), 0, "the bot's private key in memory")
        # The same search finds the key of a bot that an agent keeps.
        assert holds_private_key(world.a1, joined_keys(world, "bot-api")), "the search finds nothing at all"
        if jcmd:
            for _ in range(3):
                heap = heap_dump(world.a3, jcmd)
                assert b"machine-id" in heap, "the dump is of another JVM"
                in_heap = heap.count(head) + len(JWS.findall(heap))
                if not in_heap:
                    break
                time.sleep(5)
            equal(in_heap, 0, "statements that stay in the heap of the agent")
        jenkins.post(f"/job/stated-inside/{number}/stop")
        jenkins.finish("stated-inside", number)
        nothing_left(world)
        if not jcmd:
            raise Skipped("jcmd is not installed: the heap wasn't looked at")


@test
def a25_a_hostile_build_becomes_nothing_more(world):
    """It takes all that its user can read, memory of the agent's process too, and joins with it or with its own forgeries. It
    comes after the block's join: a build that runs at that moment may read the statement (a25 doesn't promise otherwise)."""
    with stated(world) as jenkins:
        shared = Path(tempfile.mkdtemp(prefix="machine-id-hostile-"))
        shared.chmod(0o755)
        try:
            for file in (HERE / "hostile/steal.py", Path(world.cluster["web_ca"])):
                shutil.copy(file, shared / file.name)
                (shared / file.name).chmod(0o644)
            proxy, jwks = world.cluster["proxy"], jenkins.url + "/machine-id-issuer/jwks"
            thief = (f"SSL_CERT_FILE={shared}/{Path(world.cluster['web_ca']).name} AGENT_ROOT={world.a3.directory} "
                     f"python3 {shared}/steal.py {proxy} {jwks} stated -:stated-hostile@stated")
            jenkins.pipeline("stated-hostile", stated_block(f"sh 'set +x; {thief}'"))
            result, log = jenkins.run("stated-hostile", 400)
            equal(result, "SUCCESS", log)
            tries = [json.loads(line[4:]) for line in log.splitlines() if line.startswith("TRY ")]
            loot = json.loads(next(line[5:] for line in log.splitlines() if line.startswith("LOOT ")))
            print(f"  {loot}")
            assert len(tries) >= 12 and loot["files"] > 20 and loot["environments"] > 2 and loot["memory"] > 10_000_000, log
            equal([each for each in tries if each["got"]], [], "what it has become")
            equal(loot["statements"], [], "statements that it found")
            # The same program with a genuine statement does get in: what was refused was refused for what it was.
            equal(joins(world, statement(jenkins, "stated-hostile")), True, "a genuine statement")
        finally:
            shutil.rmtree(shared)
        nothing_left(world)


def joins(world, text):
    """Whether the program that is in the plugin joins with a statement."""
    place = Path(tempfile.mkdtemp(prefix="machine-id-genuine-"))
    try:
        (place / "statement").write_bytes(text)
        program = os.environ.get("MACHINE_ID") or shutil.which("machine-id")
        if not program:
            raise Skipped("MACHINE_ID names no program: whether a genuine statement joins wasn't tried")
        (place / "tbot.yaml").write_text(json.dumps({
            "version": "v2", "proxy_server": world.cluster["proxy"],
            "onboarding": {"join_method": "kubernetes", "token": "stated", "kubernetes": {"token_path": str(place / "statement")}},
            "storage": {"type": "memory"},
            "outputs": [{"type": "identity", "destination": {"type": "directory", "path": str(place / "out")}}]}))
        done = subprocess.run([program, "start", "--oneshot", "-c", place / "tbot.yaml"], capture_output=True, text=True,
                              timeout=120, check=False, env=dict(os.environ, SSL_CERT_FILE=world.cluster["web_ca"]))
        assert done.returncode == 0, done.stderr
        return True
    finally:
        shutil.rmtree(place)


@test
def keys_are_exchanged_in_both_orders(world):
    with stated(world) as jenkins:
        jenkins.pipeline("stated-rotation", stated_block("sh 'true'"))

        def step(name):
            jenkins.post(setup_page.PAGE + "rotate", {"step": name})

        goes_well(world, "stated-rotation")
        step("PUBLISH")
        told_to_the_cluster(world)
        goes_well(world, "stated-rotation")
        step("SIGN")
        goes_well(world, "stated-rotation")
        step("DROP")
        told_to_the_cluster(world)
        goes_well(world, "stated-rotation")
        # Signed with before anybody told the cluster.
        step("PUBLISH")
        step("SIGN")
        is_refused(world, "stated-rotation", UNKNOWN_KEY)
        told_to_the_cluster(world)
        goes_well(world, "stated-rotation")
        step("DROP")
        told_to_the_cluster(world)
        goes_well(world, "stated-rotation")


@contextmanager
def standing(world, name="a3"):
    """For so long the agent has a standing destination, for which this Jenkins states which agent asks."""
    place = world.agents_dir / "standing-a3"
    place.mkdir(exist_ok=True)
    if world.user:
        shutil.chown(place, world.user)
    node = f"def node = jenkins.model.Jenkins.get().getNode('{name}'); "
    world.jenkins.groovy(node + f"""
        def property = new {PACKAGE}.config.MachineIdNodeProperty()
        property.identities = [new {PACKAGE}.config.Binding('stated-agents')]
        property.standing = new {PACKAGE}.config.StandingDestination('{place}/machine-id')
        node.nodeProperties.add(property)
        node.save()""")
    try:
        yield place / "machine-id"
    finally:
        world.jenkins.groovy(node + f"node.nodeProperties.removeAll({PACKAGE}.config.MachineIdNodeProperty); node.save()")


@test
def a_standing_destination_is_kept_fresh_by_statements_about_its_agent(world):
    with stated(world) as jenkins, standing(world) as place:
        config, certificate = place / "ssh_config", place / "key-cert.pub"
        # Agents are looked at once a minute; a certificate of a minute is renewed at half.
        wait_for("the standing destination", config.exists, 90)
        first = certificate.read_bytes()
        wait_for("a renewal", lambda: certificate.read_bytes() != first, 90)
        second = certificate.read_bytes()
        wait_for("another one", lambda: certificate.read_bytes() != second, 90)
        equal([str(path) for path in world.a3.directory.glob("machine-id/identities/**/*") if path.is_file()], [],
              "what the agent keeps of identities")
        jenkins.pipeline("stated-standing", f"node('stated') {{ sh '{world.ssh('echo standing-$((1+1))', config)}' }}")
        result, log = jenkins.run("stated-standing")
        equal(result, "SUCCESS", log)
        contains(log, "standing-2")
        # What is stated about the agent is for no block there.
        jenkins.pipeline("stated-scope", block("sh 'echo never'", "identity: 'stated-agents'", "stated"))
        result, log = jenkins.run("stated-scope")
        equal(result, "FAILURE", log)
        contains(log, "[agent_scope]")
        setup = jenkins.get(setup_page.PAGE)
        contains(setup, "%agent:a3@stated-agents")

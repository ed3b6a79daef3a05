# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Blocks in a Jenkins that has users, where our own threads are nobody."""

import re

from attacks import users
from statements import CERTIFICATE, stated, stated_block
from world import contains, equal, test


@test
def where_jenkins_has_users_a_block_is_renewed_and_its_end_is_noted(world):
    with stated(world) as jenkins, users(jenkins):
        # Of a minute, renewed at half.
        jenkins.pipeline("stated-scripted", stated_block(
            f"sh 'set +x; for i in $(seq 45); do echo certificate={CERTIFICATE}; sleep 1; done'", ", ttl: '1m'"))
        number = jenkins.build("stated-scripted")
        result, log = jenkins.finish("stated-scripted", number, 240)
        equal(result, "SUCCESS", log)
        assert len(set(re.findall(r"^certificate=(\w+)", log, re.M))) == 2, log
        record = jenkins.audit("stated-scripted", number)
        assert all(lease["released"] for lease in record["leases"]), record
        contains(str(record["certificates"]), "ssh")

# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a bot's private key is in the memory of an agent's process. Its public half, which the double has written down, stands
beside it there."""

import base64


def joined_keys(world, user):
    """Public keys with which a bot joined, the latest last."""
    lines = [line.split() for line in world.joined_keys.read_text().splitlines()]
    return [bytes.fromhex(key) for name, key in lines if name == user]


def private_halves(public):
    """What stands in memory beside a private key as DER or PEM, and nowhere else."""
    if public[0] == 4:
        # The end of PKCS#8 and of SEC 1; in a PEM of PKCS#8 for P-256 the key begins 74 bytes in, and a line has 64 letters.
        end = b"\xa1\x44\x03\x42\x00" + public
        return [end, base64.b64encode(public[1:])[:28]]
    # RSAPrivateKey begins as RSAPublicKey goes on behind its length: then the exponents.
    numbers = public[4:]
    return [b"\x02\x01\x00" + numbers + b"\x02"]


def memory(process):
    """All that a process can write to."""
    with open(f"/proc/{process.pid}/maps", encoding="utf-8") as maps, open(f"/proc/{process.pid}/mem", "rb", 0) as mem:
        for line in maps:
            span, rights = line.split()[:2]
            begin, end = (int(part, 16) for part in span.split("-"))
            if rights.startswith("rw"):
                try:
                    mem.seek(begin)
                    yield mem.read(end - begin)
                except OSError:
                    continue


def holds_private_key(agent, publics):
    """How often the agent's process, its native library included, has the private half of one of them in its memory."""
    needles = [needle for public in publics for needle in private_halves(public)]
    return sum(part.count(needle) for part in memory(agent.process) for needle in needles)

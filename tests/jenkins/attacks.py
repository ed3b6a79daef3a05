# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""The attacks that need a real Jenkins: hostile agents, builds and users. Names begin with their row of
tests/attacks/rows.tsv."""

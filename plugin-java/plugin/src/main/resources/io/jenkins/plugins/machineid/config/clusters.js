// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
// An identity can be given a cluster that stands above it in the form and isn't saved yet.
Behaviour.specify("select.machine-id-cluster", "machine-id-clusters", 200, function (select) {
  if (select.dataset.machineIdClusters) {
    return;
  }
  select.dataset.machineIdClusters = "offered";
  const offer = () => {
    const known = new Set(Array.from(select.options, (option) => option.value));
    for (const field of document.querySelectorAll("input.machine-id-cluster-name")) {
      const name = field.value.trim();
      if (name !== "" && !known.has(name)) {
        known.add(name);
        select.add(new Option(name, name));
      }
    }
  };
  select.addEventListener("mousedown", offer);
  select.addEventListener("focus", offer);
});

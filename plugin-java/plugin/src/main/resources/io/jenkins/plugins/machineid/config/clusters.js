// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
// An identity can be given a cluster that stands above it in the form and isn't saved yet. The names go into a hidden
// field, by which the check of the choice knows them.
Behaviour.specify("select.machine-id-cluster", "machine-id-clusters", 200, function (select) {
  if (select.dataset.machineIdClusters) {
    return;
  }
  select.dataset.machineIdClusters = "offered";
  const offer = () => {
    const fields = document.querySelectorAll("input.machine-id-cluster-name");
    const above = new Set(Array.from(fields, (field) => field.value.trim()).filter((name) => name !== ""));
    for (const option of select.options) {
      if (option.dataset.machineIdAbove && !option.selected && !above.has(option.value)) {
        option.remove();
      }
    }
    const known = new Set(Array.from(select.options, (option) => option.value));
    for (const name of above) {
      if (!known.has(name)) {
        const option = new Option(name, name);
        option.dataset.machineIdAbove = "true";
        select.add(option);
      }
    }
    const entry = select.closest(".jenkins-form-item, .tr") || select.parentElement;
    const names = entry.querySelector("input[name='_.clustersAbove']");
    if (names) {
      names.value = Array.from(above).join("\n");
    }
  };
  select.addEventListener("mousedown", offer);
  select.addEventListener("focus", offer);
});

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
// Times are written in UTC, to the second; the reader sees them in the browser's own zone, and the exact one as a hint.
Behaviour.specify("time.machine-id-time", "machine-id-times", 0, function (element) {
  const time = new Date(element.dateTime);
  if (Number.isNaN(time.getTime())) {
    return;
  }
  const before = element.dataset.after ? new Date(element.dataset.after) : null;
  const sameDay = before && before.toDateString() === time.toDateString();
  element.textContent = sameDay
    ? time.toLocaleTimeString(undefined, { timeStyle: "short" })
    : time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: element.closest("#machine-id-uses") ? "short" : "medium" });
});

// The user name follows the e-mail address until somebody types one.
"use strict";

(() => {
  for (const source of document.querySelectorAll("[data-fills]")) {
    const target = document.getElementById(source.dataset.fills);
    let isOwn = target.value !== "";
    target.addEventListener("input", () => { isOwn = target.value !== ""; });
    source.addEventListener("input", () => {
      if (!isOwn) target.value = source.value.split("@")[0].toLowerCase().replace(/[^a-z0-9._-]/g, "");
    });
  }
})();

// Pages work without this file. It adds the clipboard, consent buttons that wait for their tick, menus that close
// themselves, and takes the reader to what went wrong.
"use strict";

(() => {
  const ready = (root) => {
    for (const box of root.querySelectorAll(".copy[hidden]")) box.hidden = false;
    for (const button of root.querySelectorAll("[data-needs]")) {
      const box = document.getElementById(button.dataset.needs);
      if (box) button.disabled = !box.checked;
    }
    root.querySelector("[data-focus]")?.focus();
  };

  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copy);
    const answer = button.parentElement.querySelector("[role=status]");
    let words = button.dataset.done;
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
    } catch {
      getSelection().selectAllChildren(source);
      words = button.dataset.failed;
    }
    answer.textContent = "";
    setTimeout(() => { answer.textContent = words; }, 50); // a changed text is read out again
  };

  const closeOthers = (place) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(place)) menu.open = false;
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    closeOthers(event.target);
  });

  // An open menu must not hide what the keyboard has moved on to.
  document.addEventListener("focusin", (event) => closeOthers(event.target));

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  document.addEventListener("change", (event) => {
    for (const button of document.querySelectorAll("[data-needs]")) {
      if (button.dataset.needs === event.target.id) button.disabled = !event.target.checked;
    }
  });

  // A page that comes back from the browser's memory keeps its ticks.
  addEventListener("pageshow", () => ready(document));
  document.addEventListener("htmx:load", (event) => ready(event.target));
})();

// Pages work without this file. It adds the clipboard, consent buttons that wait for their tick, menus that close
// themselves, keeps what was typed when the language changes, sends a form once, shows the tab that is open on a narrow
// screen, and takes the reader to what went wrong.
"use strict";

(() => {
  const ready = (root) => {
    for (const box of root.querySelectorAll(".copy[hidden]")) box.hidden = false;
    for (const button of root.querySelectorAll("[data-needs]")) {
      const box = document.getElementById(button.dataset.needs);
      if (box) button.disabled = !box.checked;
    }
    root.querySelector("[data-focus]")?.focus();
    for (const tab of root.querySelectorAll(".tabs [aria-current]")) {
      const strip = tab.closest(".tabs"); // on a phone it holds more tabs than it shows
      strip.scrollLeft = tab.offsetLeft - strip.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
    }
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

  // Choosing the language loads the page anew: what was typed waits in this tab for the one moment in between.
  // Secrets do not.
  const TYPED = "typed";
  const fields = () => [...document.querySelectorAll("main form :is(input, select, textarea)[name]")].filter(
    (field) => !["hidden", "password", "file"].includes(field.type) && field.autocomplete !== "one-time-code",
  );
  const stateOf = (field) => (field.type === "checkbox" || field.type === "radio" ? field.checked : field.value);

  const keep = () => {
    const values = fields().map((field) => [field.name, field.type, stateOf(field)]);
    try {
      sessionStorage.setItem(TYPED, JSON.stringify(values));
    } catch { /* no storage: the page comes back as it was saved */ }
  };

  const restore = () => {
    let kept = null;
    try {
      kept = JSON.parse(sessionStorage.getItem(TYPED));
      sessionStorage.removeItem(TYPED);
    } catch { /* nothing was kept */ }
    if (!kept) return;
    // A page that answered a form may come back under another address: the same fields make it the same page.
    const here = fields();
    const isSame = here.length === kept.length
      && here.every((field, at) => field.name === kept[at][0] && field.type === kept[at][1]);
    if (!isSame) return;
    here.forEach((field, at) => {
      const value = kept[at][2];
      if (typeof value === "boolean") field.checked = value;
      else field.value = value;
    });
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

  // The second half of a double click must not send a form again: its answer would take the place of the first one,
  // which may show something once. A form that answers with a file stays on the page, so the pause is short.
  const PAUSE = 2000;
  const sent = new WeakMap();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches(".language")) keep();
    if (form.method !== "post") return;
    if (Date.now() - (sent.get(form) ?? -PAUSE) < PAUSE) event.preventDefault();
    else sent.set(form, Date.now());
  });

  // A page that comes back from the browser's memory keeps its ticks.
  addEventListener("pageshow", () => {
    restore();
    ready(document);
  });
  document.addEventListener("htmx:load", (event) => ready(event.target));
})();

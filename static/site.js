/* Leaving fast, and never being shown again by the Back button. The site works without this file.
   Order matters: hide first, then forget, then go. Nothing is awaited, logged or kept but one flag of this tab. */
(function () {
  "use strict";
  var page = document, root = page.documentElement, flag = "n";

  function kept(value) {
    try {
      if (value === undefined) return sessionStorage.getItem(flag) === "1";
      if (value) sessionStorage.setItem(flag, "1"); else sessionStorage.removeItem(flag);
    } catch (refused) { /* storage is off: the guard is off, the rest works */ }
    return false;
  }

  function cameBack() {
    var entry = performance.getEntriesByType && performance.getEntriesByType("navigation")[0];
    return entry ? entry.type === "back_forward" : performance.navigation.type === 2;
  }

  function hide() {
    root.classList.add("veil");
    page.title = root.getAttribute("data-name");
  }

  function go() {
    var there = root.getAttribute("data-leave");
    hide();
    location.replace(there);
    setTimeout(function () {
      var note = page.createElement("p"), link = page.createElement("a");
      note.setAttribute("role", "status");
      link.href = link.textContent = there;
      link.rel = "noreferrer nofollow";
      root.appendChild(note);
      note.append(root.getAttribute("data-wait") + " ", link);
    }, 8000);
  }

  function empty() {
    page.querySelectorAll("form").forEach(function (form) { form.reset(); });
    page.querySelectorAll("input[type=text],textarea").forEach(function (field) { field.value = ""; });
  }

  function leave() {
    var main = page.getElementById("contenu");
    kept(true);
    hide();
    page.dispatchEvent(new Event("leave")); /* who holds a page open on the server lets it go (quiet.js) */
    empty();
    if (main) main.textContent = "";
    if (navigator.sendBeacon) navigator.sendBeacon("/x");
    go();
  }

  root.classList.add("js");
  if (kept()) { if (cameBack()) { go(); return; } kept(false); }
  addEventListener("pageshow", function (event) { if (event.persisted && kept()) go(); });

  page.addEventListener("click", function (event) {
    if (event.target.closest && event.target.closest("[data-quitter]")) { event.preventDefault(); leave(); }
  }, true);

  /* Shift three times, five seconds at most between two; any other key starts again. */
  var taps = 0, alone = false, timer;

  function tell(count, words) {
    var button = page.getElementById("quitter"), status = page.getElementById("quitter-etat");
    taps = count;
    if (!button || !status) return;
    if (count) button.setAttribute("data-taps", count); else button.removeAttribute("data-taps");
    status.textContent = words ? status.getAttribute(words) : "";
  }

  page.addEventListener("keydown", function (event) {
    if (event.key !== "Shift") { alone = false; if (taps) { clearTimeout(timer); tell(0); } }
    else if (!event.repeat) alone = true;
  }, true);
  page.addEventListener("pointerdown", function () { alone = false; }, true);
  page.addEventListener("keyup", function (event) {
    if (event.key !== "Shift" || !alone) return;
    alone = false;
    clearTimeout(timer);
    if (taps === 2) { leave(); return; }
    tell(taps + 1, taps ? "data-one" : "data-two");
    timer = setTimeout(function () { tell(0, "data-over"); }, 5000);
  }, true);

  /* What was typed and sent must not come back with the Back button. */
  var sent = false;
  page.addEventListener("submit", function () { sent = true; });
  addEventListener("pagehide", function () { if (sent) { sent = false; empty(); } });
})();

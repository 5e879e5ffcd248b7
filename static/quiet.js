/* Pages that hold somebody's answers, words or code: emptied when they are left, and after three minutes of silence.
   Thirty seconds before, a sentence says so, and any touch, key or scroll keeps the page. They work without this file.
   What seals comes once the page is shown; who is faster than it waits for it, ten seconds at most. */
(function () {
  "use strict";
  var page = document, silence = 180000, warning = 30000, warn, end, shown;
  var signs = ["input", "keydown", "pointerdown", "wheel", "touchmove"];

  function part(name) {
    var template = page.getElementById(name);
    return template ? template.content.cloneNode(true) : null;
  }

  function empty() {
    page.querySelectorAll("form").forEach(function (form) { form.reset(); });
    page.querySelectorAll("input:not([type=radio]):not([type=checkbox]),textarea").forEach(function (field) { field.value = ""; });
    page.querySelectorAll("input:checked").forEach(function (field) { field.checked = false; });
    page.querySelectorAll("output,[data-empty]").forEach(function (one) { one.textContent = ""; });
  }

  /* The server forgets the page of an exchange, which its address could open again. */
  function close() {
    var token = page.querySelector("[data-close] [name=k]");
    if (token && navigator.sendBeacon) navigator.sendBeacon(location.pathname, new URLSearchParams({ do: "close", k: token.value }));
  }

  function blank() {
    hush();
    if (!page.dispatchEvent(new CustomEvent("silence", { cancelable: true }))) return;
    var main = page.getElementById("contenu"), keeps = page.querySelector("[data-code]"), left = part("t-blank");
    close();
    empty();
    main.textContent = "";
    main.appendChild(left);
    main.querySelector("[data-restart]").href = keeps ? location.href : location.pathname;
    main.querySelector("h1").focus();
    if (!keeps) history.replaceState(null, "", location.pathname);
    stop();
  }

  function hush() {
    if (shown) shown.remove();
    shown = null;
  }

  function tell() {
    var said = part("t-silence");
    if (!said) return;
    shown = said.firstElementChild;
    page.body.appendChild(shown);
    shown.querySelector("button").addEventListener("click", start);
  }

  function start() {
    hush();
    clearTimeout(warn);
    clearTimeout(end);
    warn = setTimeout(tell, silence - warning);
    end = setTimeout(blank, silence);
  }

  function stop() {
    clearTimeout(warn);
    clearTimeout(end);
    signs.forEach(function (kind) { removeEventListener(kind, start, true); });
  }

  signs.forEach(function (kind) { addEventListener(kind, start, { capture: true, passive: true }); });
  page.addEventListener("leave", close);
  addEventListener("pagehide", empty);
  /* Not after Quitter: asking for the page anew would come before, and undo, going away from it (site.js). */
  addEventListener("pageshow", function (event) {
    if (event.persisted && !page.documentElement.classList.contains("veil")) location.reload();
  });
  page.addEventListener("DOMContentLoaded", start);
  /* The answer to a form that was refused: the browser would keep what was sent, to send it again when it reopens tabs. */
  history.replaceState(null, "", location.href);

  addEventListener("load", function () {
    var place = page.querySelector("[data-script]"), script = page.createElement("script"), held = null, patience;
    if (!place || !("noModule" in script)) return;

    function hold(event) {
      event.preventDefault();
      event.stopPropagation();
      if (!held) patience = setTimeout(go, 10000);
      held = event.target;
    }

    function go() {
      clearTimeout(patience);
      removeEventListener("submit", hold, true);
      if (held && held.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }))) held.submit();
    }

    addEventListener("submit", hold, true);
    script.type = "module";
    script.onload = script.onerror = go;
    script.src = place.getAttribute("data-script");
    page.body.appendChild(script);
  });
})();

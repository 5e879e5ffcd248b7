/* Reading a page aloud, by a voice that lives in the device: one that speaks from elsewhere would be told what is read.
   Never by itself; silent as soon as the page is left or hidden. Without such a voice there is no button. */
(function () {
  "use strict";
  var page = document, voices = window.speechSynthesis, parts, next = 0, turn = 0, part, play, stop, speaking = false;
  var silent = ".sr,.back,[hidden],nav,form,details:not([open]),svg,script,style,template,[data-aloud]";
  var blocks = "h1,h2,h3,p,li,dt,dd,summary,.when,.who,.figures";
  if (!voices || !window.SpeechSynthesisUtterance) return;

  function voice(language) {
    return voices.getVoices().filter(function (one) {
      return one.localService && one.lang.replace("_", "-").split("-")[0].toLowerCase() === language;
    })[0];
  }

  function languageOf(block) {
    return block.closest("[lang]").lang.split("-")[0];
  }

  function wordsOf(block) {
    var copy = block.cloneNode(true);
    copy.querySelectorAll(silent + "," + blocks).forEach(function (inner) { inner.remove(); });
    return copy.textContent.replace(/\s+/g, " ").trim();
  }

  /* One sentence or label after the other: long texts stop half-way in some browsers, and a pause keeps its place. */
  function read() {
    return Array.from(page.querySelectorAll("main :is(" + blocks + ")")).filter(function (block) {
      return !block.closest(silent) && block.getClientRects().length;
    }).map(function (block) {
      return { words: wordsOf(block), voice: voice(languageOf(block)) };
    }).filter(function (one) { return one.words && one.voice; });
  }

  function show(state) {
    play.textContent = play.getAttribute("data-" + state);
    stop.hidden = state === "play";
  }

  function hush() {
    turn += 1;
    speaking = false;
    voices.cancel();
  }

  function say(mine) {
    if (mine !== turn) return;
    if (next >= parts.length) { end(); return; }
    var said = new SpeechSynthesisUtterance(parts[next].words);
    said.voice = parts[next].voice;
    said.lang = said.voice.lang;
    said.onend = function () { if (mine === turn) { next += 1; say(mine); } };
    said.onerror = function () { if (mine === turn) pause(); };
    voices.speak(said);
  }

  function start() {
    hush();
    speaking = true;
    parts = parts || read();
    show("pause");
    say(turn);
  }

  function pause() { hush(); show("resume"); }

  function end() { hush(); next = 0; parts = null; show("play"); }

  /* The room is made at once, so that nothing moves when the voices are known; it is shown with the first that fits. */
  function offer() {
    if (!voice(page.documentElement.lang)) return;
    part.classList.remove("waits");
    voices.removeEventListener("voiceschanged", offer);
  }

  function prepare() {
    var template = page.getElementById("t-aloud");
    part = template.content.firstElementChild.cloneNode(true);
    play = part.querySelector("[data-play]");
    stop = part.querySelector("[data-stop]");
    play.addEventListener("click", function () { if (speaking) pause(); else start(); });
    stop.addEventListener("click", function () { end(); play.focus(); });
    template.before(part);
    addEventListener("pagehide", end);
    page.addEventListener("leave", end);
    page.addEventListener("visibilitychange", function () { if (page.hidden && speaking) pause(); });
    voices.addEventListener("voiceschanged", offer);
    offer();
  }

  if (voices.addEventListener) prepare();
})();

/* What may stand in somebody's way on a page as it is shown, where axe-core has no rule or only a part of one.
   Each function gives sentences; none means that all is well. */
window.barriers = (() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const short = (one) => one.outerHTML.replace(/ d="[^"]*"/g, "").slice(0, 110);
  const isThere = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().width > 0;
  const shown = () => all(CONTROLS).filter((one) => isThere(one) && !one.closest("[inert]") && !one.disabled);
  const isForReadersOnly = (one) => one.matches(".skip:not(:focus), .sr");

  /* A link whose line says more than links: WCAG 2.5.8 lets its height be that of the line. */
  function isInASentence(link) {
    const block = link.closest("p, li, dd, td, span.hint, label");
    if (!link.matches("a") || !block) return false;
    const said = block.cloneNode(true);
    for (const other of all("a, .sr", said)) other.remove();
    return /\p{L}{2}/u.test(said.textContent);
  }

  /* The whole answer is the target of a box or a circle; a part of the map has its twin in the list. */
  function target(one) {
    const label = one.matches("[type=radio], [type=checkbox]") ? one.closest("label") : null;
    return (label ?? one).getBoundingClientRect();
  }

  function small(least) {
    return shown()
      .filter((one) => !isForReadersOnly(one) && !isInASentence(one) && !one.closest("svg"))
      .filter((one) => {
        const { width, height } = target(one);
        return Math.min(width, height) < least - 0.5;
      })
      .map((one) => `${Math.round(target(one).width)} × ${Math.round(target(one).height)}: ${short(one)}`);
  }

  function outline() {
    const levels = all("h1, h2, h3, h4, h5, h6").filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]));
    const found = [];
    if (levels[0] !== 1 || levels.filter((level) => level === 1).length !== 1) found.push(`headings: ${levels}`);
    levels.forEach((level, index) => {
      if (index && level > levels[index - 1] + 1) found.push(`a step is missing: ${levels}`);
    });
    return found;
  }

  /* Bars, regions and forms that have a name: never twice the same. */
  function landmarks() {
    const found = [];
    const isPublic = document.getElementById("quitter") !== null;
    for (const [selector, count] of [["main", 1], ["body > header", 1], ["body > footer", isPublic ? 1 : 0]])
      if (all(selector).length !== count) found.push(`${all(selector).length} ${selector}`);
    const names = all("nav").map((one) => one.getAttribute("aria-label"));
    if (names.some((name) => !name) || new Set(names).size !== names.length) found.push(`nav: ${names.join(", ")}`);
    return found;
  }

  const sideways = () => {
    const over = document.documentElement.scrollWidth - innerWidth;
    if (over <= 0) return [];
    const wide = all("body *").filter((one) => isThere(one) && !one.closest("svg") && one.getBoundingClientRect().right > innerWidth + 1);
    return [`${over} px too wide: ${wide.slice(-1).map(short)}`];
  };

  /* Text that is cut by its own box. */
  const cut = () =>
    all("body *")
      .filter((one) => isThere(one) && !one.closest(".sr, .skip, svg, textarea, select, input"))
      .filter((one) => ["hidden", "clip"].includes(getComputedStyle(one).overflowX) && one.textContent.trim())
      .filter((one) => one.clientWidth > 1 && one.scrollWidth > one.clientWidth + 1)
      .map((one) => `cut: ${short(one)}`);

  /* Focus, down and up the page: never under the bar that stays, always with a ring. */
  function focus() {
    const found = new Set();
    const bar = document.querySelector("body > header");
    const isSticky = getComputedStyle(bar).position === "sticky";
    const { scrollPaddingTop, scrollPaddingBottom } = getComputedStyle(document.documentElement);
    const kept = (parseFloat(scrollPaddingTop) || 0) + (parseFloat(scrollPaddingBottom) || 0);
    const stops = shown().filter((one) => one.tabIndex >= 0 && !isForReadersOnly(one));
    for (const one of [...stops, ...stops.toReversed()]) {
      one.focus({ focusVisible: true });
      if (document.activeElement !== one) { found.add(`takes no focus: ${short(one)}`); continue; }
      const { top, bottom, left, right } = one.getBoundingClientRect();
      const edge = isSticky && !bar.contains(one) ? Math.max(0, bar.getBoundingClientRect().bottom) : 0;
      // Of a large field, the browser shows the line that is written.
      const hasRoom = bottom - top < innerHeight - kept && !one.matches("textarea");
      if (hasRoom ? top < edge - 1 || bottom > innerHeight + 1 : bottom < edge + 24) found.add(`hidden by the bar or the edge: ${short(one)}`);
      if (right < 0 || left > innerWidth) found.add(`beside the screen: ${short(one)}`);
      if (!hasRing(one)) found.add(`no ring: ${short(one)}`);
    }
    document.activeElement?.blur();
    scrollTo(0, 0);
    return [...found];
  }

  function hasRing(one) {
    const ringed = (part) => {
      const { outlineStyle, outlineWidth, strokeWidth } = getComputedStyle(part);
      return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || (part.matches("path") && parseFloat(strokeWidth) >= 1);
    };
    const parts = [one, one.closest("label, .choice"), one.querySelector("path")];
    return parts.some((part) => part && ringed(part));
  }

  /* Lines of the summary lead to fields that say what is wrong with them. */
  function summary() {
    const found = [];
    const box = document.querySelector("#erreurs:not([hidden]), .summary:not([hidden])");
    if (!box) return ["no summary"];
    if (document.activeElement !== box) found.push(`focus is on ${document.activeElement?.outerHTML.slice(0, 80)}`);
    const links = all("a[href^='#']", box);
    for (const link of links) {
      const field = document.querySelector(link.getAttribute("href"));
      if (!field) { found.push(`leads nowhere: ${short(link)}`); continue; }
      if (!isThere(field)) found.push(`leads to what is hidden: ${short(link)}`);
      if (field.getAttribute("aria-invalid") !== "true") found.push(`not said to be wrong: ${short(field)}`);
      const describing = field.closest("[aria-describedby]") ?? field.closest("fieldset");
      const words = (describing?.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean);
      if (!words.length || words.some((id) => !document.getElementById(id)?.textContent.trim())) found.push(`not described: ${short(field)}`);
    }
    return found;
  }

  /* Contrast of every text with every colour that its ground takes, gradients included. */
  function contrast(least) {
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const one = node.parentElement;
      if (!node.data.trim() || one.closest("svg, .sr, .skip, option, script, style, template") || !isThere(one)) continue;
      const ink = colours(getComputedStyle(one).color)[0];
      const worst = Math.min(...grounds(one).map((ground) => ratio(ink, ground)));
      if (worst < least) found.add(`${worst.toFixed(2)}: ${short(one)}`);
    }
    return [...found];
  }

  function grounds(one) {
    for (let part = one; part; part = part.parentElement) {
      const { backgroundImage, backgroundColor } = getComputedStyle(part);
      const stops = [...colours(backgroundImage), ...colours(backgroundColor)].filter((colour) => colour[3] === 1);
      if (stops.length) return stops;
    }
    return [[255, 255, 255, 1]];
  }

  const colours = (text) =>
    [...text.matchAll(/rgba?\(([^)]+)\)/g)].map(([, parts]) => {
      const [red, green, blue, alpha = 1] = parts.split(/[,/]/).map(Number);
      return [red, green, blue, alpha];
    });

  function luminance(colour) {
    const [red, green, blue] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function ratio(one, other) {
    const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (lighter + 0.05) / (darker + 0.05);
  }

  /* Words of the directory, which are French, on a page of another language. */
  function foreign(marker) {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const one = node.parentElement;
      if (node.data.includes(marker) && one.closest("[lang]").lang !== "fr") found.push(`not said to be French: ${short(one)}`);
    }
    return found;
  }

  /* The same help in the same order. */
  const help = () => all(".menu a, .foot a").map((link) => link.getAttribute("href"));

  const moving = () => [
    ...document.getAnimations().map((one) => `moves: ${one.animationName ?? one.transitionProperty}`),
    ...all("*").filter((one) => getComputedStyle(one).transitionDuration.split(", ").some((time) => parseFloat(time) > 0)).map((one) => `would move: ${short(one)}`),
  ];

  return { small, outline, landmarks, sideways, cut, focus, summary, moving, contrast, foreign, help };
})();

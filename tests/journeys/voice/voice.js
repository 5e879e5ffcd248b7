/* Says nothing aloud: remembers what it was given, and has finished a text when the test says so. */
self.said = [];
self.stops = 0;
self.finish = () => {};
chrome.ttsEngine.onSpeak.addListener((words, options, send) => {
  self.said.push(words);
  send({ type: "start", charIndex: 0 });
  self.finish = () => send({ type: "end", charIndex: words.length });
});
chrome.ttsEngine.onStop.addListener(() => { self.stops += 1; self.finish = () => {}; });

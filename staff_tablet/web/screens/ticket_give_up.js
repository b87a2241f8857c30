/**
 * Giving the place up, with ten seconds to take it back. The server is told when they are over or when the page is
 * left: who closes it has made up their mind, and a place that nobody wants must not be called. A classic script (ES5).
 */
(function () {
  var UNDO_S = 10;
  var LOOK_AFTER_MS = 600;

  var words = JSON.parse(document.body.getAttribute("data-words") || "{}");
  /** @type {ReturnType<typeof setInterval> | undefined} */
  var counting;

  /** @param {string} id */
  function byId(id) {
    return /** @type {HTMLElement} */ (document.getElementById(id));
  }
  var asking = byId("give-up");
  var summary = /** @type {HTMLElement} */ (asking.querySelector("summary"));
  var form = /** @type {HTMLFormElement} */ (asking.querySelector("form"));

  /** @param {number} left */
  function show(left) {
    byId("undo-in").textContent = words.undoIn.replace("{n}", String(left));
  }
  function stop() {
    clearInterval(counting);
    counting = undefined;
    byId("undo").hidden = true;
    asking.hidden = false;
  }
  function takeBack() {
    stop();
    summary.focus();
  }
  function giveUp() {
    if (counting === undefined) return;
    stop();
    if (!navigator.sendBeacon || !navigator.sendBeacon(location.pathname + "/cancel")) return form.submit();
    setTimeout(function () {
      location.reload();
    }, LOOK_AFTER_MS);
  }
  /** @param {Event} event */
  function begin(event) {
    event.preventDefault();
    var left = UNDO_S;
    asking.hidden = true;
    byId("undo").hidden = false;
    show(left);
    byId("undo-act").focus();
    counting = setInterval(function () {
      left--;
      if (left > 0) show(left);
      else giveUp();
    }, 1000);
  }

  summary.addEventListener("click", begin);
  byId("undo-act").addEventListener("click", takeBack);
  window.addEventListener("pagehide", giveUp);
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) giveUp();
  });
})();

/**
 * The customer's ticket, kept up to date while it is open. A classic script in plain old JavaScript (ES5), for any
 * telephone's browser; without it the page refreshes itself and its forms work all the same. It asks again and again,
 * since phones reach nothing of the branch but this page.
 */
(function () {
  /** @typedef {{number: string, state: string, ahead: number, expected_wait: {p50_s: number, p90_s: number} | null,
   *   service_point: Place | null, device: Place | null, can_use_machine: boolean, recall_count: number,
   *   server_time: string}} Ticket */
  /** @typedef {{code: string, names: Record<string, string>}} Place */

  var CLOSE_MS = 4000; // nearly one's turn
  var FAR_MS = 10000;
  var HIDDEN_MS = 20000;
  var FAILED_MAX_MS = 60000;
  var ANSWER_MAX_MS = 15000;
  var OLD_MS = 60000;
  var BUZZ = [400, 200, 400, 200, 800];
  var TONE_HERTZ = 784;
  var TONE_S = 1.2;

  var body = document.body;
  var lang = document.documentElement.lang;
  /** @type {Record<string, string>} */
  var words = JSON.parse(body.getAttribute("data-words") || "{}");
  var key = location.pathname.split("/").pop();
  var failures = 0;
  var heardMs = performance.now();
  var recalls = Number(body.getAttribute("data-recalls"));

  /** @param {string} id */
  function byId(id) {
    return /** @type {HTMLElement} */ (document.getElementById(id));
  }
  /** @param {string} text @param {Record<string, unknown>} facts */
  function fill(text, facts) {
    return text.replace(/\{(\w+)\}/g, function (whole, name) {
      return name in facts ? String(facts[name]) : whole;
    });
  }
  /** @param {string} id @param {string} text */
  function say(id, text) {
    if (byId(id).textContent !== text) byId(id).textContent = text;
  }
  /** @param {Place | null} place */
  function nameOf(place) {
    return place ? place.names[lang] || place.code : "";
  }
  /** @param {Ticket["expected_wait"]} wait */
  function rangeText(wait) {
    if (!wait) return words.unknown;
    if (wait.p90_s <= 60) return words.short;
    var from = Math.floor(wait.p50_s / 60);
    return fill(words.range, { range: from + "\u2013" + Math.max(from + 1, Math.ceil(wait.p90_s / 60)) });
  }

  /** @param {string} at */
  function showMoment(at) {
    say("updated", fill(words.updated, { at: new Date(at).toTimeString().slice(0, 8) }));
  }
  // ---- It is their turn ------------------------------------------------------------------------------------------
  /** @type {AudioContext | null} */
  var sound = null;
  /** Sound must be asked for by a touch: the first one anywhere asks. */
  function unlock() {
    var Context = window.AudioContext || /** @type {any} */ (window).webkitAudioContext;
    if (!sound && Context) sound = new Context();
    if (sound && sound.resume) sound.resume();
  }
  function ring() {
    if (navigator.vibrate) navigator.vibrate(BUZZ);
    if (!sound || sound.state !== "running") return;
    var tone = sound.createOscillator(), gain = sound.createGain();
    tone.frequency.value = TONE_HERTZ;
    gain.gain.setValueAtTime(0.3, sound.currentTime);
    gain.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + TONE_S);
    tone.connect(gain);
    gain.connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + TONE_S);
  }

  /** @param {Ticket} ticket */
  function show(ticket) {
    var isCalled = ticket.state === "called";
    var isNews = isCalled && (body.getAttribute("data-state") !== "called" || ticket.recall_count > recalls);
    var place = nameOf(ticket.service_point);
    say("ahead", fill(words.people, { n: ticket.ahead }));
    say("wait", rangeText(ticket.expected_wait));
    say("go", fill(words.go, { point: place }));
    say("machine", fill(words.atMachine, { machine: nameOf(ticket.device) }));
    body.setAttribute("data-machine", ticket.device ? "at" : ticket.can_use_machine ? "free" : "");
    say("place", place);
    document.title = fill(isCalled ? words.titleCalled : words.title, ticket);
    body.setAttribute("data-state", ticket.state);
    recalls = ticket.recall_count;
    showMoment(ticket.server_time);
    if (isNews) ring();
  }

  // ---- Kept up to date -------------------------------------------------------------------------------------------
  /** @param {Ticket | null} ticket */
  function pauseMs(ticket) {
    if (!ticket) return Math.min(FAILED_MAX_MS, CLOSE_MS * Math.pow(2, failures)) * (0.75 + Math.random() / 2);
    if (document.hidden) return HIDDEN_MS;
    return ticket.ahead <= 2 || ticket.state === "called" ? CLOSE_MS : FAR_MS;
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  var timer;
  /** @param {Ticket | null} ticket null: no answer; the pause grows, and the page says that it may be old */
  function hear(ticket) {
    failures = ticket ? 0 : failures + 1;
    if (ticket) {
      heardMs = performance.now();
      show(ticket);
      if (ticket.state === "finished" || ticket.state === "cancelled") return;
    }
    clearTimeout(timer);
    timer = setTimeout(look, pauseMs(ticket));
  }
  function look() {
    clearTimeout(timer);
    var asked = new XMLHttpRequest();
    asked.open("GET", "/api/v1/tickets/" + key);
    asked.timeout = ANSWER_MAX_MS;
    asked.onloadend = function () {
      if (asked.status === 404) return location.reload(); // the address has ended: the page says so
      /** @type {Ticket | null} */
      var ticket = null;
      try {
        if (asked.status === 200) ticket = JSON.parse(asked.responseText);
      } catch (_unreadable) {} // as if there were no answer
      hear(ticket);
    };
    asked.send();
  }

  setInterval(function () {
    byId("old").hidden = performance.now() - heardMs < OLD_MS;
  }, 1000);
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) look();
  });
  document.addEventListener("click", unlock, true);
  body.className += " scripted";
  showMoment(byId("updated").getAttribute("data-at") || "");
  timer = setTimeout(look, 1500);
})();

/**
 * The customer's ticket, kept up to date while it is open. A classic script for any telephone's browser: without
 * it the page refreshes itself. It asks again and again, since phones reach nothing of the branch but this page.
 */
(() => {
  /** @typedef {{number: string, state: string, ahead: number, expected_wait: {p50_s: number, p90_s: number} | null,
   *   service_point: {code: string, names: Record<string, string>} | null, server_time: string}} Ticket */

  const CLOSE_MS = 4000; // nearly one's turn
  const FAR_MS = 10_000;
  const HIDDEN_MS = 20_000;
  const FAILED_MAX_MS = 60_000;
  const OLD_MS = 60_000;
  const BUZZ = [400, 200, 400, 200, 800];

  const { body } = document;
  const lang = document.documentElement.lang;
  /** @type {Record<string, string>} */
  const words = JSON.parse(body.dataset.words ?? "{}");
  const key = location.pathname.split("/").pop();
  let failures = 0;
  let heardMs = performance.now();

  const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
  const fill = (/** @type {string} */ text, /** @type {Record<string, unknown>} */ facts) =>
    text.replace(/\{(\w+)\}/g, (whole, name) => String(facts[name] ?? whole));
  const say = (/** @type {string} */ id, /** @type {string} */ text) => {
    if (byId(id).textContent !== text) byId(id).textContent = text;
  };

  /** @param {Ticket["expected_wait"]} wait */
  function rangeText(wait) {
    if (!wait) return words.unknown;
    if (wait.p90_s <= 60) return words.short;
    const from = Math.floor(wait.p50_s / 60);
    return fill(words.range, { range: `${from}–${Math.max(from + 1, Math.ceil(wait.p90_s / 60))}` });
  }

  /** @param {string} at */
  function showMoment(at) {
    const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" }).format(new Date(at));
    say("updated", fill(words.updated, { at: time }));
  }

  /** @param {Ticket} ticket */
  function show(ticket) {
    const isCalled = ticket.state === "called" || ticket.state === "in_service";
    const wasCalled = body.dataset.state === "called" || body.dataset.state === "in_service";
    say("ahead", fill(words.people, { n: ticket.ahead }));
    say("wait", rangeText(ticket.expected_wait));
    const point = ticket.service_point;
    say("go", fill(words.go, { point: point ? (point.names[lang] ?? point.code) : "" }));
    document.title = fill(isCalled ? words.titleCalled : words.title, ticket);
    body.dataset.state = ticket.state;
    showMoment(ticket.server_time);
    if (isCalled && !wasCalled) navigator.vibrate?.(BUZZ);
  }

  /** @param {Ticket | null} ticket */
  function pauseMs(ticket) {
    if (!ticket) return Math.min(FAILED_MAX_MS, CLOSE_MS * 2 ** failures) * (0.75 + Math.random() / 2);
    if (document.hidden) return HIDDEN_MS;
    return ticket.ahead <= 2 || ticket.state === "called" ? CLOSE_MS : FAR_MS;
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  async function look() {
    clearTimeout(timer);
    /** @type {Ticket | null} */
    let ticket = null;
    try {
      const answer = await fetch(`/api/v1/tickets/${key}`, { cache: "no-store" });
      if (answer.status === 404) return void (body.dataset.state = "finished"); // the address has ended
      if (answer.ok) ticket = await answer.json();
    } catch {
      // no network: the pause grows, and the page says that it may be old
    }
    failures = ticket ? 0 : failures + 1;
    if (ticket) {
      heardMs = performance.now();
      show(ticket);
      if (ticket.state === "finished" || ticket.state === "cancelled") return;
    }
    timer = setTimeout(look, pauseMs(ticket));
  }

  setInterval(() => (byId("old").hidden = performance.now() - heardMs < OLD_MS), 1000);
  document.addEventListener("visibilitychange", () => void (!document.hidden && look()));
  body.classList.add("scripted");
  showMoment(byId("updated").dataset.at ?? "");
  timer = setTimeout(look, 1500);
})();

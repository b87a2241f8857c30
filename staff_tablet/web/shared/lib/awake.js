/** A screen that is looked at all day must not go dark. */

/** Ask for it now and whenever the page is seen again; a browser that refuses has its own settings. */
export function keepAwake() {
  const ask = () => {
    if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}

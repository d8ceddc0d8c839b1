// Keeps a shared board up to date while somebody looks at it. The page works without.
"use strict";

const PERIOD_MS = 15000;

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
  if (answer.status >= 500 || answer.status === 429) return;
  if (!answer.ok || answer.redirected) {
    location.reload();
    return;
  }
  const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  const shown = document.querySelector("main");
  // Another page is there when the link asks for its password again.
  if (!next || !next.querySelector("[data-live]")) {
    location.reload();
    return;
  }
  if (next.innerHTML !== shown.innerHTML) shown.replaceWith(next);
}

setInterval(() => refresh().catch(() => {}), PERIOD_MS);

// Fetches this very page again and takes over what has changed, so that focus, selection and scrolling stay.
const hiddenSeconds = 30;
const stopped = document.getElementById("stopped");
let timer = 0;

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.dataset.key : undefined;
}

// Elements with a key are matched by it wherever they stand; all other nodes by their place.
function takeOverChildren(shown, fresh) {
  const known = new Map([...shown.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let place = shown.firstChild;
  for (const child of [...fresh.childNodes]) {
    const key = keyOf(child);
    const match = key === undefined ? place : known.get(key);
    if (key === undefined && place !== null && keyOf(place) === undefined) {
      const next = place.nextSibling;
      takeOver(place, child);
      place = next;
    } else if (key !== undefined && match !== undefined) {
      known.delete(key);
      if (match === place) place = place.nextSibling;
      else shown.insertBefore(match, place);
      takeOver(match, child);
    } else {
      shown.insertBefore(child, place);
    }
  }
  while (place !== null) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function takeOver(shown, fresh) {
  if (shown.nodeType !== Node.ELEMENT_NODE) {
    if (shown.nodeName !== fresh.nodeName) shown.replaceWith(fresh);
    else if (shown.data !== fresh.data) shown.data = fresh.data;
    return;
  }
  if (shown.nodeName !== fresh.nodeName) {
    shown.replaceWith(fresh);
    return;
  }
  if (shown.dataset.own !== undefined) return;
  for (const { name } of [...shown.attributes]) if (!fresh.hasAttribute(name)) shown.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  takeOverChildren(shown, fresh);
}

// Times are in UTC; beside them stand those of the reader's own zone.
function localize(page) {
  for (const each of page.querySelectorAll("time.when")) {
    const local = new Date(each.dateTime).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" });
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (each.dateTime && zone !== "UTC") each.insertAdjacentHTML("beforeend", ` <span class="local">${local} ${zone}</span>`);
  }
}

function showIcon() {
  const tone = document.querySelector("meta[name=tone]").content;
  const icon = document.getElementById("icon");
  if (icons[tone] && icon.getAttribute("href") !== icons[tone]) icon.setAttribute("href", icons[tone]);
}

async function refresh() {
  let problem = "The exporter does not respond.";
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
    problem = `The exporter answered ${answer.status} ${answer.statusText}.`;
    if (!answer.ok) throw new Error(problem);
    // Its style is here already, and the policy of this page would refuse the other's nonce.
    const text = (await answer.text()).replace(/<style[^]*?<\/style>/, "");
    const page = new DOMParser().parseFromString(text, "text/html");
    localize(page);
    const focused = document.activeElement;
    for (const part of ["nav", "main", "footer"]) takeOver(document.querySelector(part), page.querySelector(part));
    if (document.activeElement !== focused && focused.isConnected) focused.focus({ preventScroll: true });
    document.title = page.title;
    document.querySelector("meta[name=tone]").content = page.querySelector("meta[name=tone]").content;
    showIcon();
    if (stopped.textContent) stopped.textContent = "";
  } catch {
    const text = `${problem} This page is out of date.`;
    if (stopped.textContent !== text) stopped.textContent = text;
    if (!document.title.startsWith("? ")) document.title = `? ${document.title}`;
  }
}

function plan() {
  clearTimeout(timer);
  timer = setTimeout(keepFresh, 1000 * (document.hidden ? Math.max(hiddenSeconds, everySeconds) : everySeconds));
}

async function keepFresh() {
  clearTimeout(timer);
  await refresh();
  plan();
}

document.addEventListener("visibilitychange", () => (document.hidden ? plan() : keepFresh()));
localize(document);
plan();

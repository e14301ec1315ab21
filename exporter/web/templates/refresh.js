// Fetches this very page again and takes over what has changed, so that focus, selection and scrolling stay.
function takeOver(shown, fresh) {
  if (shown.nodeName !== fresh.nodeName || shown.childNodes.length !== fresh.childNodes.length) {
    shown.replaceWith(fresh);
    return;
  }
  if (shown.nodeType !== Node.ELEMENT_NODE) {
    if (shown.data !== fresh.data) shown.data = fresh.data;
    return;
  }
  for (const { name } of [...shown.attributes]) if (!fresh.hasAttribute(name)) shown.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  const freshChildren = [...fresh.childNodes];
  [...shown.childNodes].forEach((child, place) => takeOver(child, freshChildren[place]));
}

async function refresh() {
  const stopped = document.getElementById("stopped");
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (!answer.ok) throw new Error(answer.statusText);
    // Its style is here already, and the policy of this page would refuse the other's nonce.
    const text = (await answer.text()).replace(/<style[^]*?<\/style>/, "");
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const part of ["main", "footer"]) takeOver(document.querySelector(part), page.querySelector(part));
    document.title = page.title;
    stopped.hidden = true;
  } catch {
    stopped.hidden = false;
  }
}

async function keepFresh() {
  if (!document.hidden) await refresh();
  setTimeout(keepFresh, everySeconds * 1000);
}
setTimeout(keepFresh, everySeconds * 1000);

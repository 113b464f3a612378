// Makes of every button with data-push one that turns push messages on and off.
// data-push is the address that takes subscriptions, and that answers a GET with
// the server's key. The button is pressed (aria-pressed) while they are on, and
// data-push-state says how it went: off, on, denied or failed; the attribute of
// that name (data-off, …) is what the button then says. Where a browser knows no
// push messages it stays hidden.

for (const button of document.querySelectorAll("button[data-push]")) {
  if ("serviceWorker" in navigator && "PushManager" in window && "Notification" in window) prepare(button);
}

function prepare(button) {
  const address = button.dataset.push;
  const name = `push ${address}`;
  const remember = (id) => {
    try {
      if (id) localStorage.setItem(name, id);
      else localStorage.removeItem(name);
    } catch {
      // Without storage messages can be turned on, and off in the browser.
    }
    state(button, id ? "on" : "off");
  };
  let known = null;
  try {
    known = localStorage.getItem(name);
  } catch {
    // As above.
  }
  remember(known && Notification.permission === "granted" ? known : "");
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      if (button.dataset.pushState === "on") {
        await call("DELETE", `${address}/${localStorage.getItem(name)}`);
        remember("");
      } else if ((await Notification.requestPermission()) !== "granted") {
        state(button, "denied");
      } else {
        const { endpoint, keys } = (await subscription(address)).toJSON();
        const { id } = await (await call("POST", address, { endpoint, keys })).json();
        remember(id);
      }
    } catch {
      state(button, "failed");
    } finally {
      button.disabled = false;
    }
  });
}

function state(button, now) {
  button.dataset.pushState = now;
  if (button.dataset[now]) button.textContent = button.dataset[now];
  button.setAttribute("aria-pressed", String(now === "on"));
}

// subscription is the browser's own, made where there is none.
async function subscription(address) {
  await navigator.serviceWorker.register("/push-worker.js");
  const worker = await navigator.serviceWorker.ready;
  const { key } = await (await call("GET", address)).json();
  try {
    return await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  } catch (problem) {
    // One for another key, of before the server's data was made anew.
    const old = await worker.pushManager.getSubscription();
    if (!old) throw problem;
    await old.unsubscribe();
    return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }
}

async function call(method, address, body) {
  const answer = await fetch(address, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  if (!answer.ok) throw new Error(`${method}: ${answer.status}`);
  return answer;
}

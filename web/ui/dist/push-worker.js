// Shows push messages. A message is JSON: title, body, tag, link, kind, lang; one
// of the same tag is replaced.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let message = {};
  try {
    message = event.data.json();
  } catch {
    // A browser that is woken must show something.
  }
  event.waitUntil(
    self.registration.showNotification(message.title || "Wayguard", {
      body: message.body || "",
      tag: message.tag || "",
      renotify: Boolean(message.tag),
      lang: message.lang || "",
      icon: "/favicon.ico",
      data: { link: message.link || "" },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const link = event.notification.data?.link;
  if (link) event.waitUntil(show(new URL(link, self.location.origin).href));
});

// show brings a page to the front that is open already, else opens it.
async function show(address) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = pages.find((page) => page.url === address);
  return open ? open.focus() : self.clients.openWindow(address);
}

/* flowdrop's tag; see docs/tag.md. */
(() => {
  "use strict";
  const script = document.currentScript;
  if (window.flowdrop?.consent) return;

  const SLOT = "[data-flowdrop-creative]";
  const SHARES = { display: 0.5, large_display: 0.3, video: 0.5 }; // in view, as the MRC asks
  const BATCH = 20; // of the longest events: less than 64 kB
  const WAITING_MAX = 200;
  const tells = "isVisible" in (window.IntersectionObserverEntry?.prototype || {});

  const attribute = (element, name) => element.getAttribute("data-flowdrop-" + name);
  const base = attribute(script, "url");
  const url = base ? base.replace(/\/?$/, "/v1/tag") : new URL("v1/tag", script.src).href;
  const known = new WeakMap(); // element -> its latest impression
  const open = new Map(); // what is measured of it -> impression
  const waiting = new Map(); // id -> event as text until accepted: a retry is the same event
  let flying = []; // ids under way
  let granted, person, started, pause, timer;

  const visible = () => document.visibilityState === "visible";
  const random = () => crypto.getRandomValues(new Uint32Array(4)).join("-");
  const own = "flowdrop:" + random(); // frames share sessionStorage

  /* Measuring. `since`: when the present time in view began. `clear`: whether it counts; false:
     covered, null: cannot be told, undefined: not told yet. */

  const inView = ({ box, share, data }) =>
    share >= SHARES[data.format] &&
    visible() &&
    (!box.play || (!box.paused && !box.ended && box.readyState > 2));

  function count(one, now) {
    if (one.clear === false) return;
    const kind = one.clear === null ? "unsure" : "longest";
    if (one.since !== null) one[kind] = Math.max(one[kind], now - one.since);
    if (one.clear !== null) one.largest = Math.max(one.largest, one.peak);
  }

  function update(one, now) {
    if (visible()) one.peak = Math.max(one.peak, one.share);
    if (inView(one)) one.since ??= now;
    else if (one.since !== null) {
      count(one, now);
      one.since = null;
    }
  }

  // The first verdict is late; it holds from the beginning.
  function judge(one, clear, now) {
    if (one.clear !== undefined && one.clear !== clear) {
      count(one, now);
      one.since = inView(one) ? now : null;
      one.peak = one.share;
    }
    one.clear = clear;
  }

  // Not visible is also what is translucent, filtered, turned or covered in part; in an iframe, by
  // the page around it.
  function doubtful({ box, clear, largest }) {
    let view;
    for (let e = box; e; e = e.parentElement || view.frameElement) {
      view = e.ownerDocument.defaultView;
      const { opacity, filter, transform } = getComputedStyle(e);
      if (opacity < 0.01) return false;
      if (opacity < 1 || filter !== "none" || !/^(none|matrix\(1, 0, 0, 1,)/.test(transform))
        return true;
    }
    if (self !== top) return view !== top && !clear && !largest;
    const { left, top: high, width, height } = box.getBoundingClientRect();
    return box.contains(document.elementFromPoint(left + width / 2, high + height / 2));
  }

  const observer = (act, options) =>
    new IntersectionObserver((entries) => {
      for (const entry of entries) if (open.has(entry.target)) act(open.get(entry.target), entry);
    }, options);

  const observers = tells
    ? [
        // No root: the whole tab's view, inside iframes too.
        observer(
          (one, { time, intersectionRatio, boundingClientRect: { width, height } }) => {
            one.heard = true;
            one.share = width * height && intersectionRatio; // empty boxes claim 1
            update(one, time);
          },
          { threshold: Array.from({ length: 101 }, (_, i) => i / 100) },
        ),
        observer(
          (one, { time, isIntersecting, isVisible }) =>
            judge(one, isIntersecting ? isVisible || (doubtful(one) && null) : undefined, time),
          { trackVisibility: true, delay: 100 },
        ),
        // A box that fills keeps its ratio, so ask again.
        new ResizeObserver((entries) => {
          for (const { target } of entries) {
            observers[0].unobserve(target);
            if (open.has(target)) observers[0].observe(target);
          }
        }),
      ]
    : [];

  function begin(element) {
    const data = { format: attribute(element, "format") || "display" };
    for (const name of ["campaign", "channel", "creative"]) data[name] = attribute(element, name);
    const before = known.get(element);
    if (before?.data.creative === data.creative) return; // served once, wherever it is moved
    if (before) finish(before, performance.now());
    if (!SHARES[data.format] || Object.values(data).some((name) => !name || name.length > 128))
      return console.warn("flowdrop: not a valid advertisement", element);
    // An inline link has its line's height, not its picture's.
    const inline = /^(inline|contents)$/.test(getComputedStyle(element).display);
    const box =
      (data.format === "video" && element.querySelector("video")) ||
      (inline && element.querySelector("img,video,iframe,canvas")) ||
      element;
    const one = { id: random(), time: new Date(), data, box, since: null, heard: !visible() };
    one.share = one.peak = one.largest = one.longest = one.unsure = 0;
    known.set(element, one);
    open.set(box, one);
    for (const each of observers) each.observe(box);
  }

  function finish(one, now) {
    if (!open.delete(one.box)) return;
    for (const each of observers) each.unobserve(one.box);
    count(one, now);
    if (tells && one.heard && one.unsure <= one.longest) {
      one.data.pixels = Math.floor(one.largest * 1e3) / 1e3;
      one.data.seconds = Math.floor(one.longest) / 1e3;
    }
    add("exposure", one.id, one.time, one.data);
  }

  const finishAll = (now) => open.forEach((one) => finish(one, now));

  function scan(node) {
    if (node.matches?.(SLOT)) begin(node);
    node.querySelectorAll?.(SLOT).forEach(begin);
  }

  /* Sending. A beacon is not answered, so it is for pages that go. */

  function add(name, id, time, data) {
    if (!person) return;
    const type = "flowdrop.campaign." + name;
    const event = { specversion: "1.0", id, source: origin, type, time, subject: person, data };
    waiting.set(id, JSON.stringify(event));
    for (const old of waiting.keys()) if (waiting.size > WAITING_MAX) waiting.delete(old);
  }

  // Storing may be forbidden.
  const store = (use) => {
    try {
      use(sessionStorage);
    } catch {}
  };
  const save = () =>
    store((kept) =>
      waiting.size ? kept.setItem(own, JSON.stringify([...waiting])) : kept.removeItem(own),
    );
  const takeKept = () =>
    store((kept) => {
      for (const name of Object.keys(kept).filter((each) => /^flowdrop:/.test(each))) {
        for (const [id, event] of JSON.parse(kept[name])) waiting.set(id, event);
        kept.removeItem(name);
      }
    });

  function drop(ids) {
    ids.forEach((id) => waiting.delete(id));
    save();
  }

  const free = () => [...waiting.keys()].filter((id) => !flying.includes(id));
  const key = JSON.stringify(attribute(script, "key"));
  const body = (ids) => `{"key":${key},"events":[${ids.map((id) => waiting.get(id))}]}`;

  async function send() {
    if (timer || flying.length || !waiting.size) return;
    flying = free().slice(0, BATCH);
    let status = 0;
    try {
      const options = { method: "POST", body: body(flying), keepalive: true, credentials: "omit" };
      status = (await fetch(url, options)).status;
    } catch {}
    const ids = flying;
    flying = [];
    if (!status || status === 429 || status >= 500) {
      save();
      pause = Math.min(2 * pause || 1e3, 6e4);
      timer = setTimeout(retry, pause * (0.5 + Math.random() / 2));
    } else {
      if (status >= 400) console.warn("flowdrop: refused", status);
      drop(ids);
      pause = 0;
      send();
    }
  }

  function retry() {
    timer = clearTimeout(timer);
    send();
  }

  // The next page sends what may not have arrived.
  function leave() {
    for (let ids = free(); ids.length && !pause; ids = ids.slice(BATCH)) {
      const batch = ids.slice(0, BATCH);
      if (navigator.onLine && navigator.sendBeacon?.(url, body(batch))) drop(batch);
    }
    save();
    retry();
  }

  /* What the page does. */

  const changes = new MutationObserver((records) => {
    if (!granted) return;
    for (const { addedNodes, target, attributeName } of records)
      attributeName ? scan(target) : addedNodes.forEach(scan);
    open.forEach((one) => one.box.isConnected || finish(one, performance.now()));
    send();
  });

  function start() {
    if (!granted || !person || document.prerendering) return;
    if (!started) {
      started = true;
      takeKept();
      const attributeFilter = ["data-flowdrop-creative"];
      changes.observe(document, { childList: true, subtree: true, attributeFilter });
    }
    scan(document);
    send();
  }

  const on = (target, names, act) => {
    for (const name of names.split(" "))
      target.addEventListener(name, (event) => granted && act(event), true);
  };
  on(document, "visibilitychange", ({ timeStamp }) => {
    if (!visible()) finishAll(timeStamp);
    open.forEach((one) => update(one, timeStamp));
    retry();
  });
  on(window, "pagehide", ({ timeStamp }) => {
    finishAll(timeStamp);
    leave();
  });
  on(window, "online", retry);
  on(document, "playing pause waiting ended emptied", ({ target, timeStamp }) => {
    if (open.has(target)) update(open.get(target), timeStamp);
  });
  // A double click is one click; a script's is none.
  on(document, "click auxclick", ({ target, isTrusted, detail, button }) => {
    const one = known.get(target.closest?.(SLOT));
    if (!one || !isTrusted || detail > 1 || button > 1) return;
    const { campaign, channel, creative } = one.data;
    add("click", random(), new Date(), { campaign, channel, creative });
    send();
  });
  document.addEventListener("prerenderingchange", start);

  window.flowdrop = {
    consent(value) {
      granted = value === true;
      if (granted) return start();
      for (const each of observers) each.disconnect();
      open.clear();
      takeKept();
      waiting.clear();
    },
    person(id) {
      if (person && id !== person) finishAll(performance.now()); // shown to the one before
      person = String(id ?? "");
      start();
    },
  };
  granted = attribute(script, "consent") === "granted";
  flowdrop.person(attribute(script, "person"));
})();

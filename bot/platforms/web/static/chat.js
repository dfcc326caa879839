// The chat page: sends what the person does until the server has it, shows what the stream brings, each message once and in
// order, and keeps this tab's transcript over a reload. Knows no sentence and no rule: words come with the page, answers from
// the server as safe HTML.
"use strict";

const $ = (id) => document.getElementById(id);
const chat = $("chat"), log = $("log"), text = $("text"), typing = $("typing"), notice = $("notice");
const words = JSON.parse(chat.dataset.words), lang = document.documentElement.lang;
const word = (name) => words["web_" + name];
const MAX_BYTES = 128 * 1024, MAX_ENTRIES = 300, PATIENCE = 30000, SLOWEST = 30000;

// --- what this tab remembers: shown entries, unsent events (a queue), the last row, the draft

const fresh = { conversation: chat.dataset.conversation, last: 0, entries: [], queue: [], draft: "" };
let state = fresh;
try {
  const kept = JSON.parse(sessionStorage.getItem("teejuht"));
  if (kept && kept.conversation === fresh.conversation) state = { ...fresh, ...kept };
} catch { /* storage is off: the page works, a reload forgets */ }

function save() {
  state.entries = state.entries.slice(-MAX_ENTRIES);
  try { sessionStorage.setItem("teejuht", JSON.stringify(state)); } catch { /* as above */ }
}

const tabs = new BroadcastChannel("teejuht-" + fresh.conversation); // other tabs of this conversation

// --- showing

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const author = (name) => element("span", { class: "aloud", lang }, name + ": ");

function drawMine(entry) {
  const shown = element("div", { class: "message mine", "data-id": entry.id });
  shown.append(author(word("you")), element("div", { class: "bubble", dir: "auto" }, entry.text));
  if (entry.trouble) shown.append(element("p", { class: "trouble", lang }, word(entry.trouble)));
  return shown;
}

function drawBot(entry, isNew) {
  const shown = element("div", { class: "message bot", lang: entry.lang }, author("Teejuht"));
  let bubble = null;
  for (const part of entry.parts) {
    const drawn = element("div", { class: part.kind });
    drawn.innerHTML = part.html; // written and escaped by the server
    for (const link of drawn.querySelectorAll("a[target]")) link.setAttribute("aria-describedby", "new-tab");
    if (part.kind === "card") {
      if (isNew) drawn.setAttribute("role", "alert");
      shown.append(drawn);
      bubble = null;
    } else {
      if (!bubble) shown.append((bubble = element("div", { class: "bubble" })));
      bubble.append(drawn);
    }
  }
  if (entry.file) shown.append(drawFile(entry.file));
  if (entry.options.length) shown.append(drawOptions(entry));
  return shown;
}

function drawFile(file) {
  const link = element("a", { class: "file", lang, href: file.href, download: file.name });
  link.append(word("download") + ": ", element("span", { dir: "auto" }, file.name));
  return link;
}

function drawOptions(entry) {
  const group = element("div", { class: "options", role: "group", "aria-label": word("options") });
  for (const option of entry.options) {
    const button = element("button", { type: "button", "data-option": option.id }, option.label);
    button.addEventListener("click", () => act({ event: "chose", option: option.id }, option.label));
    group.append(button);
  }
  return group;
}

let anchor = null; // the first message of the present answer: it is not scrolled out of sight

function show(entry, isNew = true) {
  if (entry.text !== undefined) {
    for (const old of log.querySelectorAll(".options")) old.classList.add("quiet");
    log.append(drawMine(entry));
    anchor = null;
  } else {
    log.append(drawBot(entry, isNew));
    anchor ??= isNew ? log.lastElementChild : null;
  }
  if (isNew) reveal();
  if (entry.end) anchor = null;
}

function reveal() {
  const header = document.querySelector("header"), sticky = getComputedStyle(header).position === "sticky";
  const bottom = document.documentElement.scrollHeight - innerHeight;
  const top = anchor ? anchor.getBoundingClientRect().top + scrollY - (sticky ? header.offsetHeight : 0) - 12 : bottom;
  scrollTo({ top: Math.min(bottom, top) });
}

let patience = 0;

function wait(waiting) {
  clearTimeout(patience);
  typing.textContent = waiting ? word("typing") : "";
  if (!waiting) return;
  patience = setTimeout(() => wait(false), PATIENCE);
  reveal();
}

// --- what the person does

const uuid = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");

function act(event, label) {
  const id = uuid();
  if (label !== undefined) {
    const entry = { id, text: label };
    state.entries.push(entry);
    show(entry);
    tabs.postMessage({ entry });
  }
  if (event.event !== "chose") event.hint = lang;
  state.queue.push({ id, ...event });
  save();
  wait(true);
  send();
}

function trouble(id, name) {
  const entry = state.entries.find((entry) => entry.id === id);
  if (!entry || entry.trouble === name) return;
  entry.trouble = name;
  log.querySelector(`[data-id="${id}"]`)?.replaceWith(drawMine(entry));
}

async function post(path, value) {
  const body = JSON.stringify(value);
  if (new Blob([body]).size > MAX_BYTES) return 413;
  try {
    const headers = { "Content-Type": "application/json" };
    return (await fetch(path, { method: "POST", headers, body, signal: AbortSignal.timeout(15000) })).status;
  } catch { return 0; }
}

const pause = (ms) => new Promise((done) => {
  setTimeout(done, ms);
  addEventListener("online", done, { once: true });
});

let sending = false;

async function send() {
  if (sending) return;
  sending = true;
  for (let delay = 500; state.queue.length; ) {
    const { id } = state.queue[0], status = await post("/events", state.queue[0]);
    const again = status === 0 || status === 408 || status === 429 || status >= 500;
    if (again) {
      trouble(id, "unsent");
      wait(false); // nobody is replying yet
      save();
      await pause(delay);
      delay = Math.min(delay * 2, SLOWEST);
      continue;
    }
    state.queue.shift();
    trouble(id, status === 202 ? undefined : { 401: "expired", 413: "too_long" }[status] ?? "not_taken");
    if (status !== 202) wait(false);
    if (status === 413 && !text.value) text.value = state.entries.find((entry) => entry.id === id)?.text ?? "";
    delay = 500;
    save();
  }
  sending = false;
}

// --- what the server says

function receive(id, entry) {
  if (id <= state.last) return;
  state.last = id;
  state.entries.push(entry);
  save();
  show(entry);
  wait(!entry.end);
  tabs.postMessage({ id, entry });
}

let offline = 0, retry = 1000;

function listen() {
  const stream = new EventSource("/stream?after=" + state.last);
  stream.onopen = () => {
    clearTimeout(offline);
    notice.textContent = "";
    retry = 1000;
    if (state.last) post("/seen", { id: state.last });
  };
  stream.onmessage = (message) => {
    receive(Number(message.lastEventId), JSON.parse(message.data));
    post("/seen", { id: state.last });
  };
  stream.onerror = () => {
    clearTimeout(offline);
    offline = setTimeout(() => { notice.textContent = word("offline"); }, 4000);
    if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    setTimeout(listen, retry);
    retry = Math.min(retry * 2, SLOWEST);
  };
}

tabs.onmessage = ({ data }) => {
  if (data.over) location.reload();
  else if (data.id) receive(data.id, data.entry);
  else { state.entries.push(data.entry); save(); show(data.entry); }
};

// --- the controls

function grow() {
  text.style.height = "auto";
  text.style.height = text.scrollHeight + "px";
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = text.value.trim();
  text.focus();
  if (!said) return;
  text.value = state.draft = "";
  grow();
  act({ event: "said", text: said }, said);
});

text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
});

text.addEventListener("input", () => { state.draft = text.value; save(); grow(); });

$("languages").addEventListener("submit", ({ submitter }) => {
  if (!submitter || submitter.value === lang) return;
  state.queue.push({ id: uuid(), event: "chose", option: "lang:" + submitter.value }); // sent by the page that comes
  save();
});

$("new").addEventListener("click", async () => {
  if (state.entries.some((entry) => entry.text) && !confirm(word("new_sure"))) return;
  if ((await post("/new", {})) !== 200) { notice.textContent = word("offline"); return; }
  try { sessionStorage.removeItem("teejuht"); } catch { /* nothing was kept */ }
  tabs.postMessage({ over: true });
  location.reload();
});

$("fallback").remove();
for (const entry of state.entries) show(entry, false);
text.value = state.draft;
grow();
reveal();
history.replaceState(null, "", "/");
listen();
if (chat.dataset.start || !state.entries.length && !state.queue.length) act({ event: "opened", payload: chat.dataset.start });
else if (state.queue.length) { wait(true); send(); }

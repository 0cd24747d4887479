// Written by npm run page, from browser/: change that.

export const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>nolater</title>
    <link rel="icon" href="data:," />
    <!-- style -->
  </head>
  <body data-can="">
    <a class="skip" href="#main">Skip to the alarms</a>
    <header>
      <h1><a href="#list">nolater</a></h1>
      <p id="name"></p>
      <p id="link" role="status">connecting</p>
      <label id="switch" class="switch" hidden>
        <input type="checkbox" role="switch" aria-checked="false" autocomplete="off" />
        Allow changes
      </label>
    </header>

    <nav id="counts" aria-label="Alarms by state"></nav>
    <section id="facts" aria-label="How it stands" tabindex="-1"></section>
    <figure id="hour" hidden>
      <figcaption></figcaption>
      <svg viewBox="0 0 240 32" preserveAspectRatio="none" aria-hidden="true"></svg>
      <p class="ruler" aria-hidden="true"><span>now</span><span>15 min</span><span>30 min</span><span>45 min</span><span>1 h</span></p>
    </figure>

    <p id="said" role="status"></p>

    <main id="main" tabindex="-1">
      <section id="list" aria-labelledby="list-title">
        <search><form id="search">
          <label for="key">Key, or its beginning</label>
          <input id="key" type="search" maxlength="1024" autocomplete="off" autocapitalize="off" spellcheck="false" />
          <button type="submit">Search</button>
        </form></search>
        <h2 id="list-title">All alarms</h2>
        <p id="scope"></p>
        <table>
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">State</th>
              <th scope="col">Due</th>
              <th scope="col" class="number">Failures</th>
              <th scope="col">Last error</th>
            </tr>
          </thead>
          <tbody></tbody>
        </table>
        <p id="end"></p>
        <p id="pager"></p>
      </section>

      <article id="actor" hidden>
        <p><a id="back" href="#list">Back to the list</a></p>
        <h2 id="actor-key" tabindex="-1">An actor</h2>
        <p id="actor-actions" class="actions"></p>
        <dl></dl>
        <section id="actor-error" aria-labelledby="error-title" hidden>
          <h3 id="error-title">Last error</h3>
          <p></p>
          <pre></pre>
        </section>
        <section id="timeline" aria-labelledby="timeline-title" hidden>
          <h3 id="timeline-title">Last events</h3>
          <p></p>
          <div></div>
          <details>
            <summary>As text</summary>
            <pre></pre>
          </details>
        </section>
      </article>
    </main>

    <footer>
      <p><kbd>j</kbd> <kbd>k</kbd> rows, <kbd>Enter</kbd> opens, <kbd>/</kbd> search, <kbd>Esc</kbd> back</p>
    </footer>

    <dialog aria-labelledby="dialog-title" aria-describedby="dialog-text">
      <form method="dialog">
        <h2 id="dialog-title">A change</h2>
        <p id="dialog-text"></p>
        <label id="dialog-time" hidden>
          At, by the clock of this browser
          <input type="datetime-local" step="1" required />
          <output></output>
        </label>
        <p class="actions">
          <button type="submit" value="cancel" formnovalidate autofocus>Cancel</button>
          <button type="submit" value="do" class="do">Do it</button>
        </p>
      </form>
    </dialog>
    <!-- script -->
  </body>
</html>
`

export const style = `:root {
  color-scheme: light dark;
  --page: #ffffff;
  --card: #f6f8fa;
  --text: #1f2328;
  --faint: #59636e;
  --line: #d1d9e0;
  --edge: #818b98;
  --accent: #0969da;
  --accent-text: #ffffff;
  --bad: #cf222e;
  --warn: #9a6700;
  --busy: #8250df;
  font:
    14px / 1.45 system-ui,
    -apple-system,
    "Segoe UI",
    Helvetica,
    Arial,
    sans-serif;
  font-variant-numeric: tabular-nums;
}

@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117;
    --card: #151b23;
    --text: #f0f6fc;
    --faint: #9198a1;
    --line: #3d444d;
    --edge: #7d858f;
    --accent: #4493f8;
    --accent-text: #0d1117;
    --bad: #ff7b72;
    --warn: #d29922;
    --busy: #ab7df8;
  }
}

* {
  box-sizing: border-box;
}

html [hidden] {
  display: none;
}

body {
  margin: 0 auto;
  max-width: 1180px;
  padding: 12px 20px 32px;
  background: var(--page);
  color: var(--text);
}

p,
h1,
h2,
h3,
dl,
dd,
figure {
  margin: 0;
}

h1 {
  font-size: 18px;
}

a {
  color: var(--accent);
}

h1 a {
  color: inherit;
  text-decoration: none;
}

h2 {
  font-size: 16px;
  overflow-wrap: anywhere;
}

h3 {
  font-size: 14px;
}

:focus-visible {
  outline: 2px solid var(--accent);
  outline-offset: 2px;
  border-radius: 3px;
}

main:focus-visible,
#actor-key:focus-visible {
  outline: none;
}

.actions {
  display: flex;
  flex-wrap: wrap;
  gap: 8px;
  margin: 8px 0;
}

dialog {
  width: min(480px, calc(100vw - 32px));
  padding: 16px;
  border: 1px solid var(--edge);
  border-radius: 8px;
  background: var(--page);
  color: inherit;
}

dialog::backdrop {
  background: rgb(0 0 0 / 50%);
}

dialog p,
dialog label {
  display: block;
  margin-top: 8px;
}

dialog .actions {
  display: flex;
  justify-content: flex-end;
}

.skip {
  position: absolute;
  left: -999px;
}

.skip:focus {
  left: 8px;
  top: 4px;
  z-index: 1;
  padding: 4px 8px;
  background: var(--page);
}

.bad {
  color: var(--bad);
}

header {
  display: flex;
  flex-wrap: wrap;
  align-items: baseline;
  gap: 4px 16px;
}

#name {
  min-width: 0;
  overflow-wrap: anywhere;
}

#name:empty {
  display: none;
}

#link {
  flex: 1;
  color: var(--faint);
}

#link.bad {
  color: var(--bad);
}

.switch {
  display: flex;
  align-items: center;
  gap: 8px;
  min-height: 32px;
}

.switch input {
  appearance: none;
  position: relative;
  width: 34px;
  height: 20px;
  margin: 0;
  border: 1px solid var(--edge);
  border-radius: 10px;
  background: var(--card);
  cursor: pointer;
}

.switch input::before {
  content: "";
  position: absolute;
  top: 3px;
  left: 3px;
  width: 12px;
  height: 12px;
  border-radius: 6px;
  background: var(--edge);
  transition: transform 120ms;
}

.switch input:checked {
  border-color: var(--bad);
}

.switch input:checked::before {
  background: var(--bad);
  transform: translateX(14px);
}

#counts {
  display: flex;
  flex-wrap: wrap;
  margin: 12px 0;
  border: 1px solid var(--line);
  border-radius: 6px;
  overflow: clip;
}

#counts a {
  flex: 1 0 auto;
  min-width: 104px;
  padding: 8px 12px;
  border-right: 1px solid var(--line);
  color: var(--faint);
  text-decoration: none;
}

#counts a:last-child {
  border-right: 0;
}

#counts a:hover {
  background: var(--card);
}

#counts a:focus-visible {
  outline-offset: -3px;
}

#counts [aria-current] {
  background: var(--card);
  box-shadow: inset 0 -3px var(--accent);
  color: var(--text);
}

#counts strong {
  display: block;
  font-size: 20px;
  line-height: 1.25;
  color: var(--text);
}

#counts [data-state="failed"]:not([data-none]) strong {
  color: var(--bad);
}

#counts [data-state="due"]:not([data-none]) strong {
  color: var(--warn);
}

#facts {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 4px 20px;
  color: var(--faint);
}

#facts p,
#facts details {
  min-width: 0;
  overflow-wrap: anywhere;
}

#facts ul {
  margin: 4px 0;
  padding-left: 18px;
}

#facts .bad {
  color: var(--bad);
}

#facts .paused {
  color: var(--warn);
}

summary {
  cursor: pointer;
}

#hour {
  margin: 12px 0;
}

#hour svg {
  display: block;
  width: 100%;
  height: 32px;
  border-bottom: 1px solid var(--edge);
  fill: var(--accent);
}

figcaption,
.ruler,
footer,
#scope,
#end {
  color: var(--faint);
}

.ruler {
  display: flex;
  justify-content: space-between;
  font-size: 12px;
}

#said:not(:empty) {
  margin: 8px 0;
  padding: 6px 12px;
  border: 1px solid var(--line);
  border-left: 3px solid var(--accent);
  border-radius: 3px;
  overflow-wrap: anywhere;
}

#said.bad {
  border-left-color: var(--bad);
}

#search {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 8px;
  margin: 12px 0;
}

#search input {
  flex: 1;
  min-width: 160px;
}

input[type="search"],
input[type="datetime-local"],
button {
  min-height: 32px;
  padding: 4px 12px;
  border: 1px solid var(--edge);
  border-radius: 6px;
  background: var(--page);
  color: inherit;
  font: inherit;
}

button {
  cursor: pointer;
}

button:hover {
  background: var(--card);
}

button.do {
  border-color: var(--accent);
  background: var(--accent);
  color: var(--accent-text);
}

table {
  width: 100%;
  margin: 8px 0;
  border-collapse: collapse;
  table-layout: fixed;
}

th {
  padding: 4px 8px;
  border-bottom: 1px solid var(--edge);
  color: var(--faint);
  font-weight: 600;
  text-align: left;
}

th:nth-child(2) {
  width: 150px;
}

th:nth-child(3) {
  width: 110px;
}

th:nth-child(4) {
  width: 80px;
}

td {
  padding: 4px 8px;
  border-bottom: 1px solid var(--line);
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.number {
  text-align: right;
}

tbody tr:hover,
tbody tr:focus-within {
  background: var(--card);
}

.key,
pre,
h2#actor-key {
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  unicode-bidi: isolate;
}

td .key {
  display: block;
  overflow: hidden;
  text-overflow: ellipsis;
}

td .key:focus-visible {
  outline-offset: -1px;
}

[data-state="failed"] .of-state {
  color: var(--bad);
}

[data-state="due"] .of-state {
  color: var(--warn);
}

[data-state="delivering"] .of-state,
[data-state="backing-off"] .of-state {
  color: var(--busy);
}

.of-error {
  color: var(--faint);
}

#pager {
  display: flex;
  gap: 16px;
}

#pager a {
  padding: 6px 0;
}

#actor dl > div {
  display: grid;
  grid-template-columns: 130px 1fr;
  padding: 4px 0;
  border-bottom: 1px solid var(--line);
}

dt {
  color: var(--faint);
}

dd {
  overflow-wrap: anywhere;
}

#actor-error,
#timeline {
  margin: 16px 0;
  overflow-wrap: anywhere;
}

#timeline img {
  display: block;
  max-width: 100%;
  height: auto;
  margin: 8px 0;
}

pre {
  margin: 8px 0;
  padding: 12px;
  border: 1px solid var(--line);
  border-radius: 6px;
  background: var(--card);
  font-size: 12px;
  overflow-wrap: anywhere;
  white-space: pre-wrap;
}

#timeline pre {
  overflow-x: auto;
  white-space: pre;
}

footer {
  margin-top: 24px;
}

kbd {
  padding: 0 4px;
  border: 1px solid var(--line);
  border-radius: 3px;
  font-size: 12px;
}

@media (max-width: 640px) {
  body {
    padding: 8px 12px 24px;
  }

  #counts a {
    flex: 1 0 33%;
    min-width: 0;
    border-bottom: 1px solid var(--line);
    margin-bottom: -1px;
    padding: 8px;
  }

  #counts a:nth-child(3n) {
    border-right: 0;
  }

  #counts strong {
    font-size: 16px;
    overflow-wrap: anywhere;
  }

  [data-view="actor"] #facts,
  [data-view="actor"] #hour {
    display: none;
  }

  #search label {
    flex-basis: 100%;
  }

  table,
  thead,
  tbody {
    display: block;
  }

  thead {
    position: absolute;
    clip-path: inset(50%);
  }

  /* The key, how it stands and the reason have a line each. */
  tbody tr {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    border-bottom: 1px solid var(--line);
  }

  td {
    border-bottom: 0;
  }

  .of-key,
  .of-error {
    grid-column: 1 / -1;
  }

  .of-state,
  .of-error {
    padding-top: 0;
  }

  .of-failures,
  .of-error:empty {
    display: none;
  }

  .of-state {
    white-space: normal;
  }

  td .key {
    padding: 6px 0;
  }

  #actor dl > div {
    grid-template-columns: 1fr;
  }

  footer {
    display: none;
  }
}

@media (pointer: coarse) {
  h1 a,
  #pager a,
  #back,
  #facts a {
    display: inline-block;
    min-height: 44px;
    align-content: center;
  }

  button,
  input[type],
  .switch,
  #counts a,
  summary,
  td .key {
    min-height: 44px;
    align-content: center;
  }

  .switch input {
    min-height: 0;
  }

  /* Below 16 px a phone zooms in on what is written, and stays so. */
  input[type] {
    font-size: 16px;
  }
}

@media (prefers-reduced-motion: reduce) {
  .switch input::before {
    transition: none;
  }
}
`

export const script = `var LIVE = 3e4;
function isLive({ seen }, at) {
  return at - seen <= LIVE;
}

function leaseHolder(lease, reports) {
  const { holder } = lease;
  const deliverer = delivererOf(lease, reports);
  if (deliverer === void 0) return \`\${holder}, which does not report: dead, or of an older version\`;
  const name2 = deliverer.process || holder;
  return isLive(deliverer, reports.at) ? name2 : \`\${name2}, which does not report any more: dead, or hung\`;
}
function isSilent(lease, reports) {
  const deliverer = delivererOf(lease, reports);
  return deliverer !== void 0 && !isLive(deliverer, reports.at);
}
function delivererOf({ holder }, { deliverers }) {
  return deliverers.find((each) => each.holder === holder);
}

function dueOf({ lease, due, time }) {
  return lease === null ? due ?? time : time;
}
function isPutOff({ state, time, due }) {
  return state === "pending" && due !== time;
}

function isWithin(inner, outer) {
  if ("key" in outer) return "key" in inner && inner.key === outer.key;
  const beginning = "key" in inner ? inner.key : inner.prefix;
  return beginning.startsWith(outer.prefix);
}

var CONTROLS = /[\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]/g;
var escaped = (letter) => \`\\\\u\${letter.charCodeAt(0).toString(16).padStart(4, "0")}\`;
function printable(text) {
  return text.replaceAll("\\\\", "\\\\\\\\").replaceAll(CONTROLS, escaped);
}
function digits(count) {
  return count.toLocaleString("en-US", { maximumFractionDigits: count < 10 ? 2 : 0 });
}

function pausesOf(key, { paused }) {
  return paused.filter((scope) => isWithin({ key }, scope));
}

var units = [
  ["d", 864e5],
  ["h", 36e5],
  ["min", 6e4],
  ["s", 1e3]
];
function duration(ms) {
  const [unit, size] = units.find(([, size2]) => ms >= size2) ?? ["ms", 1];
  const count = ms / size;
  return \`\${count < 10 && size > 1 ? Number(count.toFixed(1)) : Math.round(count)} \${unit}\`;
}
function fromNow(time, now2) {
  const ms = time - now2;
  return ms > 0 ? \`in \${duration(ms)}\` : \`\${duration(-ms)} ago\`;
}
function instant(time) {
  return Math.abs(time) > 864e13 ? \`\${time} ms\` : new Date(time).toISOString();
}

var { csrf = "" } = document.body.dataset;
var PATIENCE = 2e4;
async function ask(route, query) {
  return (await answered(fetch(\`\${route}?\${new URLSearchParams(query)}\`, { signal: AbortSignal.timeout(PATIENCE) }))).json();
}
async function askToChange(action, body) {
  await answered(
    fetch(action, {
      method: "POST",
      headers: { "content-type": "application/json", "x-nolater": csrf },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE)
    })
  );
}
async function answered(asked) {
  const response = await asked.catch(() => {
    throw new Error("The server does not answer.");
  });
  if (response.ok) return response;
  throw new Error((await response.text()).trim() || \`The server answers \${response.status}.\`);
}

function byId(id) {
  return document.getElementById(id);
}
function within(parent, selector) {
  return parent.querySelector(selector);
}
function make(name2, attributes = {}, ...children) {
  const element = document.createElement(name2);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children);
  return element;
}
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function say(text, isTrouble = false) {
  const said = byId("said");
  said.classList.toggle("bad", isTrouble);
  setText(said, text);
}

var ahead = 0;
function setClock(at) {
  ahead = at - Date.now();
}
function now() {
  return Date.now() + ahead;
}
function timeElement(at) {
  const iso = instant(at);
  return make("time", { datetime: iso, title: iso, "data-at": \`\${at}\` }, fromNow(at, now()));
}
function tick() {
  for (const element of document.querySelectorAll("time[data-at]")) {
    setText(element, fromNow(Number(element.dataset.at), now()));
  }
}

var stateNames = {
  pending: "pending",
  due: "due",
  delivering: "delivering",
  "backing-off": "backing off",
  failed: "failed"
};
var listTitles = {
  pending: "Pending alarms",
  due: "Alarms that are due",
  delivering: "Alarms that are delivered now",
  "backing-off": "Alarms that back off",
  failed: "Alarms that have failed"
};
function keyText(key) {
  return key === "" ? '""' : printable(key);
}
function stateText(alarm, stats) {
  const { state, lease, paused } = alarm;
  const isStuck = lease !== null && stats !== null && isSilent(lease, stats);
  const more = [
    ...isPutOff(alarm) ? ["rescheduled"] : [],
    ...isStuck ? ["stuck"] : [],
    ...paused ? ["paused"] : []
  ];
  return [stateNames[state], ...more].join(", ");
}
function errorText(error) {
  return error === null ? "" : printable(\`\${error.name}: \${error.message}\`);
}
function scopeText(scope) {
  if ("key" in scope) return \`the alarm of \${keyText(scope.key)}\`;
  return scope.prefix === void 0 || scope.prefix === "" ? "all alarms" : \`all alarms whose keys begin with "\${printable(scope.prefix)}"\`;
}

var words = {
  retry: {
    name: "Retry",
    done: "Retried",
    what: "It is delivered again at once, with all its retries."
  },
  reschedule: {
    name: "Reschedule",
    done: "Rescheduled",
    what: "It is delivered again at this time, with all its retries, and never before its own time. What it was set to stays."
  },
  discard: {
    name: "Discard",
    done: "Discarded",
    what: "The manager removes it. The store still holds it, and sets it again when the actor is opened: to have it gone, delete it through its actor."
  },
  pause: {
    name: "Pause",
    done: "Paused",
    what: "Nothing of this is delivered until it is resumed, in any process. What becomes due stays due, and is late. Handlers at work go on."
  },
  resume: {
    name: "Resume",
    done: "Resumed",
    what: "What has become due is delivered at once. A pause that is wider goes on."
  }
};
var LEFT_LEASE = "Its lease is ended if its process has not reported for 30 s and is gone from this machine, or has not reported for ten minutes: then it is delivered again at once.";
var HOUR = 36e5;
var can = (document.body.dataset.can ?? "").split(" ");
var isOn = false;
var turned = () => {
};
var changed = () => {
};
function startChanges(onTurn, onChange) {
  turned = onTurn;
  changed = onChange;
  const label = byId("switch");
  label.hidden = can.join("") === "";
  const box = within(label, "input");
  box.checked = false;
  box.addEventListener("change", () => {
    isOn = box.checked;
    box.setAttribute("aria-checked", \`\${isOn}\`);
    turned();
  });
}
function canChange() {
  return isOn;
}
function mayChange() {
  return !isOn && can.join("") !== "";
}
function changeButton(action, meant, what = words[action].what) {
  if (!isOn || !can.includes(action)) return [];
  const { name: name2 } = words[action];
  const subject = subjectOf(meant);
  const isWide = !("key" in meant) && !("key" in meant.scope);
  const text = isWide ? \`\${name2} \${subject}\` : name2;
  const button = make("button", { type: "button", "aria-label": \`\${name2} \${subject}\` }, text);
  button.addEventListener("click", () => void change(action, meant, what));
  return [button];
}
function subjectOf(meant) {
  return "key" in meant ? \`the alarm of \${keyText(meant.key)}\` : scopeText(meant.scope);
}
async function change(action, meant, what) {
  const { name: name2, done } = words[action];
  const subject = subjectOf(meant);
  const isTimed = action === "reschedule";
  const time = await confirmed(\`\${name2} \${subject}?\`, what, name2, isTimed);
  if (time === null) return;
  try {
    await askToChange(action, { ...meant, ...isTimed && { time } });
    say(\`\${done} \${subject}\${isTimed ? \` to \${instant(time)}, \${fromNow(time, now())}\` : ""}.\`);
  } catch (error) {
    say(error.message, true);
  }
  changed();
}
function confirmed(title, text, name2, asksTime) {
  const dialog = within(document.body, "dialog");
  byId("dialog-title").textContent = title;
  byId("dialog-text").textContent = text;
  within(dialog, ".do").textContent = name2;
  const label = byId("dialog-time");
  const input = within(label, "input");
  label.hidden = !asksTime;
  input.disabled = !asksTime;
  input.value = localText(now() + HOUR);
  const far = within(label, "output");
  const tellFar = () => {
    const time = new Date(input.value).getTime();
    setText(far, Number.isNaN(time) ? "" : fromNow(time, now()));
  };
  input.oninput = tellFar;
  tellFar();
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    const end = () => {
      if (dialog.returnValue !== "do") resolve(null);
      else resolve(asksTime ? new Date(input.value).getTime() : 0);
    };
    dialog.addEventListener("close", end, { once: true });
  });
}
function localText(at) {
  return new Date(at - new Date(at).getTimezoneOffset() * 6e4).toISOString().slice(0, 19);
}

var drawn = "";
function drawActor(key, alarm, stats, canChange2) {
  const pauses = stats === null ? [] : pausesOf(key, stats);
  const lease = alarm?.lease ?? null;
  const holder = lease === null || stats === null ? lease?.holder ?? "" : leaseHolder(lease, stats);
  const isLeft = lease !== null && stats !== null && isSilent(lease, stats);
  const now2 = JSON.stringify([key, alarm, pauses, holder, isLeft, canChange2]);
  if (now2 === drawn) return;
  drawn = now2;
  const article = byId("actor");
  setText(byId("actor-key"), keyText(key));
  drawActions(key, alarm, pauses, isLeft);
  const rows = alarm === null ? [] : rowsOf(alarm, pauses, holder);
  within(article, "dl").replaceChildren(
    ...rows.map(([name2, ...values]) => make("div", {}, make("dt", {}, name2), make("dd", {}, ...values))),
    ...alarm === null ? [make("div", {}, make("dd", {}, "It has no alarm."))] : []
  );
  const error = alarm?.lastError ?? null;
  const section = byId("actor-error");
  section.hidden = error === null;
  setText(within(section, "p"), errorText(error));
  const stack = within(section, "pre");
  stack.hidden = error?.stack === void 0;
  setText(stack, error?.stack ?? "");
}
function drawActions(key, alarm, pauses, isLeft) {
  const actions = byId("actor-actions");
  const focused = document.activeElement?.textContent;
  const hadFocus = actions.contains(document.activeElement);
  const changes = alarm === null ? [] : changesOf(alarm, isLeft);
  const buttons = [
    ...changes.flatMap(
      (each) => changeButton(each, { key, fence: alarm?.fence }, isLeft ? LEFT_LEASE : void 0)
    ),
    ...pauses.length === 0 ? changeButton("pause", { scope: { key } }) : pauses.flatMap((scope) => changeButton("resume", { scope }))
  ];
  const hint = mayChange() && buttons.length === 0 ? [make("span", {}, "To change it, allow changes at the top.")] : [];
  actions.replaceChildren(...buttons, ...hint);
  if (hadFocus) (buttons.find(({ textContent }) => textContent === focused) ?? byId("actor-key")).focus();
}
function changesOf(alarm, isLeft) {
  if (alarm.state === "failed") return ["retry", "reschedule", "discard"];
  if (isPutOff(alarm)) return ["retry", "reschedule"];
  return isLeft ? ["retry"] : [];
}
function rowsOf(alarm, pauses, holder) {
  const { state, time, due, fence, failures, lastError, lease, paused } = alarm;
  const rows = [
    ["State", ...meaningOf(alarm)],
    ["Set to", ...both(time)]
  ];
  if (isPutOff(alarm)) rows.push(["Rescheduled to", ...both(due)]);
  if (state === "backing-off") rows.push(["Delivered again", ...both(due)]);
  rows.push(["Fence", \`\${fence}\`], ["Failures", \`\${failures}\`]);
  if (paused) rows.push(["Paused", pauses.length === 0 ? "yes" : pauses.map(scopeText).join(", and ")]);
  if (lease !== null)
    rows.push(["Delivered by", holder], ["Lease ends", ...both(lease.until), ", then it is delivered again"]);
  if (lastError !== null) rows.push(["Last failed", ...both(lastError.at)]);
  if (lastError?.since !== void 0) rows.push(["Failing since", ...both(lastError.since)]);
  return rows;
}
function both(at) {
  return [timeElement(at), \` (\${instant(at)})\`];
}
function meaningOf({ state, due, paused }) {
  if (state === "due")
    return ["was due ", timeElement(due), paused ? ", and is paused" : ", and is not taken"];
  if (state === "failed") return ["failed: given up, delivered no more"];
  return [stateNames[state]];
}

var start = { key: null, state: null, prefix: "", after: null, at: null };
function readAddress(hash = location.hash) {
  const query = new URLSearchParams(hash.slice(1));
  return {
    key: query.get("key"),
    state: query.get("state"),
    prefix: query.get("prefix") ?? "",
    after: query.get("after"),
    at: query.get("at")
  };
}
function linkTo(to) {
  const { key, state, prefix, after, at } = { ...start, ...to };
  if (key !== null) return \`#\${new URLSearchParams({ key })}\`;
  const query = new URLSearchParams();
  if (state !== null) query.set("state", state);
  if (prefix !== "") query.set("prefix", prefix);
  if (after !== null) query.set("after", after);
  if (at !== null) query.set("at", at);
  return \`#\${query}\`;
}

var name = printable(document.body.dataset.name ?? "");
var states = [null, ...Object.keys(stateNames)];
var links = states.map((state) => {
  const count = make("strong", {}, "…");
  const name2 = state === null ? "all" : stateNames[state];
  const link = make("a", { href: linkTo({ state }), "data-state": state ?? "all" }, count, \` \${name2}\`);
  return { state, link, count };
});
function startCounts() {
  setText(byId("name"), name);
  byId("counts").append(...links.map(({ link }) => link));
}
function drawCounts({ counts }) {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  for (const { state, count, link } of links) {
    const held = state === null ? all : counts[state];
    setText(count, digits(held));
    link.toggleAttribute("data-none", held === 0);
  }
  document.title = \`\${digits(counts.failed)} failed, \${digits(counts.due)} due: \${name || "nolater"}\`;
}
function markCounts() {
  const { key, state } = readAddress();
  for (const each of links) {
    if (key === null && each.state === state) each.link.setAttribute("aria-current", "page");
    else each.link.removeAttribute("aria-current");
  }
}

var NOTHING = "Nothing delivers: what is due stays due.";
var drawn2 = "";
function drawFacts(stats, canChange2) {
  const { oldest, at, paused, deliverers } = stats;
  const now2 = JSON.stringify([
    { ...stats, at: 0, oldest: oldest && [oldest.key, at - oldest.overdue] },
    canChange2
  ]);
  if (now2 === drawn2) return;
  drawn2 = now2;
  const section = byId("facts");
  const focused = section.contains(document.activeElement) ? document.activeElement?.textContent ?? null : null;
  const isOpen = section.querySelector("details")?.open === true;
  section.replaceChildren(
    oldest === null ? make("p", {}, "Nothing is due.") : make(
      "p",
      {},
      "Late most: ",
      make("a", { href: linkTo({ key: oldest.key }), class: "key" }, keyText(oldest.key)),
      ", due ",
      timeElement(at - oldest.overdue)
    ),
    make("p", {}, lastMinute(stats)),
    deliverers.length === 0 ? make("p", { class: "bad" }, NOTHING) : deliverersOf(stats, isOpen),
    ...paused.map(
      (scope) => make("p", { class: "paused" }, \`Paused: \${scopeText(scope)} \`, ...changeButton("resume", { scope }))
    ),
    ...canChange2 ? [make("p", {}, ...changeButton("pause", { scope: {} }))] : []
  );
  if (focused === null) return;
  const all = [...section.querySelectorAll("a, button, summary")];
  const same = all.find(({ textContent }) => textContent === focused);
  (same ?? section).focus({ preventScroll: true });
}
function lastMinute({ fires, failures, lateness: { p50, p99, max } }) {
  const rate = \`In the last minute \${digits(fires)} deliveries a second, \${digits(failures)} failed\`;
  if (p50 === null || p99 === null || max === null) return \`\${rate}.\`;
  return \`\${rate}; half of them late by \${duration(p50)} at most, 99 of 100 by \${duration(p99)}, all by \${duration(max)}.\`;
}
function deliverersOf({ deliverers, at }, isOpen) {
  const live = deliverers.filter((deliverer) => isLive(deliverer, at)).length;
  const hung = deliverers.length - live;
  const count = live === 0 ? NOTHING : live === 1 ? "1 delivers." : \`\${live} deliver.\`;
  return make(
    "details",
    isOpen ? { open: "" } : {},
    make("summary", hung > 0 ? { class: "bad" } : {}, hung > 0 ? \`\${count} \${hung} dead or hung.\` : count),
    make(
      "ul",
      {},
      ...deliverers.map(
        ({ process, holder, since, seen }) => make(
          "li",
          {},
          \`\${printable(process) || holder}: began \`,
          timeElement(since),
          ", reported ",
          timeElement(seen)
        )
      )
    )
  );
}

var HEIGHT = 32;
var STEP = 4;
var SVG = "http://www.w3.org/2000/svg";
function drawHour(hour) {
  const figure = byId("hour");
  figure.hidden = hour === null;
  if (hour === null) return;
  const { counts } = hour;
  const most = Math.max(...counts);
  const sum = counts.reduce((all, count) => all + count, 0);
  const text = sum === 0 ? "Nothing is due in the next hour." : \`\${digits(sum)} due in the next hour, \${digits(most)} in its fullest minute, the \${ordinal(counts.indexOf(most) + 1)}.\`;
  setText(within(figure, "figcaption"), text);
  const svg = within(figure, "svg");
  const bars = barsOf(svg, counts.length);
  counts.forEach((count, minute) => {
    const height = count === 0 ? 0 : Math.max(1.5, count / most * HEIGHT);
    bars[minute]?.setAttribute("y", \`\${HEIGHT - height}\`);
    bars[minute]?.setAttribute("height", \`\${height}\`);
  });
}
function barsOf(svg, count) {
  if (svg.childElementCount !== count) {
    svg.replaceChildren(
      ...Array.from({ length: count }, (_, minute) => {
        const bar = document.createElementNS(SVG, "rect");
        bar.setAttribute("x", \`\${minute * STEP}\`);
        bar.setAttribute("width", \`\${STEP - 1}\`);
        return bar;
      })
    );
  }
  return [...svg.children];
}
function ordinal(count) {
  const isTeen = count % 100 > 10 && count % 100 < 14;
  return \`\${count}\${(isTeen ? void 0 : ["th", "st", "nd", "rd"][count % 10]) ?? "th"}\`;
}

function startKeys({ back, search }) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null)
      return;
    const { activeElement } = document;
    const isTyping = activeElement instanceof HTMLInputElement && activeElement.type !== "checkbox";
    const isInRow = activeElement instanceof HTMLElement && stops().includes(activeElement);
    if (event.key === "Escape") {
      if (isTyping) activeElement.blur();
      else back();
    } else if (isTyping) return;
    else if (event.key === "/") search();
    else if (event.key === "j" || event.key === "ArrowDown" && isInRow) step(1);
    else if (event.key === "k" || event.key === "ArrowUp" && isInRow) step(-1);
    else return;
    event.preventDefault();
  });
}
function stops() {
  return [
    ...document.querySelectorAll("#list:not([hidden]) tbody a, #list:not([hidden]) #pager a")
  ];
}
function step(by) {
  const all = stops();
  const place = all.indexOf(document.activeElement);
  const next = all[place < 0 ? 0 : Math.min(Math.max(place + by, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
function focusSearch() {
  const input = byId("key");
  input.focus();
  input.select();
}

var drawn3 = "";
var pageOf = null;
function drawList(answer, address, canChange2, stats) {
  const rows = answer.alarms.map((alarm) => [alarm, stateText(alarm, stats)]);
  const now2 = JSON.stringify([answer, rows.map(([, state2]) => state2), address, canChange2]);
  if (now2 === drawn3) return;
  drawn3 = now2;
  const { state, prefix, after } = address;
  const section = byId("list");
  setText(byId("list-title"), titleOf(address));
  byId("scope").replaceChildren(...prefix === "" ? [] : changeButton("pause", { scope: { prefix } }));
  const body = within(section, "tbody");
  const focused = document.activeElement?.dataset.key;
  body.replaceChildren(...rows.map(rowOf));
  if (focused !== void 0) focusRow(focused);
  if (after !== pageOf) showTop(answer.alarms[0]?.key);
  pageOf = after;
  setText(byId("end"), endOf(answer, address));
  const last = answer.alarms.at(-1);
  byId("pager").replaceChildren(
    ...after === null ? [] : [make("a", { href: linkTo({ state, prefix }) }, "First page")],
    ...answer.more && last !== void 0 ? [make("a", { href: pageAfter(address, last) }, "Next page")] : []
  );
}
function showTop(first) {
  byId("list-title").scrollIntoView({ block: "nearest" });
  if (first !== void 0) focusRow(first);
}
function focusRow(key) {
  const row = [...document.querySelectorAll("#list [data-key]")].find(
    (each) => each.dataset.key === key
  );
  row?.focus({ preventScroll: true });
}
function rowOf([alarm, stated]) {
  const { key, state, failures, lastError } = alarm;
  const cell = (attributes, ...children) => make("td", attributes, ...children);
  const link = make(
    "a",
    { href: linkTo({ key }), class: "key", title: keyText(key), "data-key": key },
    keyText(key)
  );
  return make(
    "tr",
    { "data-state": state },
    cell({ class: "of-key" }, link),
    cell({ class: "of-state" }, stated),
    cell({ class: "of-time" }, timeElement(dueOf(alarm))),
    cell({ class: "of-failures number" }, failures === 0 ? "" : \`\${failures}\`),
    cell({ class: "of-error" }, errorText(lastError))
  );
}
function titleOf({ state, prefix }) {
  const which = state === null ? "All alarms" : listTitles[state] ?? state;
  return prefix === "" ? which : \`\${which}: \${scopeText({ prefix }).replace("all alarms whose ", "")}\`;
}
function endOf({ alarms, more, cut }, { after }) {
  if (cut) return "The search took too long and was ended: there may be more. A longer beginning finds more.";
  if (alarms.length === 0) return after === null ? "There are none." : "There are no more.";
  return more ? "" : "These are all.";
}
function pageAfter({ state, prefix }, { key, due, time }) {
  return linkTo({ state, prefix, after: key, at: \`\${due ?? time}\` });
}

var AGAIN = 5e3;
function follow(onLook) {
  let source = null;
  let next;
  function end() {
    clearTimeout(next);
    source?.close();
    source = null;
  }
  function begin() {
    end();
    source = new EventSource("live");
    source.addEventListener("look", ({ data }) => {
      show("live", true);
      onLook(JSON.parse(data));
    });
    source.addEventListener("trouble", ({ data }) => show(JSON.parse(data).message, false));
    source.addEventListener("error", () => {
      show("The server does not answer. Trying again.", false);
      if (source?.readyState === EventSource.CLOSED) next = setTimeout(begin, AGAIN);
    });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") begin();
    else end();
  });
  begin();
}
function show(text, isLive2) {
  const link = byId("link");
  link.classList.toggle("bad", !isLive2);
  setText(link, text);
}

var hasJournal = document.body.dataset.journal !== void 0;
var [NARROWEST, WIDEST] = [360, 4e3];
var drawn4 = "";
async function askTimeline(key) {
  if (!hasJournal) return null;
  const width = Math.min(Math.max(NARROWEST, byId("main").clientWidth), WIDEST);
  return ask("timeline", { key, width: \`\${width}\` }).catch((error) => error);
}
function drawTimeline(answer) {
  const now2 = answer instanceof Error ? answer.message : JSON.stringify(answer);
  if (now2 === drawn4) return;
  drawn4 = now2;
  const section = byId("timeline");
  section.hidden = answer === null;
  const { parts, text } = answer === null || answer instanceof Error ? { parts: [], text: "" } : answer;
  const trouble = answer instanceof Error ? answer.message : "";
  const said = within(section, "p");
  said.classList.toggle("bad", trouble !== "");
  setText(said, trouble === "" && text === "" ? "The journal has nothing of this actor." : trouble);
  within(section, "div").replaceChildren(
    ...parts.map(
      (part) => "gap" in part ? make("p", {}, part.gap) : make("img", { src: \`data:image/svg+xml,\${encodeURIComponent(part.svg)}\`, alt: part.title })
    )
  );
  within(section, "details").hidden = text === "";
  setText(within(section, "pre"), text);
}

var look = null;
var listed = "";
var opened = null;
var turn = 0;
var isBusy = false;
var isSearching = false;
var isSearched = false;
async function show2() {
  const mine = ++turn;
  const address = readAddress();
  const { key, state, prefix, after, at } = address;
  isBusy = true;
  try {
    if (key !== null) {
      const [{ alarm }, timeline] = await Promise.all([
        ask("alarm", { key }),
        askTimeline(key)
      ]);
      if (mine === turn) {
        drawActor(key, alarm, look?.stats ?? null, canChange());
        drawTimeline(timeline);
      }
    } else {
      const given = Object.entries({ state, prefix: prefix || null, after, at });
      const query = Object.fromEntries(given.filter((each) => each[1] !== null));
      const answer = await ask("list", query);
      if (mine === turn) {
        drawList(answer, address, canChange(), look?.stats ?? null);
        const [first] = answer.alarms;
        if (isSearched && first !== void 0) focusRow(first.key);
        isSearched = false;
      }
    }
  } catch (error) {
    if (mine === turn) say(error.message, true);
  }
  if (mine !== turn) return;
  isBusy = false;
  turnTo(key);
}
function turnTo(key) {
  byId("list").hidden = key !== null;
  byId("actor").hidden = key === null;
  document.body.dataset.view = key === null ? "list" : "actor";
  if (key === null) listed = location.hash;
  byId("back").href = listed === "" ? "#" : listed;
  if (key === opened) return;
  if (key !== null) byId("actor-key").focus();
  else if (isSearching) focusSearch();
  else if (opened !== null) focusRow(opened);
  isSearching = false;
  opened = key;
}
function drawLook() {
  if (look === null) return;
  drawCounts(look.stats);
  drawFacts(look.stats, canChange());
  drawHour(look.hour);
}
function draw() {
  drawLook();
  void show2();
}
async function lookAgain() {
  const stats = await ask("stats", {}).catch(() => null);
  if (look !== null && stats !== null) look = { ...look, stats };
  draw();
}
function start2() {
  startCounts();
  startChanges(draw, () => void lookAgain());
  const back = () => {
    if (readAddress().key !== null) location.hash = listed === "" ? "#" : listed;
  };
  startKeys({
    back,
    search() {
      isSearching = readAddress().key !== null;
      if (isSearching) back();
      else focusSearch();
    }
  });
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const found = linkTo({ prefix: byId("key").value, state: readAddress().state });
    isSearched = true;
    if (found === location.hash) void show2();
    else location.hash = found;
  });
  document.querySelector(".skip")?.addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });
  window.addEventListener("hashchange", () => {
    document.querySelector("dialog[open]")?.close("cancel");
    say("");
    enter();
  });
  follow((seen) => {
    look = seen;
    setClock(seen.stats.at);
    drawLook();
    if (!isBusy) void show2();
  });
  setInterval(tick, 1e3);
  enter();
}
function enter() {
  markCounts();
  const { key, prefix } = readAddress();
  if (key === null) byId("key").value = prefix;
  void show2();
}
start2();
`

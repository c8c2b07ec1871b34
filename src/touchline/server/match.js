/* A match as it changes: follows its stream, and draws anew what changed. What Python draws of a
   match (glance.py, match_page.py, match_drawing.py), this draws the same. Words from outside
   become text, never markup. */

const one = (id) => document.getElementById(id);
const page = one("match");
const DRAWN_MS = 250;
const FEED = 40, MOMENTS = 100, MARKS = 4000;
const TYPES = [
  "goal", "own_goal", "shot", "pass", "cross", "carry", "take_on", "duel", "tackle", "interception",
  "clearance", "block", "recovery", "save", "foul", "offside", "card", "substitution", "corner",
  "free_kick", "throw_in", "goal_kick", "penalty", "period_start", "period_end", "ball_out", "var",
];
const GOALS = ["goal", "own_goal"];
const TIMELINE = [...GOALS, "card", "substitution"];
const KINDS = { goal: "goals", own_goal: "goals", shot: "shots", pass: "passes", cross: "passes" };
const STARTS = { 1: 0, 2: 45, 3: 90, 4: 105, 5: 120 };
const ENDS = { 1: 45, 2: 90, 3: 105, 4: 120 };
const LENGTHS = { 1: 45, 2: 45, 3: 15, 4: 15, 5: 5 };
const PERIODS = {
  1: "first half", 2: "second half", 3: "extra time, first half", 4: "extra time, second half", 5: "shoot-out",
};
const SHOOT_OUT = 5;

/* --- elements ------------------------------------------------------------------------------- */

const SVG = "http://www.w3.org/2000/svg";
function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== ""));
  return node;
}
const html = (name, attributes = {}, ...children) => filled(document.createElement(name), attributes, children);
const svg = (name, attributes = {}, ...children) => filled(document.createElementNS(SVG, name), attributes, children);

/* The children of `parent` are those of `items`, [key, make]: one whose key is there already stays. */
function sync(parent, items) {
  const old = new Map(Array.from(parent.childNodes, (node) => [node.key, node]));
  const wanted = items.map(([key, make]) => {
    const node = old.get(key) ?? make();
    node.key = key;
    old.delete(key);
    return node;
  });
  const kept = new Set(wanted);
  for (const node of Array.from(parent.childNodes)) if (!kept.has(node)) node.remove();
  let next = parent.firstChild;
  for (const node of wanted) {
    if (node === next) next = next.nextSibling;
    else parent.insertBefore(node, next);
  }
}
const known = (key, make) => [[key, make]];

/* --- what is known -------------------------------------------------------------------------- */

let events = new Map();
let coming = null; /* a snapshot under way takes the place of what is known once it is whole */
let whole = false;
let heardAt = 0;
for (const event of JSON.parse(page.dataset.cancelled)) events.set(event.event_id, event);
const gone = new Map(events);

const said = (value) =>
  typeof value === "string" || typeof value === "number" ? Array.from(String(value)).slice(0, 128).join("") : "";
const order = (event) => `${event.event_at}#${String(event.sequence ?? 0).padStart(10, "0")}#${event.event_id}`;

function ordered() {
  const keyed = Array.from(events.values(), (event) => [order(event), event]);
  return keyed.sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([, event]) => event);
}

function own(event) {
  const { period, minute } = event;
  if (typeof minute !== "number" || minute < 0 || minute > 200) return null;
  const second = Math.min(Math.max(event.second ?? 0, 0), 59.999);
  return { period: period in STARTS ? period : null, seconds: minute * 60 + second };
}

/* Each event with its clock; one without goes by the last that had one, or by the first of all. */
function clocked(list) {
  let base = null;
  return list.map((event) => {
    const at = Date.parse(event.event_at);
    const told = own(event);
    if (told || !base) base = { at, ...(told ?? { period: null, seconds: 0 }) };
    const { period, seconds } = told ?? { period: base.period, seconds: base.seconds + (at - base.at) / 1000 };
    return {
      event, at, period, seconds, kind: event.event_type ?? "", team: event.team_id ?? "", player: event.player_id ?? "",
      cancelled: event.status === "cancelled",
    };
  });
}

function minute({ period, seconds }) {
  if (period === SHOOT_OUT) return "shoot-out";
  const now = Math.floor(seconds / 60) + 1, last = ENDS[period] ?? Infinity;
  return now > last ? `${last}+${now - last}'` : `${now}'`;
}
function clock({ seconds }) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function counted(list, key) {
  const found = new Map();
  for (const each of list) found.set(key(each), (found.get(key(each)) ?? 0) + 1);
  return found;
}

const less = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function sides(valid) {
  const found = counted(valid.filter((e) => e.team), (e) => e.team);
  const home = new Set(valid.map((e) => said(e.event.home_team_id)).filter(Boolean));
  const most = Array.from(found.keys()).sort((a, b) => found.get(b) - found.get(a) || less(a, b)).slice(0, 2);
  return most.sort((a, b) => !home.has(a) - !home.has(b) || less(a, b));
}

function score(list, teams) {
  const goals = list.filter((e) => GOALS.includes(e.kind));
  const own = goals.filter((e) => e.kind === "own_goal");
  const of = (team) => goals.filter((e) => e.kind === "goal" && e.team === team).length;
  return teams.map((team) => of(team) + own.filter((e) => e.team !== team).length);
}

function counts(valid, teams) {
  const place = (kind) => (TYPES.includes(kind) ? TYPES.indexOf(kind) : 99);
  const found = new Map();
  for (const e of valid) {
    const at = teams.indexOf(e.team);
    if (at < 0) continue;
    if (!found.has(e.kind)) found.set(e.kind, [0, 0]);
    found.get(e.kind)[at] += 1;
  }
  return Array.from(found).sort(([a], [b]) => place(a) - place(b) || less(a, b));
}

function glance() {
  const all = clocked(ordered());
  const valid = all.filter((e) => !e.cancelled);
  const teams = sides(valid);
  const names = new Map();
  for (const { event } of all) {
    for (const what of ["team", "player"]) {
      const name = said(event[`${what}_name`]);
      if (event[`${what}_id`] && name) names.set(`${what} ${event[`${what}_id`]}`, name);
    }
  }
  return {
    all, valid, teams,
    name: (team) => names.get(`team ${team}`) ?? team,
    player: (player) => names.get(`player ${player}`) ?? player,
    side: (e) => ["one", "two"][teams.indexOf(e.team)] ?? "none",
    score: score(valid.filter((e) => e.period !== SHOOT_OUT), teams),
    shootOut: score(valid.filter((e) => e.period === SHOOT_OUT), teams),
  };
}

/* --- words ---------------------------------------------------------------------------------- */

const number = (value) => value.toLocaleString("en");
const worded = (kind) => kind.replaceAll("_", " ");
const joined = (words, by) => words.filter(Boolean).join(by);

function notes(e) {
  const reason = said(e.event.reason);
  const because = (what) => (reason ? `${what}: ${reason}` : what);
  if (e.cancelled) return [because("cancelled")];
  return [
    ...(e.event.version > 1 ? [because("amended")] : []),
    ...(e.event.status === "provisional" ? ["to be confirmed"] : []),
  ];
}
function sign(e) {
  const told = `${said(e.event.card)} ${said(e.event.outcome)}`.toLowerCase();
  if (e.kind === "card") return told.includes("red") ? "booking red" : "booking yellow";
  return { goal: "goal", own_goal: "goal own", substitution: "change" }[e.kind] ?? "dot";
}
function told(match, e) {
  const words = [worded(e.kind), said(e.event.outcome), match.player(e.player), match.name(e.team)];
  return `${minute(e)} ${joined([...words, e.cancelled ? "cancelled" : ""], ", ")}`;
}

/* --- score, timeline, statistics, events ---------------------------------------------------- */

function drawScore(match) {
  const [first, second] = [...match.teams.map(match.name), "–", "–"];
  const [a, b] = [...match.score, 0, 0];
  const penalties = match.shootOut.some(Boolean) ? `${match.shootOut.join(" : ")} in the shoot-out` : "";
  document.title = `${first} ${a} : ${b} ${second} · Touchline`;
  sync(one("score"), known(JSON.stringify([first, second, a, b, penalties]), () => html("span", { class: "whole" },
    html("span", { class: "team one" }, first),
    html("span", { class: "score" }, `${a} : ${b}`, penalties && html("small", {}, penalties)),
    html("span", { class: "team two" }, second))));
  const last = match.valid.at(-1);
  const many = `${number(match.valid.length)} event${match.valid.length === 1 ? "" : "s"}`;
  one("clock").textContent = last ? joined([clock(last), PERIODS[last.period], many], " · ") : "no events";
}

function item(match, e, when) {
  const what = joined([worded(e.kind), said(e.event.outcome)], ", ");
  const who = joined([match.player(e.player), match.name(e.team)], " · ");
  const key = JSON.stringify([e.event.event_id, match.side(e), when, what, who, sign(e), notes(e)]);
  return [key, () => html("li", { class: match.side(e) },
    html("span", { class: "when" }, when),
    html(e.cancelled ? "s" : "span", { class: "line" },
      html("i", { class: `sign ${sign(e)}`, "aria-hidden": "true" }),
      html("span", { class: "what" }, what),
      who && e.player ? chooser(who, e.player) : html("span", { class: "who" }, who)),
    notes(e).map((note) => html("small", {}, note)))];
}
function chooser(who, player) {
  const button = html("button", { class: "who", type: "button", title: "show on the pitch" }, who);
  button.addEventListener("click", () => choose(player));
  return button;
}

function drawMoments(match) {
  const moments = match.all.filter((e) => TIMELINE.includes(e.kind));
  drawBar(match, moments);
  const rows = moments.slice(-MOMENTS).map((e) => item(match, e, minute(e)));
  const none = () => html("li", { class: "quiet" }, "No goals, cards or substitutions yet.");
  sync(one("moments"), rows.length ? rows : known("none", none));
}

function drawCounts(match) {
  const [first, second] = [...match.teams.map(match.name), "–", "–"];
  const [head, body] = [one("counts").tHead, one("counts").tBodies[0]];
  sync(head, known(JSON.stringify([first, second]), () => html("tr", {},
    html("th", { scope: "col", class: "one", colspan: 2 }, first), html("th", { scope: "col", class: "two", colspan: 2 }, second))));
  sync(body, counts(match.valid, match.teams).map(([kind, [a, b]]) => [JSON.stringify([kind, a, b]), () => html("tr", {},
    html("td", {}, number(a)), html("th", { scope: "row", colspan: 2 }, worded(kind), shares(a, b)), html("td", {}, number(b)))]));
}
function shares(a, b) {
  const part = (a / Math.max(a + b, 1)) * 100;
  return svg("svg", { class: "shares", height: 5, "aria-hidden": "true" },
    svg("rect", { class: "one", width: percent(Math.max(part - 0.4, 0)), height: 5, rx: 2 }),
    svg("rect", { class: "two", x: percent(Math.min(part + 0.4, 100)), width: percent(Math.max(99.6 - part, 0)), height: 5, rx: 2 }));
}
const percent = (value) => `${value.toFixed(2)}%`;

function drawFeed(match) {
  sync(one("feed"), match.all.slice(-FEED).reverse().map((e) => item(match, e, clock(e))));
}

/* --- the bar of minutes --------------------------------------------------------------------- */

function segments(valid) {
  const last = new Map();
  for (const e of valid) last.set(e.period, Math.max(last.get(e.period) ?? 0, e.seconds / 60));
  if (!last.size) last.set(null, 0);
  let begins = 0;
  return Array.from(last.keys()).sort((a, b) => (a ?? 0) - (b ?? 0)).map((period) => {
    const first = STARTS[period] ?? 0;
    const length = Math.max(LENGTHS[period] ?? 90, Math.ceil(last.get(period)) - first);
    begins += length;
    return { period, first, begins: begins - length, length };
  });
}

function drawBar(match, moments) {
  const parts = segments(match.valid);
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  const place = (period, minutes) => {
    const part = parts.find((p) => p.period === period) ?? parts[0];
    return 2 + ((part.begins + minutes - part.first) / total) * 96;
  };
  const shapes = [["base", () => svg("rect", { x: "2.00%", y: 46, width: "96.00%", height: 18, rx: 4, class: "minutes" })]];
  for (const { period, first, length } of parts) {
    for (let at = first; at < first + length; at += 15) {
      if (at > first && at > first + length - 5) break;
      const x = percent(place(period, at));
      shapes.push([`line ${period} ${at} ${x}`, () => svg("line", { x1: x, x2: x, y1: 46, y2: 64, class: at === first ? "edge" : "tick" })]);
      shapes.push([`text ${period} ${at} ${x}`, () => svg("text", { x, dx: 4, y: 59 }, String(at))]);
    }
  }
  const taken = { one: [], two: [] };
  for (const e of moments) {
    const side = match.teams.indexOf(e.team) === 1 ? "two" : "one";
    const x = place(e.period, e.seconds / 60);
    let level = taken[side].findIndex((end) => x - end >= 4);
    level = Math.min(level < 0 ? taken[side].length : level, 1);
    taken[side][level] = x;
    const y = side === "one" ? 34 - 20 * level : 76 + 20 * level;
    shapes.push([JSON.stringify([e.event.event_id, told(match, e), sign(e), x, y]), () => moment(match, e, { x: percent(x), y, side })]);
  }
  sync(one("bar"), shapes);
}
function moment(match, e, { x, y, side }) {
  const kind = sign(e);
  const shape =
    kind === "change" ? svg("path", { d: "M0-8 6-1H-6ZM0 8 6 1H-6Z" })
    : kind.startsWith("booking") ? svg("rect", { x: -4, y: -6, width: 8, height: 12, rx: 1.5 })
    : svg("circle", { r: 7 });
  return svg("svg", { x, y, class: `moment ${kind} ${side}${e.cancelled ? " cancelled" : ""}` },
    svg("title", {}, told(match, e)), shape);
}

/* --- the pitch ------------------------------------------------------------------------------ */

const SIZES = { goals: 1.9, shots: 1.3, passes: 0.5, other: 0.7 };
const SHOWN = { team: "", span: 300, player: "", kinds: new Set(["goals", "shots", "passes"]) };

function spot(event, names, isOne) {
  const [x, y] = names.map((name) => event[name]);
  if (typeof x !== "number" || typeof y !== "number") return null;
  const [along, across] = [x, y].map((v) => Math.min(Math.max(v, 0), 100)).map((v) => (isOne ? v : 100 - v));
  return [along * 1.05, across * 0.68];
}

function drawPitch(match) {
  const last = match.valid.at(-1)?.at ?? 0;
  const shown = match.valid.filter((e) => {
    const kind = KINDS[e.kind] ?? "other";
    return match.teams.includes(e.team) && SHOWN.kinds.has(kind) && (!SHOWN.team || e.team === SHOWN.team)
      && (!SHOWN.player || e.player === SHOWN.player)
      && (kind === "goals" || kind === "shots" || e.at >= last - SHOWN.span * 1000);
  });
  const marks = shown.slice(-MARKS).map((e) => mark(match, e)).filter(Boolean);
  sync(one("marks"), marks);
  sync(one("ways"), match.teams.slice(0, 2).map((team, at) => [JSON.stringify([match.name(team), at]), () => way(match.name(team), at)]));
  drawControls(match);
}
function mark(match, e) {
  const isOne = e.team === match.teams[0];
  const start = spot(e.event, ["x_pct", "y_pct"], isOne);
  if (!start) return null;
  const end = spot(e.event, ["end_x_pct", "end_y_pct"], isOne);
  const kind = KINDS[e.kind] ?? "other";
  const words = told(match, e);
  return [JSON.stringify([e.event.event_id, words, start, end, isOne]), () => {
    const [x, y] = start, size = SIZES[kind], wide = size * 1.2;
    const drawn = svg("g", { class: `${kind} ${isOne ? "one" : "two"}` },
      svg("title", {}, words),
      end && kind !== "goals" ? svg("path", { class: "way", d: `M${x.toFixed(1)} ${y.toFixed(1)}L${end[0].toFixed(1)} ${end[1].toFixed(1)}` }) : null,
      isOne ? svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: size })
        : svg("path", { d: `M${x.toFixed(1)} ${(y - wide).toFixed(1)}l${wide} ${wide} ${-wide} ${wide} ${-wide} ${-wide}Z` }));
    drawn.addEventListener("click", () => { one("chosen").textContent = words; });
    return drawn;
  }];
}

function way(name, at) {
  return html("span", { class: ["one", "two"][at] }, html("i", { "aria-hidden": "true" }, "◀▶"[1 - at]), html("span", {}, name));
}

function choose(player) {
  SHOWN.player = player;
  drawPitch(glance());
  one("field").scrollIntoView({ block: "center", behavior: "smooth" });
}
function drawControls(match) {
  const players = new Map(match.valid.filter((e) => e.player && match.teams.includes(e.team)).map((e) => [e.player, e.team]));
  const list = Array.from(players.keys()).sort((a, b) => less(match.player(a), match.player(b)));
  if (SHOWN.player && !players.has(SHOWN.player)) list.unshift(SHOWN.player);
  sync(one("player"), [["", () => html("option", { value: "" }, "all")],
    ...list.map((id) => [JSON.stringify([id, match.player(id)]), () => html("option", { value: id }, match.player(id))])]);
  one("player").value = SHOWN.player;
  const teams = [["", "Both"], ...match.teams.map((team) => [team, match.name(team)])];
  sync(one("teams"), [["legend", () => html("legend", {}, "Team")], ...teams.map(([team, name], at) => [JSON.stringify([team, name, at]), () => {
    const box = html("input", { type: "radio", name: "team", value: team });
    box.checked = team === SHOWN.team;
    return html("label", { class: `chip ${["", "one", "two"][at]}` }, box, name);
  }])]);
}
one("controls").addEventListener("submit", (event) => event.preventDefault());
one("controls").addEventListener("change", () => {
  const form = one("controls");
  SHOWN.team = form.querySelector("[name=team]:checked")?.value ?? "";
  SHOWN.kinds = new Set(Array.from(form.querySelectorAll("#kinds :checked"), (box) => box.value));
  SHOWN.span = one("span").value === "" ? Infinity : Number(one("span").value);
  SHOWN.player = one("player").value;
  drawPitch(glance());
});

/* --- drawing, seldom enough ----------------------------------------------------------------- */

let waits = false;
let drawnAt = -DRAWN_MS;
function draw() {
  waits = false;
  drawnAt = performance.now();
  const match = glance();
  drawScore(match);
  drawMoments(match);
  drawPitch(match);
  drawCounts(match);
  drawFeed(match);
  drawState(match);
}
function changed() {
  if (waits || coming || !whole) return;
  waits = true;
  setTimeout(() => requestAnimationFrame(draw), Math.max(0, drawnAt + DRAWN_MS - performance.now()));
}

/* --- the stream ----------------------------------------------------------------------------- */

const OVER_MS = 3 * 3600 * 1000;
let connected = false;
let refused = "";
let token = null;
let wait = 1000;

function drawState(match) {
  const last = match.valid.at(-1);
  const over = last?.kind === "period_end" && last.period >= 2;
  const old = last && Date.now() - Math.max(last.at, heardAt) > OVER_MS;
  const state = refused ? "ended" : !connected ? "reconnecting" : over || old ? "ended" : "live";
  const words = refused || { live: "live", reconnecting: "reconnecting …", ended: "ended · corrections still show" }[state];
  if (one("state").textContent !== words) one("state").textContent = words;
  one("state").className = `state ${state}`;
  one("state").dataset.connected = connected;
}

function follow() {
  const stream = new EventSource(page.dataset.stream + (token === null ? "" : `?after=${token}`));
  const on = (kind, take) => stream.addEventListener(kind, (message) => {
    if (message.lastEventId !== "") token = message.lastEventId;
    take(JSON.parse(message.data));
  });
  stream.addEventListener("open", () => {
    connected = true;
    wait = 1000;
    coming = null;
    changed();
  });
  on("snapshot", (said) => {
    if (said.anew && !coming) gone.clear(); /* another log: what was known is not */
    coming ??= new Map(gone);
    for (const event of said.events) coming.set(event.event_id, event);
  });
  on("ready", () => {
    events = coming ?? events;
    coming = null;
    whole = true;
    one("controls").hidden = false;
    changed();
  });
  on("change", ({ event }) => {
    events.set(event.event_id, event);
    if (event.status === "cancelled") gone.set(event.event_id, event);
    else gone.delete(event.event_id);
    heardAt = Date.now();
    changed();
  });
  stream.addEventListener("error", async () => {
    connected = false;
    drawState(glance());
    if (stream.readyState !== EventSource.CLOSED) return; /* it tries again by itself */
    const status = await asked();
    refused = status === 401 || status === 403 ? "ended · the key is not taken any more" : "";
    if (!refused) setTimeout(follow, (wait = Math.min(wait * 2, 30000)));
    drawState(glance());
  });
}
async function asked() {
  try {
    return (await fetch(page.dataset.stream.replace(/stream$/, "goals?limit=1"), { cache: "no-store" })).status;
  } catch {
    return 0;
  }
}
follow();
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

const every = (selector, within = document) => Array.from(within.querySelectorAll(selector));
const one = (id) => document.getElementById(id);
const count = (shown, all, of) => `${shown} of ${all} ${of}`;

/* Hover texts: titles become tips that a finger and a keyboard reach too. */
const tip = one("tip");
for (const title of every("svg g > title")) {
  title.parentNode.dataset.tip = title.textContent;
  title.remove();
}
for (const element of every("[title]")) {
  element.dataset.tip = element.title;
  element.setAttribute("aria-description", element.title);
  element.removeAttribute("title");
}
function show(owner, x, y) {
  tip.textContent = owner.dataset.tip;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = Math.min(Math.max(8, x - box.width / 2), innerWidth - box.width - 8);
  const above = y - box.height - 14;
  tip.style.left = `${left}px`;
  tip.style.top = `${above < 8 ? y + 18 : above}px`;
}
const around = (px) => [[px, 0], [-px, 0], [0, px], [0, -px]];
const REACH = [[0, 0], ...around(4)];
const FINGER = [[0, 0], ...Array.from({ length: 12 }, (_, px) => around(px + 1)).flat()];
function owner(event) {
  const inPicture = event.target.closest?.("svg");
  const reach = event.pointerType === "touch" ? FINGER : REACH;
  for (const [across, down] of inPicture ? reach : [[0, 0]]) {
    const under = document.elementFromPoint(event.clientX + across, event.clientY + down);
    const found = under?.closest("[data-tip]");
    if (found) return found;
  }
  return null;
}
let near = null;
function point(event) {
  const found = owner(event);
  if (near !== found) {
    near?.classList.remove("is-near");
    found?.classList.add("is-near");
    near = found;
  }
  if (found) show(found, event.clientX, event.clientY);
  else tip.hidden = true;
}
document.addEventListener("pointermove", point);
document.addEventListener("pointerdown", point);
document.addEventListener("focusin", (event) => {
  const found = event.target.closest?.("[data-tip]");
  if (!found || !found.matches(":focus-visible")) return;
  const box = found.getBoundingClientRect();
  show(found, box.left + box.width / 2, box.top);
});
document.addEventListener("focusout", () => { tip.hidden = true; });
document.addEventListener("scroll", () => { tip.hidden = true; }, { passive: true, capture: true });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });

/* The players' table: a click on a heading sorts, most first; what was not measured stays last. */
const table = one("players-table");
const body = table.tBodies[0];
const heads = every("thead tr:last-child th", table);
const value = (row, at) => row.cells[at].dataset.value;
function sort(head) {
  const at = head.cellIndex;
  const words = head.classList.contains("who");
  const down = head.ariaSort === "none" ? !words : head.ariaSort === "ascending";
  for (const other of heads) other.ariaSort = "none";
  head.ariaSort = down ? "descending" : "ascending";
  const order = (a, b) => {
    const [one, two] = [value(a, at), value(b, at)];
    if (one === undefined || two === undefined) return (one === undefined) - (two === undefined);
    const by = words ? one.localeCompare(two) : Number(one) - Number(two);
    return down ? -by : by;
  };
  body.append(...Array.from(body.rows).sort(order));
}
for (const head of heads) head.querySelector("button").addEventListener("click", () => sort(head));
function filter() {
  const [team, group] = [one("table-team").value, one("table-group").value];
  const rows = Array.from(body.rows);
  for (const row of rows) {
    row.hidden = (team && row.dataset.team !== team) || (group && row.dataset.group !== group);
  }
  const shown = rows.filter((row) => !row.hidden).length;
  one("table-shown").textContent = count(shown, rows.length, "players");
}
one("table-filter").addEventListener("change", filter);

/* One player is chosen: his radar is open, his points and his row stand out. */
const picker = one("radar-player");
function choose(player) {
  picker.value = player;
  for (const shape of every(".radar-shape")) shape.toggleAttribute("hidden", shape.dataset.player !== player);
  for (const part of every("[data-radar]")) part.hidden = part.dataset.radar !== player;
  for (const marked of every(".point, .scatter .name, #players-table tbody tr")) {
    marked.classList.toggle("is-chosen", marked.dataset.player === player);
  }
}
if (picker) {
  picker.addEventListener("change", () => choose(picker.value));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-choose]");
    const drawn = event.target.closest(".point");
    if (link) choose(link.dataset.choose);
    if (drawn) choose(drawn.dataset.player);
  });
  choose(picker.value);
}

/* The sprint map: a team or a player, and who had the ball. */
const arrows = every(".sprint[data-player]");
const pitches = every(".pitches > [data-team]");
function sift() {
  const [kind, who] = one("sprint-who").value.split(" ");
  const states = new Set(every("#sprint-filter input:checked").map((box) => box.value));
  for (const arrow of arrows) {
    const other = kind === "player" && arrow.dataset.player !== who;
    arrow.toggleAttribute("hidden", other || !states.has(arrow.dataset.state));
  }
  for (const pitch of pitches) {
    const his = kind === "player" && pitch.dataset.team !== one("sprint-who").selectedOptions[0].dataset.side;
    pitch.hidden = his || (kind === "team" && pitch.dataset.team !== who);
  }
  const shown = arrows.filter((a) => !a.hasAttribute("hidden") && !a.closest("[data-team]").hidden);
  one("sprints-shown").textContent = `${count(shown.length, arrows.length, "sprints")} shown.`;
}
one("sprint-filter").addEventListener("change", sift);
for (const form of every("form")) form.addEventListener("submit", (event) => event.preventDefault());

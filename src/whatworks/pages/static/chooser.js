// The list of interventions of a site of files: chooses among them by what a prepared file says of each. Without it the
// page lists all, and terms lead to lists of their own. Addresses are those of a server: ?country=BEL&theme=…
const form = document.getElementById("choose");
const listing = document.getElementById("listing");
const said = form.dataset;
const size = 20;

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text ?? "";
  if (className) made.className = className;
  return made;
}

function told(name, [text, language], className) {
  const made = element(name, text, className);
  if (language) made.lang = language;
  return made;
}

// Within a facet one value is enough; of each facet in which something is chosen there must be one.
function fits(thing, chosen, without) {
  const from = Number(chosen.get("started-from") || 0);
  const to = Number(chosen.get("started-to") || 0);
  if ((from || to) && (thing.year === null || thing.year < from || (to && thing.year > to))) return false;
  return facets.every((facet) => facet === without || held(thing, facet, chosen));
}

function values(thing, facet, chosen) {
  if (facet === "approach" && chosen.get("assigned") === "false") return thing.stated;
  return thing.in[facet] ?? [];
}

function held(thing, facet, chosen) {
  const wanted = chosen.getAll(facet);
  return !wanted.length || wanted.some((code) => values(thing, facet, chosen).includes(code));
}

function entry(thing) {
  const made = element("li", "", "entry");
  const title = element("h2");
  const link = told("a", thing.title);
  link.href = thing.href;
  title.append(link);
  const facts = element("p", "", "facts quiet");
  facts.append(...thing.facts.map((fact) => element("span", fact)));
  const tags = element("ul", "", "row tags");
  for (const [text, href, assigned] of thing.tags) {
    const tag = element("a", text, assigned ? "tag assigned" : "tag");
    tag.href = href;
    tags.appendChild(element("li")).append(tag);
  }
  const pick = element("label", "", "pick");
  const box = Object.assign(element("input"), { type: "checkbox", name: "key", value: thing.key });
  box.setAttribute("form", "compare");
  pick.append(box, ` ${said.compare}`);
  const tail = element("div", "", "tail");
  tail.append(tags, pick);
  const bare = thing.known.length ? thing.known.map((line) => element("p", line)) : [element("p", said.bare, "quiet")];
  made.append(title, facts, ...(thing.text ? [told("p", thing.text)] : bare), tail);
  return made;
}

function show(things, chosen, first) {
  const found = things.filter((thing) => fits(thing, chosen));
  const results = listing.querySelector(".results");
  results.querySelectorAll(".entries, .pages, .empty, .chips, .notice").forEach((old) => old.remove());
  const status = results.querySelector("[role=status]");
  status.replaceChildren(element("strong", found.length === 1 ? said.one : said.many.replace("2", found.length)));
  if ([...chosen.keys()].length) {
    const clear = element("a", said.clear);
    clear.href = location.pathname;
    status.append(" ", clear);
  }
  const list = element("ol", "", "entries");
  list.append(...found.slice(0, first).map(entry));
  results.querySelector(".head").after(found.length ? list : element("p", said.none, "empty"));
  if (found.length > first) {
    const more = Object.assign(element("button", `+${Math.min(size, found.length - first)}`, "secondary outline pages"), { type: "button" });
    more.addEventListener("click", () => show(things, chosen, first + size));
    list.after(more);
  }
  for (const box of form.querySelectorAll("input[type=checkbox]")) {
    const count = box.parentElement.querySelector(".count");
    if (!count) continue;
    const others = things.filter((thing) => fits(thing, chosen, box.name));
    count.textContent = others.filter((thing) => values(thing, box.name, chosen).includes(box.value)).length;
  }
}

function asked() {
  const chosen = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) chosen.append(name, value);
  return chosen;
}

const facets = [...new Set([...form.querySelectorAll("input[type=checkbox]")].map((box) => box.name))].filter((name) => name !== "assigned");

async function begin() {
  const answer = await fetch(said.list);
  if (!answer.ok) return;
  const things = await answer.json();
  const given = new URLSearchParams(location.search);
  for (const field of form.elements) {
    if (field.type === "checkbox") field.checked = given.getAll(field.name).includes(field.value);
    else if (field.name) field.value = given.get(field.name) ?? "";
    if (field.checked) for (let above = field.closest("details"); above; above = above.parentElement.closest("details")) above.open = true;
  }
  document.getElementById("terms").hidden = true;
  form.hidden = false;
  listing.classList.add("two");
  listing.querySelectorAll("[hidden]").forEach((part) => (part.hidden = false));
  const again = (event) => {
    event.preventDefault();
    const chosen = asked();
    history.replaceState(null, "", `${location.pathname}${chosen.size ? `?${chosen}` : ""}`);
    show(things, chosen, size);
  };
  form.addEventListener("change", again);
  form.addEventListener("submit", again);
  if (asked().size) show(things, asked(), size);
}

begin();

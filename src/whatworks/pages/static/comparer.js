// The comparison of a site of files: fetches what is prepared of each intervention that the address names (?key=…), and
// puts them side by side as the server's page does.
const box = document.getElementById("compared");
const said = box.dataset;
const keys = [...new Set(new URLSearchParams(location.search).getAll("key"))].filter((key) => key.trim()).slice(0, Number(said.most));

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

function linked([text, language, href]) {
  const made = told(href ? "a" : "bdi", [text, language]);
  if (href) made.href = href;
  return made;
}

async function fetched(key) {
  const answer = await fetch(`${said.from}${encodeURIComponent(key)}.json`).catch(() => null);
  if (answer?.ok) return { key, ...(await answer.json()) };
  box.before(element("p", `${said.unknown} ${key}`, "notice"));
  return null;
}

function head(thing, things) {
  const cell = Object.assign(element("th"), { scope: "col" });
  cell.append(linked([...thing.title, thing.href]));
  if (thing.text) cell.append(told("p", thing.text, "light"));
  const others = new URLSearchParams(things.filter((each) => each !== thing).map((each) => ["key", each.key]));
  const away = Object.assign(element("a", said.away), { href: `?${others}` });
  if (things.length > 1) cell.appendChild(element("p", "", "noprint light")).append(away);
  return cell;
}

function line(title, things) {
  const rows = things.map((thing) => thing.rows.find((row) => row.title === title));
  const sets = rows.map((row) => new Set((row?.values ?? []).map(([text]) => text)));
  const differs = new Set(sets.map((set) => [...set].sort().join("\n"))).size > 1;
  const made = element("tr", "", differs ? "different" : "");
  const name = Object.assign(element("th", title), { scope: "row" });
  if (differs) name.append(" ", element("span", said.differs, "differs"));
  made.append(name);
  for (const [place, row] of rows.entries()) {
    const cell = made.appendChild(element("td"));
    if (things.length > 1) cell.append(told("span", things[place].title, "of-whom"));
    if (row?.mark) cell.append(element("span", ...row.mark));
    const list = element("ul");
    for (const value of row?.values ?? []) {
      const shared = things.length > 1 && sets.every((set) => set.has(value[0]));
      const item = list.appendChild(element("li"));
      (shared ? item.appendChild(element("strong")) : item).append(linked(value));
      if (value[3]) item.append(" ", element("span", ...value[3]));
    }
    const texts = element("ul", "", "quiet");
    texts.append(...(row?.texts ?? []).map((text) => told("li", text)));
    if (list.childElementCount) cell.append(list);
    if (texts.childElementCount) cell.append(texts);
    if (!list.childElementCount && !texts.childElementCount) cell.append(element("span", said.none, "quiet"));
  }
  return made;
}

async function begin() {
  const things = (await Promise.all(keys.map(fetched))).filter(Boolean);
  if (!things.length) return;
  for (const thing of things) {
    const kept = Object.assign(element("input"), { type: "hidden", name: "key", value: thing.key });
    document.querySelector("main form")?.prepend(kept);
  }
  const table = element("table", "", "side-by-side");
  const top = table.createTHead().insertRow();
  top.append(element("td"), ...things.map((thing) => head(thing, things)));
  const titles = [...new Set(things.flatMap((thing) => thing.rows.map((row) => row.title)))];
  table.createTBody().append(...titles.map((title) => line(title, things)));
  box.replaceChildren(table);
}

begin();

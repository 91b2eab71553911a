// The search of a site of files: asks the index that pagefind made, and shows what it finds as the server's page does.
const home = new URL("../", import.meta.url);
const box = document.getElementById("found");
const field = document.querySelector("main input[name=q]");
const asked = (new URLSearchParams(location.search).get("q") ?? "").trim();
const most = 50;

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text ?? "";
  if (className) made.className = className;
  return made;
}

// An excerpt comes as text in which only signs of HTML are escaped, with <mark> around what was found.
const signs = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&#x27;": "'", "&amp;": "&" };

function marked(excerpt) {
  const made = element("p", "", "fragment");
  excerpt.split(/(<mark>|<\/mark>)/).reduce((inside, piece) => {
    if (piece === "<mark>") return true;
    if (piece === "</mark>") return false;
    const text = piece.replace(/&(?:lt|gt|quot|#39|#x27|amp);/g, (sign) => signs[sign]);
    made.append(inside ? element("mark", text) : text);
    return inside;
  }, false);
  return made;
}

async function find() {
  const pagefind = await import(new URL("pagefind/pagefind.js", home));
  await pagefind.options({ baseUrl: home.pathname, excerptLength: 30 });
  const { results } = await pagefind.search(asked);
  const shown = await Promise.all(results.slice(0, most).map((result) => result.data()));
  const list = element("ol", "", "entries");
  for (const each of shown) {
    const entry = element("li", "", "entry");
    const link = element("a", each.meta.title || each.url);
    link.href = each.url.replace(/\.html$/, "");
    const title = element("h2");
    title.append(link);
    entry.append(title, marked(each.excerpt));
    list.append(entry);
  }
  box.querySelector("[role=status]").textContent = box.dataset.found.replace("{n}", results.length);
  box.append(list);
}

if (asked) {
  field.value = asked;
  find().catch(() => {
    box.querySelector("[role=status]").textContent = box.dataset.fault;
  });
}

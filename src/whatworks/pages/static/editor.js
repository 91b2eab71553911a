// The page of SPARQL: an editor in the place of the plain field, and the answer below it. Without this script the
// form works as it stands. Nothing is asked of other hosts; what is completed lies in the page.
"use strict";
(() => {
  const field = document.getElementById("query");
  const given = JSON.parse(document.getElementById("known").textContent);
  const { EditorState, EditorView, keymap, tags: tag } = CodeMirror;
  const texts = given.texts;
  const label = document.querySelector("label[for=query]");

  const colours = CodeMirror.HighlightStyle.define([
    { tag: [tag.keyword, tag.definitionKeyword], color: "var(--code-word)", fontWeight: "600" },
    { tag: [tag.variableName, tag.local(tag.variableName)], color: "var(--code-variable)" },
    { tag: [tag.string, tag.number], color: "var(--code-text)" },
    { tag: tag.comment, color: "var(--quiet)", fontStyle: "italic" },
    { tag: [tag.atom, tag.standard(tag.variableName)], color: "var(--code-term)" },
    { tag: [tag.meta, tag.operator, tag.bracket], color: "var(--ink)" },
  ]);
  const theme = EditorView.theme({
    "&": { backgroundColor: "var(--pico-background-color)", color: "var(--ink)", fontSize: "0.93rem",
      border: "1px solid var(--pico-form-element-border-color)", borderRadius: "var(--pico-border-radius)" },
    "&.cm-focused": { outline: "2px solid var(--strong)", outlineOffset: "1px" },
    ".cm-scroller": { minHeight: "18rem", maxHeight: "70vh", lineHeight: "1.5",
      fontFamily: "var(--pico-font-family-monospace)" },
    ".cm-content": { caretColor: "var(--ink)" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    ".cm-gutters": { backgroundColor: "var(--wash)", color: "var(--quiet)", border: "0" },
    ".cm-tooltip": { backgroundColor: "var(--pico-background-color)", color: "var(--ink)",
      border: "1px solid var(--strong)", borderRadius: "var(--pico-border-radius)", maxWidth: "min(34rem, 90vw)" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.15rem 0.5rem" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
      backgroundColor: "var(--pico-primary-background)", color: "#fff" },
    ".cm-completionDetail": { fontFamily: "var(--pico-font-family)", fontStyle: "normal", opacity: "0.9" },
    "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--wash-2)", outline: "1px solid var(--strong)" },
  });

  const words = ("SELECT DISTINCT WHERE FILTER OPTIONAL UNION MINUS VALUES BIND GROUP ORDER BY HAVING LIMIT OFFSET " +
    "CONSTRUCT ASK DESCRIBE GRAPH PREFIX EXISTS NOT COUNT SUM AVG MIN MAX SAMPLE GROUP_CONCAT STR LANG DATATYPE BOUND " +
    "REGEX CONTAINS STRSTARTS STRENDS LCASE UCASE CONCAT COALESCE IF ASC DESC AS IN").split(" ")
    .map((word) => ({ label: word, type: "keyword", boost: -1 }));
  const terms = given.terms.map(([name, text, sort]) => ({ label: name, detail: text, type: sort }));

  function completed(context) {
    const before = context.matchBefore(/[?$]?[\w:.-]*/);
    if (!before || (before.from === before.to && !context.explicit)) return null;
    if (/^[?$]/.test(before.text)) {
      const names = new Set(context.state.doc.toString().match(/[?$]\w+/g) || []);
      names.delete(before.text);
      return { from: before.from, options: [...names].map((name) => ({ label: name, type: "variable" })), validFor: /^[?$]\w*$/ };
    }
    return { from: before.from, options: [...terms, ...words], validFor: /^[\w:.-]*$/ };
  }

  const host = document.createElement("div");
  host.className = "editor";
  // Within a shadow root the styles of the editor are style sheets that a script makes, which the policy allows.
  const root = host.attachShadow({ mode: "open" });
  field.after(host);
  const editor = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: shared() ?? field.value,
      extensions: [
        CodeMirror.lineNumbers(), CodeMirror.history(), CodeMirror.drawSelection(), CodeMirror.bracketMatching(),
        CodeMirror.closeBrackets(), EditorView.lineWrapping, theme, CodeMirror.syntaxHighlighting(colours),
        CodeMirror.StreamLanguage.define(CodeMirror.sparql),
        CodeMirror.autocompletion({ override: [completed], icons: false, maxRenderedOptions: 200 }),
        EditorState.phrases.of({ Completions: texts.completions }),
        EditorView.contentAttributes.of({ "aria-label": label.textContent, "aria-describedby": "keys" }),
        keymap.of([
          { key: "Mod-Enter", run: () => { ask(); return true; } },
          ...CodeMirror.closeBracketsKeymap, ...CodeMirror.completionKeymap, ...CodeMirror.historyKeymap,
          ...CodeMirror.defaultKeymap,
        ]),
      ],
    }),
  });
  field.hidden = true;
  field.required = false;
  label.addEventListener("click", (event) => { event.preventDefault(); editor.focus(); });
  field.form.addEventListener("submit", () => { field.value = editor.state.doc.toString(); });
  for (const each of document.querySelectorAll(".scripted")) each.hidden = false;
  document.getElementById("here").addEventListener("click", ask);

  function shared() {
    const found = new URLSearchParams(location.hash.slice(1)).get("query");
    return found === null ? null : found;
  }

  function made(name, text, parent) {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    if (parent) parent.append(element);
    return element;
  }

  async function ask() {
    const answer = document.getElementById("answer"), query = editor.state.doc.toString();
    const body = answer.querySelector(".body"), said = answer.querySelector("[role=status]");
    answer.hidden = false;
    said.textContent = texts.asking;
    body.replaceChildren();
    history.replaceState(null, "", "#" + new URLSearchParams({ query }));
    const began = performance.now();
    try {
      const sent = { method: "POST", body: new URLSearchParams({ query }),
        headers: { Accept: "application/sparql-results+json, text/turtle;q=0.9, application/problem+json;q=0.5" } };
      const found = await fetch(field.form.action, sent);
      const seconds = ((performance.now() - began) / 1000).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2 });
      const type = found.headers.get("Content-Type") || "";
      if (!found.ok) {
        const told = type.includes("json") ? await found.json() : { detail: String(found.status) };
        refused(told, said, body);
      } else if (type.includes("sparql-results+json")) {
        rows(await found.json(), seconds, said, body);
        noted(found.headers.get("X-Note"), body);
      } else {
        const text = await found.text();
        said.textContent = texts.seconds.replace("{n}", seconds);
        made("code", text.slice(0, 100000), made("pre", "", body)).parentElement.tabIndex = 0;
        noted(found.headers.get("X-Note"), body);
      }
    } catch {
      said.textContent = texts.lost;
    }
    answer.scrollIntoView({ block: "nearest" });
  }

  function noted(note, body) {
    if (note) { const line = made("p", note); line.className = "notice"; line.lang = "en"; body.prepend(line); }
  }

  function refused(told, said, body) {
    said.textContent = texts.refused;
    const line = made("p", [told.detail, told.hint].filter(Boolean).join(" "), body);
    line.className = "notice";
    line.lang = "en";
    const where = told.where;
    if (where && where.line && where.line <= editor.state.doc.lines) {
      const at = editor.state.doc.line(where.line);
      editor.dispatch({ selection: { anchor: Math.min(at.to, at.from + Math.max(0, (where.column || 1) - 1)) }, scrollIntoView: true });
      editor.focus();
    }
  }

  function short(iri) {
    for (const [prefix, namespace] of given.prefixes)
      if (iri.startsWith(namespace) && /^[\w.-]+$/.test(iri.slice(namespace.length))) return prefix + ":" + iri.slice(namespace.length);
    return iri;
  }

  function leads(iri) {
    if (iri.startsWith(given.base)) return "/" + iri.slice(given.base.length);
    if (iri.startsWith(given.model)) return "/" + iri.slice(given.model.length);
    return /^https?:\/\//.test(iri) ? iri : "";
  }

  function rows(found, seconds, said, body) {
    if (found.boolean !== undefined) {
      said.textContent = texts.seconds.replace("{n}", seconds);
      made("p", found.boolean ? texts.yes : texts.no, body).className = "lead";
      return;
    }
    const all = found.results.bindings, names = found.head.vars, most = 500;
    const count = all.length.toLocaleString(document.documentElement.lang);
    said.textContent = (all.length > most ? texts.first.replace("{most}", most) : texts.rows).replace("{rows}", count).replace("{n}", seconds);
    if (!all.length) return;
    const scroll = made("div", "", body);
    scroll.className = "scroll tall";
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "group");
    scroll.setAttribute("aria-label", texts.answer);
    const table = made("table", "", scroll);
    table.className = "striped";
    const head = made("tr", "", made("thead", "", table));
    for (const name of names) made("th", name, head).scope = "col";
    const lines = made("tbody", "", table);
    for (const row of all.slice(0, most)) {
      const line = made("tr", "", lines);
      for (const name of names) {
        const cell = made("td", "", line), term = row[name];
        if (!term) continue;
        if (term.type === "uri" && leads(term.value)) {
          const link = made("a", short(term.value), cell);
          link.href = leads(term.value);
          link.title = term.value;
        } else {
          const text = made("bdi", term.value, cell);
          if (term["xml:lang"]) text.lang = term["xml:lang"];
          if (/(integer|decimal|double)$/.test(term.datatype || "")) cell.className = "num";
        }
      }
    }
  }
})();

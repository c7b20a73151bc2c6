"use strict";
(() => {
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const one = (id) => document.getElementById(id);
  for (const item of all(".needs-js")) item.hidden = false;

  const said = one("said");
  const say = (text) => { said.textContent = text; };

  // --- copy: a value stands in its button as JSON, so that the page shows nothing invisible
  const fallback = (text) => {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  };
  const put = async (text, button) => {
    const label = button.firstChild;
    const before = label.data;
    let done = true;
    try { await navigator.clipboard.writeText(text); } catch { done = fallback(text); }
    button.focus();
    label.data = done ? "Copied" : "Not copied";
    say(done ? "Copied" : "The browser does not allow copying");
    setTimeout(() => { label.data = before; }, 1500);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy) put(JSON.parse(button.dataset.copy), button);
    if (button.matches(".copy-raw")) put(button.parentElement.querySelector("code").textContent, button);
  });

  // --- colours: as the system says, light, dark
  const theme = one("theme");
  const modes = ["system", "light", "dark"];
  const show = (mode) => {
    if (mode === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = mode;
    theme.textContent = `Colours: ${mode}`;
  };
  let mode = "system";
  theme.addEventListener("click", () => {
    mode = modes[(modes.indexOf(mode) + 1) % modes.length];
    show(mode);
  });
  one("print").addEventListener("click", () => window.print());

  // --- open what is asked for
  const reveal = () => {
    const target = location.hash.length > 1 && one(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.matches("article")) target.querySelector("details").open = true;
    for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    target.scrollIntoView();
    if (target.matches("article")) target.focus({ preventScroll: true });
  };
  window.addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const mark = event.target.closest("[data-go]");
    if (mark) location.hash = mark.dataset.go;
  });
  reveal();
  const articles = all("article.case");
  const set = (open) => articles.forEach((article) => { article.querySelector("details").open = open; });
  one("open-all")?.addEventListener("click", () => { set(true); say("All cases are open"); });
  one("close-all")?.addEventListener("click", () => { set(false); say("All cases are closed"); });

  // --- print: every case and all its evidence; raw events only where the reader opened them
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = all("details:not([open]):not(.raw)");
    for (const item of opened) item.open = true;
  });
  window.addEventListener("afterprint", () => { for (const item of opened) item.open = false; });

  // --- filter
  const form = one("filter");
  if (!form) return;
  const rows = new Map(all(".cases-list li").map((row) => [row.dataset.case, row]));
  const texts = articles.map((article) => article.textContent.toLowerCase());
  const apply = () => {
    const words = one("filter-text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const detection = one("filter-detection").value;
    const wanted = new Set(all("input[name=severity]:checked", form).map((box) => box.value));
    let count = 0;
    articles.forEach((article, number) => {
      const fits = wanted.has(article.dataset.severity)
        && (!detection || article.dataset.detection === detection)
        && words.every((word) => texts[number].includes(word));
      article.hidden = !fits;
      rows.get(article.dataset.case).hidden = !fits;
      count += fits ? 1 : 0;
    });
    one("none-shown").hidden = count > 0;
    one("shown").textContent = count === articles.length ? `${count} shown` : `${count} of ${articles.length} shown`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  apply();
})();

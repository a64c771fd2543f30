// Searches the catalogue of metrics in the page itself. Without this script the page shows every metric.
"use strict";

(function () {
  // A heading with all that follows it, until the next heading of its level or above.
  function below(heading) {
    const parts = [heading];
    const level = Number(heading.tagName[1]);
    let next = heading.nextElementSibling;
    while (next && !(/^H[1-6]$/.test(next.tagName) && Number(next.tagName[1]) <= level)) {
      parts.push(next);
      next = next.nextElementSibling;
    }
    return parts;
  }

  function show(parts, shown) {
    for (const part of parts) part.hidden = !shown;
  }

  function heading(element) {
    const copy = element.cloneNode(true);
    copy.querySelectorAll(".headerlink").forEach((link) => link.remove());
    return copy.textContent.trim();
  }

  function start() {
    const form = document.querySelector("form.catalogue-filter");
    if (!form || form.dataset.ready) return;
    form.dataset.ready = "yes";
    const words = form.querySelector("input");
    const chosen = form.querySelector("#catalogue-section");
    const status = form.querySelector("#catalogue-status");
    const count = form.querySelector("output");

    const sections = [];
    for (let next = form.nextElementSibling; next; next = next.nextElementSibling) {
      if (next.tagName === "H2") sections.push({ name: heading(next), parts: [], metrics: [] });
      const section = sections.at(-1);
      if (!section) continue;
      if (next.tagName === "H3") {
        const parts = below(next);
        const text = (next.id.replaceAll("_", " ") + " " + next.id + " " + parts.map((part) => part.textContent).join(" "));
        const mark = parts.map((part) => part.querySelector(".catalogue-status")).find(Boolean);
        section.metrics.push({ id: next.id, parts: parts, text: text.toLowerCase(), status: mark ? mark.textContent : "" });
      } else if (section.metrics.length === 0) {
        section.parts.push(next);
      }
    }
    for (const section of sections) chosen.add(new Option(section.name, section.name));
    const all = sections.flatMap((section) => section.metrics.map((metric) => metric.status));
    for (const each of [...new Set(all)].filter(Boolean).sort()) status.add(new Option(each, each));

    function search() {
      const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      let all = 0;
      for (const section of sections) {
        const open = chosen.value === "" || chosen.value === section.name;
        let some = false;
        for (const metric of section.metrics) {
          const fits = status.value === "" || status.value === metric.status;
          const shown = open && fits && wanted.every((word) => metric.text.includes(word));
          show(metric.parts, shown);
          some = some || shown;
          found += shown ? 1 : 0;
          all += 1;
        }
        show(section.parts, some);
      }
      count.textContent = `${found} of ${all} metrics`;
    }

    // A link to a metric shows it, whatever was searched for.
    function follow() {
      const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (!target || !target.hidden) return;
      form.reset();
      search();
      target.scrollIntoView();
    }

    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(search));
    words.addEventListener("input", search);
    words.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      words.value = "";
      search();
    });
    chosen.addEventListener("change", search);
    status.addEventListener("change", search);
    addEventListener("hashchange", follow);
    form.hidden = false;
    search();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();

/** What the page can do where scripts run: sort and filter its tables. */
export const script = `
"use strict";
(() => {
  const collator = new Intl.Collator("en", { numeric: true });
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort ?? cell.textContent.trim();
  };

  const makeSortable = (table) => {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const sort = (head, column) => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
      rows.sort(([a], [b]) => (descending ? collator.compare(b, a) : collator.compare(a, b)));
      body.append(...rows.map(([, row]) => row));
    };
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(head, column));
      head.append(button);
    });
  };

  const makeFilter = (table) => {
    const rows = [...table.tBodies[0].rows].map((row) => [row.textContent.toLowerCase(), row]);
    if (rows.length < 6) return;
    const label = document.createElement("label");
    const input = document.createElement("input");
    const found = document.createElement("output");
    input.type = "search";
    input.spellcheck = false;
    label.append("Filter ", input);
    const apply = () => {
      const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean);
      let shown = 0;
      for (const [text, row] of rows) {
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) shown++;
      }
      found.textContent = words.length === 0 ? "" : shown + " of " + rows.length + " rows";
    };
    input.addEventListener("input", apply);
    // A link to a row that is not shown shows all.
    window.addEventListener("hashchange", () => {
      const target = document.getElementById(location.hash.slice(1));
      if (!target?.closest("tr")?.hidden || !table.contains(target)) return;
      input.value = "";
      apply();
      target.scrollIntoView();
    });
    const bar = document.createElement("div");
    bar.className = "filter";
    bar.append(label, found);
    table.closest(".scroll").before(bar);
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    makeSortable(table);
    makeFilter(table);
  }
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  });
})();
`;

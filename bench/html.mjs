const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text for a page. @param {unknown} text @returns {string} */
export function escaped(text) {
  return String(text).replace(/[&<>"]/g, (character) => entities[character]);
}


const field = document.getElementById("search"), rows = [...document.querySelectorAll("#students tbody tr")];
field.closest("p").hidden = false;
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/);
  for (const row of rows) row.hidden = !words.every(word => row.cells[0].textContent.toLowerCase().includes(word));
  const found = document.getElementById("found"), shown = rows.filter(row => !row.hidden).length;
  found.textContent = found.dataset.text.replace("FOUND", shown).replace("ALL", rows.length);
});


const field = document.getElementById("search"), rows = [...document.querySelectorAll("#students tbody tr")];
field.closest("p").hidden = false;
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/);
  for (const row of rows) row.hidden = !words.every(word => row.cells[0].textContent.toLowerCase().includes(word));
  document.getElementById("found").textContent = `${rows.filter(row => !row.hidden).length} of ${rows.length} students`;
});

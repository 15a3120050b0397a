// Theme and language before the first paint, so that nothing flashes. A file of its own,
// because the page's policy allows no script inside it.
(() => {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem("nova.preferences") || "{}");
  } catch {
    // Storage is off, or holds something else.
  }
  const dark = kept.theme === "dark" || (kept.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.documentElement.dataset.density = kept.density === "compact" ? "compact" : "normal";
})();

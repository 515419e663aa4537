// Before the first paint, so that a page that is to be dark is never white. Not a module: those run too late.
try {
  const look = localStorage.getItem("plaudit:look");
  if (look === "light" || look === "dark") document.documentElement.dataset.look = look;
} catch {
  // Without storage the system decides.
}

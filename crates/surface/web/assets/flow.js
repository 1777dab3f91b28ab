// Comfort only: every page works without this file.
(() => {
  const form = document.querySelector("form[data-autosubmit]");
  if (form) form.submit();
  for (const button of document.querySelectorAll("[data-reveal]")) {
    const field = document.getElementById(button.dataset.reveal);
    if (!field) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      button.textContent = shown ? "Show password" : "Hide password";
    });
  }
  for (const content of document.querySelectorAll("[data-content-of]")) {
    document.getElementById(content.dataset.contentOf).addEventListener("change", (e) => {
      const reader = new FileReader();
      reader.onload = () => (content.value = reader.result);
      if (e.target.files[0]) reader.readAsDataURL(e.target.files[0]);
      else content.value = "";
    });
  }
  // A second press would answer a step that is already over.
  for (const each of document.forms)
    each.addEventListener("submit", () => setTimeout(() => each.querySelectorAll("button").forEach((b) => (b.disabled = true)), 0));
  addEventListener("pageshow", (e) => e.persisted && location.reload());
})();

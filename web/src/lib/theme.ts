// Light, dark, or as the system says. The style sheet knows both; an attribute on the root overrules the system.
export type Theme = "light" | "dark" | "system";

const KEPT = "tenantry.theme";

export function theme(): Theme {
  const kept = localStorage.getItem(KEPT);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function applyTheme(chosen: Theme = theme()): void {
  const root = document.documentElement;
  if (chosen === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = chosen;
}

export function changeTheme(chosen: Theme): void {
  localStorage.setItem(KEPT, chosen);
  applyTheme(chosen);
}

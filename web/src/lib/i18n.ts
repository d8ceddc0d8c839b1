// The words of every screen. A catalogue is a plain object; the English one is the type of all others, so a missing or
// misspelt text fails the type check. `t` is set before anything is drawn, and another language loads the page anew.
import { en, type Catalogue } from "./words/en";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT = "tenantry.language";

export let t: Catalogue = en;

/** The language of texts. */
export function language(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "de") return kept;
  return navigator.language.startsWith("de") ? "de" : "en";
}

/** The reader's own variant of the language, for dates and numbers. */
export function locale(): string {
  if (typeof navigator === "undefined" || typeof localStorage === "undefined") return "en";
  const chosen = language();
  return navigator.languages.find((tag) => tag.startsWith(chosen)) ?? chosen;
}

/** Loads the reader's catalogue; to be awaited before the first drawing. */
export async function loadLanguage(): Promise<void> {
  const chosen = language();
  document.documentElement.lang = chosen;
  if (chosen === "de") t = (await import("./words/de")).de;
}

export function changeLanguage(to: Language): void {
  localStorage.setItem(KEPT, to);
  location.reload();
}

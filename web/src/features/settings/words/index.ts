// The words of the settings; they come with the first of these screens.
import { language, t } from "~/lib/i18n";

import { en, type Words } from "./en";

export let w: Words = en;

/** To be awaited before anything of the settings is drawn. */
export async function loadWords(): Promise<void> {
  if (language() === "de") w = (await import("./de")).de;
  Object.assign(t.problem.codes, w.codes);
}

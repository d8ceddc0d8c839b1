// The words of analytics, which only its own screens load.
import { language } from "~/lib/i18n";

import { en, type Words } from "./words/en";

export const w: Words = language() === "de" ? (await import("./words/de")).de : en;

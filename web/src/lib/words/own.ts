import { language } from "~/lib/i18n";

/** The words of a part that is loaded on its own, in the reader's language. */
export const own = <T>(en: T, de: NoInfer<T>): T => (language() === "de" ? de : en);

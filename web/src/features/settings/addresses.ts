/** The addresses in a text, each once: divided by commas, semicolons, blanks or lines. */
export function addresses(text: string): string[] {
  const found = text.split(/[\s,;]+/).filter((part) => part !== "");
  return found.filter((address, index) => found.findIndex((other) => other.toLowerCase() === address.toLowerCase()) === index);
}

/** The domains in a text, without the `@` that some put before them. */
export const domains = (text: string): string[] => addresses(text).map((domain) => domain.replace(/^@/, "").toLowerCase());

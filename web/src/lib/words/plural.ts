type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** Makes texts that follow a number; `#` stands for it. */
export function plurals(language: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  const format = new Intl.NumberFormat(language);
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replace("#", format.format(count));
}

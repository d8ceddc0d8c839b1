import { t } from "~/lib/i18n";

export function Lost() {
  return <main className="grid min-h-dvh place-content-center"><Nothing /></main>;
}

/** The same inside a screen that is there. */
export function Nothing() {
  return (
    <div className="grid justify-items-center gap-2 p-4 text-center">
      <h1 className="text-xl font-semibold">{t.shell.lost}</h1>
      <p className="text-ink-2">{t.shell.lostHint}</p>
      <a className="text-accent underline" href="/">{t.shell.home}</a>
    </div>
  );
}

// The pages of the bare domain: sign-up, and finding one's organizations.
import "./style.css";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";

import { Find } from "~/features/bare/find";
import { SignUp } from "~/features/bare/sign-up";
import { loadLanguage, t } from "~/lib/i18n";
import { applyTheme } from "~/lib/theme";
import { Brand } from "~/ui/brand";
import { linkClass } from "~/features/session/doorway";

function Page() {
  const finds = location.pathname === "/find";
  return (
    <div className="mx-auto grid min-h-dvh max-w-5xl items-center gap-10 px-5 py-10 lg:grid-cols-[1.1fr_1fr]">
      <header>
        <div className="mb-8 flex items-center gap-2.5">
          <Brand className="size-9" />
          <span className="text-xl font-semibold tracking-tight">Tenantry</span>
        </div>
        <h1 className="text-[2rem] leading-[1.15] font-semibold sm:text-[2.75rem]">{t.bare.claim}</h1>
        <p className="mt-4 max-w-md text-lg text-ink-2 text-pretty">{t.bare.claimMore}</p>
        <ul className="mt-6 grid gap-2 text-ink-2">
          {t.bare.reasons.map((reason) => (
            <li key={reason} className="flex gap-2.5"><span aria-hidden className="mt-2 size-1.5 shrink-0 rounded-full bg-accent" />{reason}</li>
          ))}
        </ul>
      </header>
      <main className="rounded-2xl border border-line bg-surface p-6 shadow-float">
        <h2 className="mb-4 text-xl font-semibold">{finds ? t.bare.findTitle : t.bare.signUp}</h2>
        {finds ? <Find /> : <SignUp />}
        <p className="mt-5 border-t border-line pt-4 text-sm text-ink-2">
          {finds
            ? <a className={linkClass} href="/">{t.bare.signUpInstead}</a>
            : <a className={linkClass} href="/find">{t.bare.findInstead}</a>}
          {" · "}
          <a className={linkClass} href="/api/docs/">API</a>
        </p>
      </main>
    </div>
  );
}

async function start() {
  applyTheme();
  await loadLanguage();
  const root = document.getElementById("root");
  if (!root) throw new Error("the page has no root");
  createRoot(root).render(
    <QueryClientProvider client={new QueryClient()}>
      <Page />
    </QueryClientProvider>,
  );
}

void start();

// What stands around all screens of analytics: their names, and who may see them.
import { Link, Outlet } from "@tanstack/react-router";
import { useEffect, type ReactNode } from "react";

import { useMay } from "~/features/session/queries";
import { Empty } from "~/ui/notice";

import { w } from "./words";

const TAB = "inline-flex whitespace-nowrap min-h-8 items-center border-b-2 border-transparent px-1 text-ink-2 hover:text-ink aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink";

export function AnalyticsFrame() {
  const all = useMay("analytics:read");
  return (
    <div className="h-full overflow-y-auto px-4 py-6 md:px-8">
      <div className="mx-auto grid max-w-6xl grid-cols-[minmax(0,1fr)] gap-5">
        <nav aria-label={w.tabs} className="flex gap-4 overflow-x-auto border-b border-line">
          {all && <Link to="/analytics" activeOptions={{ exact: true, includeSearch: false }} className={TAB}>{w.overview}</Link>}
          {all && <Link to="/analytics/links" activeOptions={{ includeSearch: false }} className={TAB}>{w.links}</Link>}
          <Link to="/analytics/reports" activeOptions={{ includeSearch: false }} className={TAB}>{w.reports}</Link>
          <Link to="/analytics/people/$userId" params={{ userId: "me" }} activeOptions={{ includeSearch: false }} className={TAB}>{w.mine}</Link>
        </nav>
        <Outlet />
      </div>
    </div>
  );
}

/** Shows numbers of the organization to who may see them, and says plainly why others do not. */
export function ForReaders({ children }: { children: ReactNode }) {
  if (useMay("analytics:read")) return children;
  const own = <Link to="/analytics/people/$userId" params={{ userId: "me" }} className="font-medium text-accent underline">{w.mine}</Link>;
  return <Empty title={w.closed} action={own}>{w.closedHint}</Empty>;
}

export function Title({ children, beside }: { children: string; beside?: ReactNode }) {
  useEffect(() => {
    document.title = `${children} · Tenantry`;
  }, [children]);
  return <div className="flex flex-wrap items-center gap-x-4 gap-y-2"><h1 className="min-w-0 text-2xl font-semibold">{children}</h1>{beside}</div>;
}

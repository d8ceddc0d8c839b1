// Every screen and its address. What a screen shows stands in the address, so that it can be kept, shared and gone back to.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";

import { periodSearch } from "~/features/analytics/period";
import { flowSearch, linkSearch } from "~/features/analytics/search";
import { LANES, type LanesBy } from "~/features/board/lanes";
import { hasSession } from "~/lib/api/client";
import { Frame } from "~/features/shell/frame";
import { Lost, Nothing } from "~/features/shell/lost";
import { meQuery } from "~/features/session/queries";
import { auditSearch, invitationSearch, memberSearch, teamSearch, webhookSearch } from "~/features/settings/search";

import { cache } from "./cache";

const root = createRootRoute({ component: Outlet, notFoundComponent: Lost });

/** Only paths of this host: a link to the sign-in must not lead elsewhere. */
export function ownPath(next: unknown): string {
  if (typeof next !== "string" || !/^\/(?![/\\])/.test(next)) return "/";
  return next;
}

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search["next"] === "string" ? { next: ownPath(search["next"]) } : {},
}).lazy(() => import("~/features/session/login-route").then((module) => module.route));

const letters = () => import("~/features/session/letters");
const letter = (path: string, name: "ResetPassword" | "ConfirmRegistration" | "ConfirmEmail" | "VerifyEmail" | "AcceptInvitation") =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(letters, name) });

const frame = createRoute({
  getParentRoute: () => root,
  id: "frame",
  beforeLoad: async ({ location: to }) => {
    if (!hasSession()) {
      const hash = location.hash.slice(1);
      throw redirect({ to: "/login", search: to.href === "/" ? {} : { next: to.href.split("#")[0] ?? "/" }, ...(hash && { hash }) });
    }
    await cache.ensureQueryData(meQuery);
  },
  component: Frame,
});

const home = createRoute({
  getParentRoute: () => frame,
  path: "/",
  validateSearch: (search: Record<string, unknown>) => withTask(search),
  component: lazyRouteComponent(() => import("~/features/home/home"), "Home"),
});

const projects = createRoute({
  getParentRoute: () => frame,
  path: "/projects",
  component: lazyRouteComponent(() => import("~/features/project/list"), "ProjectList"),
});

export const VIEWS = ["board", "list", "table", "calendar"] as const;
export type ViewName = (typeof VIEWS)[number];

/** What a project shows: one filter, four ways to look at it. */
export type ProjectSearch = {
  view?: ViewName;
  board?: string;
  /** What the board's lanes are made by. */
  lanes?: LanesBy;
  /** In the language of `docs/WORK.md`, section Filters and orders. */
  filter?: string;
  /** `2026-03`, of the calendar. */
  month?: string;
  /** Key of the task in the panel. */
  task?: string;
};

const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);

/** A key as people write it, `APO-12`. */
function withTask(search: Record<string, unknown>): { task?: string } {
  const task = text(search["task"]);
  return task && /^[A-Za-z][A-Za-z0-9]*-\d+$/.test(task) ? { task } : {};
}

export function projectSearch(search: Record<string, unknown>): ProjectSearch {
  const view = VIEWS.find((view) => view === search["view"]);
  const board = text(search["board"]);
  const lanes = LANES.find((lanes) => lanes === search["lanes"]);
  const filter = text(search["filter"]);
  const month = text(search["month"]);
  return {
    ...(view && view !== "board" && { view }),
    ...(board && { board }),
    ...(lanes && { lanes }),
    ...(filter && { filter }),
    ...(month && /^\d{4}-\d{2}$/.test(month) && { month }),
    ...withTask(search),
  };
}

const project = createRoute({
  getParentRoute: () => frame,
  path: "/projects/$projectId",
  validateSearch: projectSearch,
  component: lazyRouteComponent(() => import("~/features/project/project"), "Project"),
});

const projectSettings = createRoute({
  getParentRoute: () => frame,
  path: "/projects/$projectId/settings",
  component: lazyRouteComponent(() => import("~/features/project/settings/settings"), "ProjectSettings"),
});

const search = createRoute({
  getParentRoute: () => frame,
  path: "/search",
  validateSearch: (given: Record<string, unknown>): { q?: string; task?: string } => {
    const q = text(given["q"]);
    return { ...(q && { q }), ...withTask(given) };
  },
  component: lazyRouteComponent(() => import("~/features/search/search"), "Search"),
});

const settings = createRoute({
  getParentRoute: () => frame,
  path: "/settings",
  beforeLoad: async () => (await import("~/features/settings/words")).loadWords(),
  component: lazyRouteComponent(() => import("~/features/settings/layout"), "Settings"),
  notFoundComponent: Nothing,
});

const below = () => settings;
const settingsScreens = [
  createRoute({ getParentRoute: below, path: "/", beforeLoad: () => redirect({ to: "/settings/profile", replace: true, throw: true }) }),
  createRoute({ getParentRoute: below, path: "/profile", component: lazyRouteComponent(() => import("~/features/settings/profile"), "Profile") }),
  createRoute({ getParentRoute: below, path: "/security", component: lazyRouteComponent(() => import("~/features/settings/security"), "Security") }),
  createRoute({ getParentRoute: below, path: "/sessions", component: lazyRouteComponent(() => import("~/features/settings/sessions"), "Sessions") }),
  createRoute({ getParentRoute: below, path: "/tokens", component: lazyRouteComponent(() => import("~/features/settings/tokens"), "Tokens") }),
  createRoute({ getParentRoute: below, path: "/members", validateSearch: memberSearch, component: lazyRouteComponent(() => import("~/features/settings/members"), "Members") }),
  createRoute({ getParentRoute: below, path: "/invitations", validateSearch: invitationSearch, component: lazyRouteComponent(() => import("~/features/settings/invitations"), "Invitations") }),
  createRoute({ getParentRoute: below, path: "/roles", component: lazyRouteComponent(() => import("~/features/settings/roles"), "Roles") }),
  createRoute({ getParentRoute: below, path: "/teams", validateSearch: teamSearch, component: lazyRouteComponent(() => import("~/features/settings/teams"), "Teams") }),
  createRoute({ getParentRoute: below, path: "/organization", component: lazyRouteComponent(() => import("~/features/settings/organization"), "Organization") }),
  createRoute({ getParentRoute: below, path: "/providers", component: lazyRouteComponent(() => import("~/features/settings/providers"), "Providers") }),
  createRoute({ getParentRoute: below, path: "/webhooks", validateSearch: webhookSearch, component: lazyRouteComponent(() => import("~/features/settings/webhooks"), "Webhooks") }),
  createRoute({ getParentRoute: below, path: "/audit", validateSearch: auditSearch, component: lazyRouteComponent(() => import("~/features/settings/audit"), "Audit") }),
] as const;

const projectNumbers = createRoute({
  getParentRoute: () => frame,
  path: "/projects/$projectId/analytics",
  validateSearch: (search: Record<string, unknown>) => ({ ...flowSearch(search), ...withTask(search) }),
  component: lazyRouteComponent(() => import("~/features/analytics/project"), "ProjectNumbers"),
});

const analytics = createRoute({
  getParentRoute: () => frame,
  path: "/analytics",
  component: lazyRouteComponent(() => import("~/features/analytics/frame"), "AnalyticsFrame"),
});

const numbers = [
  createRoute({
    getParentRoute: () => analytics,
    path: "/",
    validateSearch: (search: Record<string, unknown>) => ({ ...periodSearch(search), ...withTask(search) }),
    component: lazyRouteComponent(() => import("~/features/analytics/dashboard"), "Dashboard"),
  }),
  createRoute({
    getParentRoute: () => analytics,
    path: "/links",
    validateSearch: linkSearch,
    component: lazyRouteComponent(() => import("~/features/analytics/links"), "Links"),
  }),
  createRoute({
    getParentRoute: () => analytics,
    path: "/people/$userId",
    validateSearch: flowSearch,
    component: lazyRouteComponent(() => import("~/features/analytics/person"), "PersonNumbers"),
  }),
  createRoute({
    getParentRoute: () => analytics,
    path: "/teams/$teamId",
    validateSearch: periodSearch,
    component: lazyRouteComponent(() => import("~/features/analytics/team"), "Team"),
  }),
  createRoute({
    getParentRoute: () => analytics,
    path: "/reports",
    component: lazyRouteComponent(() => import("~/features/analytics/reports/list"), "Reports"),
  }),
  createRoute({
    getParentRoute: () => analytics,
    path: "/reports/$reportId",
    validateSearch: (search: Record<string, unknown>): { run?: string; task?: string } => {
      const run = text(search["run"]);
      return { ...(run && { run }), ...withTask(search) };
    },
    component: lazyRouteComponent(() => import("~/features/analytics/reports/report"), "Report"),
  }),
] as const;

const tree = root.addChildren([
  login,
  letter("/reset-password", "ResetPassword"),
  letter("/register/confirm", "ConfirmRegistration"),
  letter("/confirm-email", "ConfirmEmail"),
  letter("/verify-email", "VerifyEmail"),
  letter("/invitations/accept", "AcceptInvitation"),
  frame.addChildren([home, projects, project, projectNumbers, projectSettings, search, analytics.addChildren(numbers), settings.addChildren(settingsScreens)]),
]);

export const router = createRouter({ routeTree: tree, defaultPreload: "intent", scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register { router: typeof router }
}

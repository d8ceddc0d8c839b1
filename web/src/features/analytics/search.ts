// What addresses of analytics hold beside the period. The router loads this, so no screen stands here.
import { periodSearch, type PeriodSearch } from "./period";

export type FlowSearch = PeriodSearch & { measure?: "estimate_seconds" };
export type LinkSearch = PeriodSearch & { link?: string };

export const flowSearch = (search: Record<string, unknown>): FlowSearch => ({
  ...periodSearch(search), ...(search["measure"] === "estimate_seconds" && { measure: "estimate_seconds" as const }),
});

export function linkSearch(search: Record<string, unknown>): LinkSearch {
  const { link } = search;
  return { ...periodSearch(search), ...(typeof link === "string" && /^[\da-f-]{36}$/.test(link) && { link }) };
}
